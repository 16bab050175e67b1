"""`ledigplads assign` on a real log: it reads what intake would have published, and asks and changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.cli import main
from deploy.cli.exits import OK, REFUSED
from shared.messaging.log import end_offsets
from shared.messaging.producing import Producer
from tests.support.cli import point_at
from tests.support.matching import full_policy, need, vacancy
from tests.support.matching_log import MatchingLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

READ = ("settings", "vacancies", "need-profiles", "matches")


@pytest.fixture
async def log(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MatchingLog]:
    point_at(monkeypatch, kafka.bootstrap_servers, names, topics_file)
    async with Producer(kafka.bootstrap_servers) as producer:
        yield MatchingLog(kafka.bootstrap_servers, names, topics, producer)


async def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command as the program would, in a thread: it has a loop of its own."""
    capsys.readouterr()
    code = await asyncio.to_thread(main.run, list(words))
    return code, *capsys.readouterr()


async def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, out, err = await run(capsys, *words, "--json")
    assert code == OK, err
    found: dict[str, Any] = orjson.loads(out)
    return found


async def test_it_proposes_from_the_log_as_it_stands_and_writes_nothing(
    log: MatchingLog, capsys: pytest.CaptureFixture[str]
) -> None:
    await log.settings(full_policy())
    await log.needs(
        need("need-a"),
        need("need-b", urgency="soon"),
        need("need-c", urgency="acute"),
        need("need-away", handlekommune="0101"),
        need("need-closed"),
        need("need-erased"),
    )
    await log.needs(need("need-closed", version=2, status="closed"))
    await log.state("need-profiles", "need-erased", None, (1, 2))
    await log.vacancies(
        vacancy("house", places_free=2), vacancy("gone"), vacancy("broken"), vacancy("other", sections=("SEL-107",))
    )
    await log.vacancies(vacancy("gone", version=2, status="closed"))
    # An older version that comes late is none, and a record that cannot be read leaves a place as not open.
    await log.state("vacancies", "gone", vacancy("gone"), (1, 1))
    await log.raw("vacancies", "broken", b"{garbage")
    before = [await end_offsets(log.bootstrap, log.names.topic(topic)) for topic in READ]

    told = await document(capsys, "assign", "Aarhus")
    assert [one["need_id"] for one in told["needs"]] == ["need-c", "need-b", "need-a"]
    assert [(one["vacancy_id"], one["candidates"], one["scarce"]) for one in told["places"]] == [("house", 3, True)]
    assert [one["recommended"]["vacancy_id"] for one in told["needs"]] == ["house", "house", None]
    assert [one["need_id"] for one in told["needs"][2]["outcompeted_by"]] == ["need-c", "need-b"]
    assert told["unreadable"] == 1
    assert (await document(capsys, "assign", "0101"))["needs"][0]["need_id"] == "need-away"
    assert (await document(capsys, "assign", "Aarhus", "--section", "SEL-107"))["needs"] == []
    assert (await document(capsys, "assign", "Aarhus", "--at", "2026-12-24"))["day"] == "2026-12-24"

    once, again = [await run(capsys, "assign", "Aarhus") for _ in range(2)]
    assert once == again
    assert once[1].startswith("Et forslag, ingen afgørelse")
    assert [await end_offsets(log.bootstrap, log.names.topic(topic)) for topic in READ] == before


async def test_before_there_is_a_policy_it_says_so(log: MatchingLog, capsys: pytest.CaptureFixture[str]) -> None:
    await log.needs(need("need-a"))
    code, out, err = await run(capsys, "assign", "Aarhus")
    assert (code, out) == (REFUSED, "")
    assert "policy" in err
