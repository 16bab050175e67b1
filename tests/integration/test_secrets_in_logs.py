"""No secret gets into a log: not when all goes well at the most talkative level, and not when it goes wrong."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
PLANTED = "plantet-hemmelighed-4711"
UP_WITHIN_SECONDS = 400


def ledigplads(home: Path, *words: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDIGPLADS_")}
    done = subprocess.run(
        [Path(sys.executable).with_name("ledigplads"), *words],
        cwd=REPOSITORY,
        env=own | {"LEDIGPLADS_HOME": str(home), "LEDIGPLADS_LOG_LEVEL": "debug"},
        capture_output=True,
        text=True,
        timeout=UP_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def secrets_in(content: Any) -> Iterator[str]:
    """Whatever in a file of secrets is long enough to be one."""
    match content:
        case str() if len(content) >= 16 and not content.isdecimal():
            yield content
        case dict():
            for one in content.values():
                yield from secrets_in(one)
        case _:
            return


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack that was brought up, used and stopped; with what its commands said."""
    folder = tmp_path_factory.mktemp("stack")
    said = ledigplads(folder, "up", "--detach", "--no-sample")
    try:
        said += ledigplads(folder, "status")
    finally:
        said += ledigplads(folder, "down")
    (folder / "said.log").write_text(said, encoding="utf-8")
    return folder


def test_a_stack_that_talks_as_much_as_it_can_writes_no_secret_into_a_log(home: Path) -> None:
    files = [home / "secrets.json", home / "kafka" / "superuser.json", home / "master-keys.json"]
    known = {one for file in files for one in secrets_in(json.loads(file.read_text(encoding="utf-8")))}
    assert len(known) > 10
    logs = [file for file in home.rglob("*.log") if file.is_file()]
    assert {"intake.log", "notifications.log", "matching-1.log", "server.log", "said.log"} <= {file.name for file in logs}
    told = {file.name: [secret[:4] for secret in known if secret in file.read_text("utf-8", "replace")] for file in logs}
    assert not {name: found for name, found in told.items() if found}


def test_whatever_holds_a_secret_is_for_its_owner_alone(home: Path) -> None:
    known = {one.encode() for one in secrets_in(json.loads((home / "secrets.json").read_text(encoding="utf-8")))}
    known |= {one.encode() for one in secrets_in(json.loads((home / "kafka" / "superuser.json").read_text(encoding="utf-8")))}
    ours = [file for file in home.rglob("*") if file.suffix in {".json", ".properties", ".env", ".conf"} and file.is_file()]
    open_ones = [
        str(file.relative_to(home))
        for file in ours
        if stat.S_IMODE(file.stat().st_mode) & 0o077 and any(secret in file.read_bytes() for secret in known)
    ]
    assert open_ones == []


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ("matching", {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_USERNAME": "u", "KAFKA_PASSWORD": PLANTED}),
        ("matching", {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT", "KAFKA_USERNAME": "u", "KAFKA_PASSWORD": PLANTED}),
        ("matching", {"KAFKA_PASSWORD": PLANTED, "KAFKA_SASL_MECHANISM": PLANTED}),
        ("intake", {"INTAKE_POSTGRES_DSN": f"postgresql://u:{PLANTED}@127.0.0.1:1/d"}),
        ("intake", {"INTAKE_POSTGRES_DSN": f"no dsn at all {PLANTED}"}),
    ],
)
async def test_a_service_that_cannot_start_says_why_without_the_secret(
    tmp_path: Path, service: str, wrong: dict[str, str]
) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "LOG_LEVEL": "debug"} | wrong
    log = tmp_path / "service.log"
    process = ServiceProcess(f"services.{service}", {f"LEDIGPLADS_{name}": value for name, value in environment.items()}, log=log)
    with pytest.raises(AssertionError):
        async with process:
            pass
    written = log.read_text(encoding="utf-8")
    assert written
    assert PLANTED not in written
