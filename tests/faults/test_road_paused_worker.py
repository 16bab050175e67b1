"""A matching worker that was paused beyond its session wakes up with a market in its head that is no more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.contracts.match import CLAIM_KEY
from shared.messaging.envelope import Envelope
from shared.messaging.topics import TopicNames
from tests.support.accounting import books_of, each_place_has_alerted_its_caseworker_once, matches_are_what_is_true
from tests.support.cases import Case
from tests.support.road import Road, new_surroundings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.backends import Kafka, Postgres
    from tests.support.processes import ServiceProcess

_NEEDS = 12
_WITHIN_SECONDS = 120.0


@pytest.fixture
async def road(kafka: Kafka, postgres: Postgres, topics_file: Path, tmp_path: Path) -> AsyncIterator[Road]:
    names = TopicNames(prefix=f"paused{uuid4().hex[:6]}-")
    async with (
        new_surroundings(kafka.bootstrap_servers, postgres.dsn, topics_file, names) as around,
        Road(around, tmp_path, workers=2) as whole,
    ):
        yield whole


async def owned(worker: ServiceProcess) -> list[int]:
    answer = await worker.client.get("/matching/operator/counts")
    partitions: list[int] = answer.raise_for_status().json()["partitions"]
    return partitions


async def test_a_worker_paused_beyond_its_session_while_its_needs_change_leaves_the_topic_right_and_alerts_nobody_wrongly(
    road: Road,
) -> None:
    cases = [Case(road, number) for number in range(_NEEDS)]
    for case in cases:
        await case.begin()
    needs = {case.person: await case.post_need() for case in cases}
    await road.is_quiet(_WITHIN_SECONDS)
    first, second = road.matching

    # Whichever needs the first worker owns: all change while it does not look, and every third is erased.
    first.pause()
    for number, case in enumerate(cases):
        need_id = needs[case.person]
        if number % 3 == 0:
            (await road.intake.client.delete(f"/needs/{need_id}")).raise_for_status()
        else:
            changed = case.need(sections=[{"section": "SEL-103"}])
            (await road.intake.client.put(f"/needs/{need_id}", json=changed)).raise_for_status()
    await eventually(lambda: owned(second), until=lambda parts: parts == [0, 1], within_seconds=_WITHIN_SECONDS)
    # These fit what the needs were, which only the first worker still believes.
    for case in cases:
        await case.post_vacancy()
    first.go_on()
    await road.is_quiet(_WITHIN_SECONDS)
    for case in cases[1::3]:
        await case.post_vacancy(sections=["SEL-103"], title_da="Passer til det nye behov")
    await road.is_quiet(_WITHIN_SECONDS)

    books = await books_of(road)
    assert matches_are_what_is_true(books) == len(cases[1::3])
    each_place_has_alerted_its_caseworker_once(books)
    assert {alert["recipient"] for alert in books.alerts} == {case.person for case in cases[1::3]}
    assert len(books.alerts) == len(cases[1::3])
    print(f"records by a worker that had lost the partition: {await stale_records(road)}")  # noqa: T201 - a figure of the run


async def stale_records(road: Road) -> int:
    """Count records behind a claim whose epoch is below it."""
    claimed: dict[int, int] = {}
    stale = 0
    for record in await road.records("matches"):
        epoch, number = Envelope.from_headers(record.headers).epoch, record.at.partition
        if record.key == CLAIM_KEY:
            claimed[number] = max(claimed.get(number, 0), epoch)
        elif epoch < claimed.get(number, 0):
            stale += 1
    return stale
