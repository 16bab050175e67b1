"""kcat for tests: the one of the machine, else Debian's package unpacked beside the project, which needs no root."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import confluent_kafka
import pytest

from deploy.embedded.home import home_folder
from shared.messaging.security import security_of

_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Kcat:
    """Where the program lies, and what its environment needs."""

    program: Path
    libraries: str = ""


def find_kcat() -> Kcat:
    """Find or fetch it; where neither goes, the test fails with what to do."""
    if found := os.environ.get("KCAT") or shutil.which("kcat") or shutil.which("kafkacat"):
        return Kcat(Path(found), _librdkafka())
    return _unpacked(home_folder() / "tools" / "kcat")


def login_of(bootstrap: str) -> list[str]:
    """Give the arguments by which kcat logs in there."""
    security = security_of(bootstrap)
    said = {
        "security.protocol": security.protocol,
        "sasl.mechanism": security.mechanism,
        "sasl.username": security.username,
        "sasl.password": security.password,
    }
    return [word for name, value in said.items() if security.logs_in for word in ("-X", f"{name}={value}")]


def _librdkafka() -> str:
    """Give the folder of a librdkafka that can log in: before 2.6.1 it could not by SCRAM, to a Kafka that compares nonces (CVE-2024-56128).

    Debian 12 has 2.0.2. The wheel of confluent-kafka carries a newer one, under a name of its own.
    """
    [library] = Path(confluent_kafka.__file__).parent.with_name("confluent_kafka.libs").glob("librdkafka-*.so.1")
    folder = home_folder() / "tools" / "librdkafka"
    folder.mkdir(parents=True, exist_ok=True)
    link, made = folder / "librdkafka.so.1", folder / f"made-by-{os.getpid()}"
    made.symlink_to(library)
    made.replace(link)
    return f"{folder}:{library.parent}"


def _unpacked(folder: Path) -> Kcat:
    if not (folder / "usr" / "bin" / "kcat").is_file():
        _fetch(folder)
    return Kcat(
        folder / "usr" / "bin" / "kcat", f"{_librdkafka()}:{folder}/usr/lib/{platform.machine()}-linux-gnu:{folder}/usr/lib"
    )


def _fetch(folder: Path) -> None:
    """Let apt work on lists and a cache of our own, as whoever we are; only what the machine lacks is fetched."""
    if shutil.which("apt-get") is None:
        pytest.fail("There is no kcat on this machine: install it (brew install kcat) or name it in KCAT.", pytrace=False)
    made = folder.with_name(f"kcat-{os.getpid()}")
    made.mkdir(parents=True)
    try:
        _apt(made, "update")
        _apt(made, "install", "--download-only", "--no-install-recommends", "--yes", "kcat")
        for package in sorted((made / "cache" / "archives").glob("*.deb")):
            _run("dpkg-deb", "--extract", str(package), str(made / "root"))
        shutil.rmtree(folder, ignore_errors=True)
        (made / "root").rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _apt(folder: Path, *arguments: str) -> None:
    for needed in ("lists/partial", "cache/archives/partial"):
        (folder / needed).mkdir(parents=True, exist_ok=True)
    own = {
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "root",  # as whoever we are, since nobody else may write here
    }
    _run("apt-get", "-qq", *(f"-o{name}={value}" for name, value in own.items()), *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    if done.returncode:
        pytest.fail(
            f"There is no kcat on this machine, and {command[0]} could not fetch it: install it (apt-get install kcat) or name it "
            f"in KCAT. {done.stderr.strip()[-300:]}",
            pytrace=False,
        )
