#!/bin/sh
# Make .venv from uv.lock with a Python of this machine; uv comes from the package index when it is not there.
# Called by the Makefile from the checkout's root: bootstrap.sh FOLDER-FOR-TOOLS
set -eu
tools=$1

say() { printf '%s\n' "$*" >&2; }

# The first that is new enough: a python3 that is too old does not hide a python3.12 beside it.
python=
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14 python; do
    [ -n "$candidate" ] || continue
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if found=$("$path" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null); then
        python=$found
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer is missing: install it (on Debian: apt-get install python3 python3-venv), or name one: PYTHON=/path/to/python3 make up"
    exit 1
fi

uv=
if path=$(command -v uv 2>/dev/null) && "$path" --version >/dev/null 2>&1; then
    uv=$path
elif [ -x "$tools/bin/uv" ] && "$tools/bin/uv" --version >/dev/null 2>&1; then
    uv=$tools/bin/uv
else
    mkdir -p "$(dirname "$tools")"
    rm -rf "$tools"
    if ! "$python" -m venv "$tools" >/dev/null 2>&1; then
        rm -rf "$tools"
        say "Python's venv module is missing: install it (on Debian: apt-get install python3-venv), then again"
        exit 1
    fi
    say "fetching uv"
    if ! "$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.9' >&2; then
        rm -rf "$tools"
        say "uv could not be fetched: connect to the network or name your package index (PIP_INDEX_URL), then again"
        exit 1
    fi
    uv=$tools/bin/uv
fi

if ! "$uv" sync --frozen --python "$python" >&2; then
    say "The packages of uv.lock could not be installed: connect to the network or name your package index (UV_DEFAULT_INDEX), or see the reason above, then again"
    exit 1
fi
