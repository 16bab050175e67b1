"""Schemathesis over the OpenAPI document, against intake as it runs in earnest: whatever is sent, the document is true."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.http.examples import CITIZEN, CLEARING, NEED, OFFER, PATCH, RULED_OUT, SMALLEST_NEED, VACANCY
from shared.identity import Role
from shared.messaging.security import environment_of
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.citizens import Keys
from tests.support.identity import token_for
from tests.support.processes import REPOSITORY, ServiceProcess

_WITHIN_SECONDS = 400
"""Much more than it takes on quiet cores, so that it is never the load that fails."""
_EXAMPLES_PER_OPERATION = "4"


@pytest.fixture
def environment(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str, *, keys: Keys
) -> dict[str, str]:
    assert topics.topics
    return {
        **environment_of(kafka.bootstrap_servers),
        "LEDIGPLADS_TOPIC_PREFIX": names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
        "LEDIGPLADS_INTAKE_POSTGRES_DSN": intake_dsn,
        "LEDIGPLADS_INTAKE_SEARCH_PER_MINUTE": "1000000",
        **keys.environment,
    }


@pytest.fixture
async def intake(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    async with ServiceProcess("services.intake", environment, log=tmp_path / "intake.log") as running:
        await _examples_are_accepted(running)
        yield running


async def _examples_are_accepted(intake: ServiceProcess) -> None:
    """Send every example once, as somebody does who reads the document; schemathesis then finds something to work on."""
    client = intake.client
    (await client.put("/offers/skovly", json=OFFER)).raise_for_status()
    vacancy = (await client.post("/vacancies", json=VACANCY)).raise_for_status().json()
    for patch in (PATCH, CLEARING):
        (await client.patch(f"/vacancies/{vacancy['vacancy_id']}", json=patch)).raise_for_status()
    (await client.post("/needs", json=SMALLEST_NEED)).raise_for_status()
    need = (await client.post("/needs", json=NEED)).raise_for_status().json()
    (await client.post(f"/needs/{need['need_id']}/rule-out", json=RULED_OUT)).raise_for_status()
    (await client.put(f"/needs/{need['need_id']}/citizen", json=CITIZEN)).raise_for_status()


def _token() -> str:
    """Whoever may do most of it: what belongs to others is refused, which is in the document."""
    return token_for(Role.OFFER_STAFF, Role.CASEWORKER, municipality=NEED["handlekommune"], offers=["skovly"])


async def test_schemathesis_finds_nothing(intake: ServiceProcess, tmp_path: Path) -> None:
    """Examples, coverage of each parameter and field, and fuzzing, positive and negative, under every check that there is."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(REPOSITORY / "tests/contract/schemathesis.toml")),
        *("run", f"{intake.url}/openapi.json", "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", _EXAMPLES_PER_OPERATION, "--seed", "1", "--continue-on-failure"),
        *("--suppress-health-check", "all", "--no-color", "--warnings", "off"),
        *("--header", f"Authorization: Bearer {_token()}"),
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": str(REPOSITORY / "tests/contract/schemathesis_hooks.py"),
        "PYTHONPATH": str(REPOSITORY),
    }
    said = tmp_path / "schemathesis.txt"
    with said.open("w") as output:
        process = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=output,
            timeout=_WITHIN_SECONDS,
            check=False,
        )
    assert process.returncode == 0, said.read_text()[-20_000:]
    assert not [line for line in intake.log_lines() if line.get("level") in {"error", "critical"} and "exception" in line]
