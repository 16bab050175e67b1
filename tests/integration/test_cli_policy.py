"""`ledigplads policy replay` on a real Kafka, and on the same log as kcat writes it into a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.cli import main
from deploy.cli.exits import OK
from shared.messaging.log import end_offsets
from shared.messaging.producing import Producer
from tests.support.cli import point_at
from tests.support.kcat import find_kcat, login_of
from tests.support.matching import POLICIES, Chance, dated_policy
from tests.support.matching_log import MatchingLog
from tests.support.node import run_program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

OLD, NEW = POLICIES / "2026-11-01.yaml", POLICIES / "2026-11-25.yaml"
TOPICS = ("settings", "vacancies", "need-profiles")


@pytest.fixture
async def log(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MatchingLog]:
    """A market under the first policy, and an environment that says where it is."""
    point_at(monkeypatch, kafka.bootstrap_servers, names, topics_file)
    async with Producer(kafka.bootstrap_servers) as producer:
        log = MatchingLog(kafka.bootstrap_servers, names, topics, producer)
        chance = Chance(21)
        await log.settings(dated_policy("2026-11-01"))
        await log.needs(*(chance.need(f"need-{number}") for number in range(80)))
        await log.vacancies(*(chance.vacancy(f"vacancy-{number}") for number in range(40)))
        await log.needs(chance.need("need-0", version=2))
        await log.state("need-profiles", "need-1", None, (1, 2))
        await log.state("vacancies", "vacancy-0", None, (1, 2))
        yield log


async def replayed(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """What the command says, called as the program would, in a thread: it has a loop of its own."""
    capsys.readouterr()
    code = await asyncio.to_thread(main.run, ["policy", "replay", *(str(word) for word in words), "--json"])
    out, err = capsys.readouterr()
    assert code == OK, err
    told: dict[str, Any] = orjson.loads(out)
    return told


async def recorded(log: MatchingLog, folder: Path) -> Path:
    """Let kcat write the topics into a file."""
    kcat = find_kcat()
    lines = ""
    for topic in TOPICS:
        arguments = (
            "-b",
            log.bootstrap,
            *login_of(log.bootstrap),
            "-C",
            "-J",
            "-q",
            "-e",
            "-o",
            "beginning",
            "-t",
            log.names.topic(topic),
        )
        code, out, err = await run_program(str(kcat.program), *arguments, LD_LIBRARY_PATH=kcat.libraries)
        assert code == 0, err
        lines += out
    file = folder / "log.jsonl"
    await asyncio.to_thread(file.write_text, lines, encoding="utf-8")
    return file


async def test_a_policy_is_tried_on_the_log_as_it_stands_and_the_log_is_as_before(
    log: MatchingLog, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ends() -> list[dict[int, int]]:
        return [await end_offsets(log.bootstrap, log.names.topic(topic)) for topic in (*TOPICS, "matches")]

    before = await ends()
    told = await replayed(capsys, NEW)
    assert (told["old"]["version"], told["new"]["version"]) == ("2026-11-01.1", "2026-11-25.1")
    assert (told["needs"], told["vacancies"], told["unreadable"]) == (79, 39, 0)
    total = told["total"]
    assert total["needs"] == 79
    assert total["matches_before"] + total["gained"] - total["lost"] == total["matches_after"]
    # The full policy has rules that the first has not, so matches go by them.
    assert {"registered", "cannot_take"} & told["lost_by"].keys()
    assert await ends() == before
    back = await replayed(capsys, OLD, "--old", NEW)
    assert (back["total"]["gained"], back["total"]["lost"]) == (total["lost"], total["gained"])
    assert back["gained_by"] == told["lost_by"]


async def test_the_log_in_a_file_as_kcat_writes_it_says_the_same(
    log: MatchingLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await recorded(log, tmp_path)
    assert await replayed(capsys, NEW, "--log", file) == await replayed(capsys, NEW)
