"""Kill -9 of every part while the market moves; when all is quiet again, the books are right. Nobody steps in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, get_args
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from shared.messaging.topics import TopicNames
from tests.support.accounting import (
    books_of,
    each_place_has_alerted_its_caseworker_once,
    every_accepted_change_stands_on_the_log,
    matches_are_what_is_true,
    no_alert_is_in_two_mails,
)
from tests.support.consumer_groups import delete_group
from tests.support.market import market
from tests.support.road import Road, new_surroundings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.processes import ServiceProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

Part = Literal["intake", "matching", "notifications", "kafka", "postgres"]

_EVENTS_PER_SECOND = 50.0
_SECONDS = 6.0
_BEFORE_THE_KILL = 100
_QUIET_WITHIN_SECONDS = 300


class Stage:
    """The servers and the road on them, all of it mortal."""

    def __init__(self, kafka: EmbeddedKafka, postgres: EmbeddedPostgres, road: Road, folder: Path) -> None:
        self.kafka = kafka
        self.postgres = postgres
        self.road = road
        self.ledger = folder / "accepted.jsonl"

    async def kill_and_start_again(self, part: Part) -> None:
        """Kill -9 a part, and start it again as the launcher would."""
        match part:
            case "kafka":
                await asyncio.to_thread(self.kafka.kill)
                await asyncio.to_thread(self.kafka.restart)
            case "postgres":
                await asyncio.to_thread(self.postgres.kill)
                await asyncio.to_thread(self.postgres.restart)
            case "intake" | "notifications":
                await _again(self.road.services[part])
            case "matching":
                await _again(self.road.matching[0])


async def _again(service: ServiceProcess) -> None:
    service.kill()
    await service.start(ready_within_seconds=None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(topics_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("road")
    names = TopicNames(prefix=f"faults{uuid4().hex[:6]}-")
    async with (
        EmbeddedKafka(folder / "kafka") as kafka,
        EmbeddedPostgres(folder / "postgres") as postgres,
        new_surroundings(kafka.bootstrap_servers, postgres.dsn, topics_file, names) as around,
        Road(around, folder, workers=2) as road,
    ):
        yield Stage(kafka, postgres, road, folder)


@pytest.mark.parametrize("part", get_args(Part))
async def test_after_kill_9_of(part: Part, stage: Stage) -> None:
    async with market(stage.road, part, stage.ledger, events_per_second=_EVENTS_PER_SECOND, seconds=_SECONDS) as drive:
        driving = asyncio.create_task(drive.run())
        try:
            await eventually(lambda: drive.tally.accepted > _BEFORE_THE_KILL or driving.done(), within_seconds=120)
            assert not driving.done(), "the kill must fall into the middle of the run"
            await stage.kill_and_start_again(part)
            tally = await driving
        finally:
            driving.cancel()
    assert (tally.refused, tally.unanswered) == (0, 0), tally
    await _the_books_are_right(stage)


async def _the_books_are_right(stage: Stage) -> None:
    await stage.road.is_quiet(_QUIET_WITHIN_SECONDS)
    books = await books_of(stage.road)
    accepted = every_accepted_change_stands_on_the_log(books, stage.ledger)
    pairs = matches_are_what_is_true(books)
    each_place_has_alerted_its_caseworker_once(books)
    mails = no_alert_is_in_two_mails(books)
    # Books of an empty market are always right.
    assert accepted > _BEFORE_THE_KILL
    assert pairs > 0
    assert mails > 0
    print(f"{accepted} accepted, {pairs} pairs, {len(books.alerts)} alerts, {mails} mails")  # noqa: T201 - figures of the run


async def test_dropping_the_group_of_notifications_and_reading_all_again_pushes_nothing(stage: Stage) -> None:
    road = stage.road
    before = await books_of(road)
    assert before.alerts, "the tests before this one have alerted"
    assert await road.notifications.stop(60) == 0
    await delete_group(road.around.bootstrap_servers, road.around.names.group("notifications"))
    await road.notifications.start(ready_within_seconds=60)
    await road.is_quiet(_QUIET_WITHIN_SECONDS)
    after = await books_of(road)
    assert after.alerts == before.alerts
    assert after.mails == before.mails
