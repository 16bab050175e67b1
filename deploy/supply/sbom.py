"""The software bill of materials: every wheel of uv.lock and every jar of jars.lock.toml, as CycloneDX on stdout.

python -m deploy.supply.sbom > sbom.cdx.json
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from deploy.embedded.jars import locked_jars

_CHECKOUT: Final = Path(__file__).resolve().parents[2]
_WITHIN_SECONDS: Final = 60


class NoSbomError(Exception):
    """The list cannot be made; the message is one sentence with the remedy."""


def bill_of_materials(checkout: Path = _CHECKOUT) -> dict[str, Any]:
    """Make the list, of what runs and of what only builds and tests.

    Raises:
        NoSbomError: uv is not there, or too old.
    """
    bill = _wheels(checkout)
    bill["components"] += jars()
    return bill


def jars() -> list[dict[str, Any]]:
    """Give Kafka's jars as CycloneDX names them, each with the hash that it is checked against."""
    found = []
    for jar in locked_jars():
        purl = f"pkg:maven/{jar.group}/{jar.artifact}@{jar.version}"
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "group": jar.group,
                "name": jar.artifact,
                "version": jar.version,
                "purl": purl,
                "hashes": [{"alg": "SHA-256", "content": jar.sha256}],
            }
        )
    return found


def _wheels(checkout: Path) -> dict[str, Any]:
    command = [_uv(checkout), "export", "--frozen", "--quiet", "--format", "cyclonedx1.5", "--preview-features", "sbom-export"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=_WITHIN_SECONDS, check=False)
    if done.returncode:
        raise NoSbomError(f"uv cannot list what uv.lock has: take uv 0.10 or newer. It said: {done.stderr.strip()[-300:]}")
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def _uv(checkout: Path) -> str:
    own = checkout / ".ledigplads" / "tools" / "bin" / "uv"
    found = str(own) if own.is_file() else shutil.which("uv", path=os.environ.get("PATH"))
    if found is None:
        raise NoSbomError("uv is not here: make setup fetches it.")
    return found


def main() -> int:
    """Write it on stdout; the exit code."""
    try:
        sys.stdout.write(json.dumps(bill_of_materials(), indent=2) + "\n")
    except NoSbomError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
