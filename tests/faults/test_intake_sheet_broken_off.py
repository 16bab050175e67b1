"""Intake is killed in the middle of a sheet, again and again: the same file sent again goes on, and every row stands on the log once."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx2
import orjson
import pytest

from shared.messaging.log import read_to_end
from shared.messaging.security import environment_of
from tests.support.intake import OFFER
from tests.support.processes import ServiceProcess
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

_ROWS = 8000
_CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_sheet_that_kills_interrupt_is_taken_whole_and_each_row_once(  # noqa: PLR0917 - fixtures
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str, tmp_path: Path, seed: int
) -> None:
    assert topics.topics
    randomness = random.Random(seed)
    rows = "".join(f"bed-{number};skovly;Plads {number};SEL-103;1\n" for number in range(_ROWS))
    sheet = f"Reference;Tilbuds-id;Titel;Paragraffer;Ledige pladser\n{rows}".encode()
    environment = {
        **environment_of(kafka.bootstrap_servers),
        "LEDIGPLADS_TOPIC_PREFIX": names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
        "LEDIGPLADS_INTAKE_POSTGRES_DSN": intake_dsn,
    }
    done_before: list[int] = []
    async with ServiceProcess("services.intake", environment, log=tmp_path / "intake.log") as intake:
        (await intake.client.put("/offers/skovly", json=OFFER)).raise_for_status()
        for _ in range(3):
            told = await _until_killed(intake, sheet, after_rows=randomness.randrange(1, 2000))
            done_before.append(told["rows_done_before"])
            await intake.start()
        answer = await intake.client.post("/sheets/vacancies?upload=one-upload", content=sheet, headers=_CSV, timeout=60)
        lines = [orjson.loads(line) for line in answer.content.splitlines()]

        done_before.append(lines[0]["rows_done_before"])
        assert done_before == sorted(done_before)
        assert 0 < done_before[-1] < _ROWS
        assert lines[-1]["summary"] | {"created": _ROWS, "changed": 0, "unchanged": 0, "complete": True} == lines[-1]["summary"]

        async def versions() -> Counter[str]:
            batches = read_to_end(kafka.bootstrap_servers, names.topic("vacancies"))
            return Counter([(dict(one.headers).get("ce_id") or b"").decode() async for batch in batches for one in batch])

        published = await eventually(versions, until=lambda found: len(found) >= _ROWS, within_seconds=60)
        assert len(published) == _ROWS
        assert {ce_id.rpartition("/")[2] for ce_id in published} == {"1"}
        assert set(published.values()) == {1}


async def _until_killed(intake: ServiceProcess, sheet: bytes, *, after_rows: int) -> dict[str, Any]:
    """Send the sheet and kill intake as soon as so many rows are told; gives the first line of the report."""
    first: dict[str, Any] = {}
    told = 0
    with suppress(httpx2.HTTPError):
        async with intake.client.stream(
            "POST", "/sheets/vacancies?upload=one-upload", content=sheet, headers=_CSV, timeout=60
        ) as answer:
            async for line in answer.aiter_lines():
                first = first or orjson.loads(line)
                told += '"row":' in line
                if told == after_rows:
                    intake.kill()
    assert told >= after_rows
    return first
