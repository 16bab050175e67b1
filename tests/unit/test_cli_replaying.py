"""A dead letter is replayed by the service that could not take it, or mended by the service that owns the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import orjson
import pytest

from deploy.cli.replaying import Outcome, Replayer
from deploy.cli.stack_state import ServiceAddress, StackState
from shared.messaging.deadletters import DeadLetter
from shared.messaging.records import Coordinates
from shared.messaging.security import Brokers
from shared.messaging.topics import TopicNames

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK = StackState(
    address="http://all",
    bootstrap_servers=Brokers("nowhere:1"),
    names=TopicNames("p-"),
    services={name: ServiceAddress(name, f"http://{name}") for name in ("intake", "matching-1", "matching-2", "notifications")},
    postgres_dsn=None,
)


def _letter(topic: str, group: str) -> DeadLetter:
    return DeadLetter(Coordinates(f"p-{topic}", 1, 7), f"p-{group}", "value-not-json", "ValueError", b"key-1")


async def _replayed(letter: DeadLetter, answers: Mapping[str, str]) -> tuple[Outcome, list[tuple[str, dict[str, object]]]]:
    """Replay against services that answer so; give what came of it, and what was asked of whom."""
    asked: list[tuple[str, dict[str, object]]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((f"{request.url.host}{request.url.path}", orjson.loads(request.content)))
        if request.url.path == "/operator/republish":
            return httpx2.Response(200, json={"topics": {}, "published": 1})
        word = "outcome" if request.url.host == "notifications" else "result"
        return httpx2.Response(200, json={word: answers[request.url.host]})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        return await Replayer(http, STACK).replay(letter), asked


async def test_a_need_is_replayed_by_the_worker_that_owns_its_partition() -> None:
    outcome, asked = await _replayed(_letter("need-profiles", "matching"), {"matching-1": "not_owner", "matching-2": "applied"})

    assert outcome == Outcome("applied")
    assert asked[0] == ("matching-1/matching/operator/replay", {"topic": "need-profiles", "partition": 1, "offset": 7})


async def test_a_vacancy_is_applied_only_when_every_worker_has_taken_it() -> None:
    outcome, _ = await _replayed(_letter("vacancies", "matching"), {"matching-1": "applied", "matching-2": "unreadable"})

    assert outcome == Outcome("superseded", republished=1)


@pytest.mark.parametrize("said", ["gone", "unreadable"])
async def test_what_cannot_be_read_again_is_published_again_by_its_owner(said: str) -> None:
    outcome, asked = await _replayed(_letter("vacancies", "notifications"), {"notifications": said})

    assert outcome == Outcome("superseded", republished=1)
    assert asked[-1] == ("intake/operator/republish", {"topic": "vacancies", "key": "key-1"})


async def test_a_match_is_mended_by_its_worker_and_asks_nothing_of_intake() -> None:
    outcome, asked = await _replayed(_letter("matches", "matching"), {"matching-1": "not_owner", "matching-2": "rewritten"})

    assert outcome == Outcome("superseded")
    assert not [where for where, _ in asked if where.startswith("intake")]


async def test_a_partners_submission_that_is_gone_is_nobodys_state() -> None:
    outcome, _ = await _replayed(_letter("submissions-demo", "intake"), {"intake": "gone"})

    assert outcome == Outcome("gone")
