"""Two matching workers on the same road: together they say what one would say, and what is true."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deploy.simulate.generator import Generator
from deploy.simulate.ways_in import Intake
from tests.support.accounting import books_of, each_place_has_alerted_its_caseworker_once, matches_are_what_is_true
from tests.support.road import PATIENCE
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from deploy.simulate.ways_in import Answer
    from tests.support.processes import ServiceProcess
    from tests.support.road import Road

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def owned(worker: ServiceProcess) -> list[int]:
    answer = await worker.client.get("/matching/operator/counts")
    partitions: list[int] = answer.raise_for_status().json()["partitions"]
    return partitions


async def said(road: Road) -> dict[str, bytes | None]:
    """The last record of each need but for the worker's name, which differs."""
    books = await books_of(road)
    return {key: body and body.rpartition(b',"worker":')[0] for key, body in books.last["matches"].items()}


async def all_is_true(road: Road, posted: list[Answer]) -> None:
    """Wait until what was posted is on the log, the lists are those of the slow reference, and each place has alerted."""

    async def look() -> int:
        books = await books_of(road)
        for row in posted:
            assert books.positions["vacancies"].get(row["vacancy_id"], [])[-1:] == [(1, row["version"])]
        each_place_has_alerted_its_caseworker_once(books)
        return matches_are_what_is_true(books)

    await eventually(look, within_seconds=PATIENCE)


async def test_two_workers_say_what_one_said_and_what_is_true(road: Road) -> None:
    market = Generator(11, "e2e", datetime.now(UTC).date(), 12)
    intake = Intake(road.intake.client, road.intake.url)
    for number in range(12):
        offer = market.offer(number)
        await intake.put_offer(offer.offer_id, offer.draft)
    await intake.post_needs([market.need(number, 0) for number in range(80)])
    posted = await intake.post_vacancies([market.vacancy(number, 0) for number in range(60)])
    await all_is_true(road, posted)
    by_one = await said(road)

    [first] = road.matching
    second = road.matching_worker(2)
    async with second:

        async def divided() -> list[list[int]]:
            return sorted(await asyncio.gather(owned(first), owned(second)))

        await eventually(divided, until=lambda parts: parts == [[0], [1]], within_seconds=PATIENCE)
        assert await said(road) == by_one, "that the needs are divided anew changes no answer"
        await all_is_true(road, await intake.post_vacancies([market.vacancy(number, 1) for number in range(30)]))
    await eventually(lambda: owned(first), until=lambda parts: parts == [0, 1], within_seconds=PATIENCE)
