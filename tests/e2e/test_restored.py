"""The whole road after intake's database came from a backup: an operator's two commands, and every reader ends right."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.messaging.topics import TopicNames
from tests.support.accounting import books_of, each_place_has_alerted_its_caseworker_once, matches_are_what_is_true
from tests.support.cases import Case
from tests.support.road import PATIENCE, Road, new_surroundings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.backends import Kafka, Postgres


@pytest.fixture
async def road(kafka: Kafka, postgres: Postgres, topics_file: Path, tmp_path: Path) -> AsyncIterator[Road]:
    """A road of its own: what is done to it here would be felt by every other test."""
    names = TopicNames(prefix=f"restored{uuid4().hex[:6]}-")
    async with (
        new_surroundings(kafka.bootstrap_servers, postgres.dsn, topics_file, names) as around,
        Road(around, tmp_path) as whole,
    ):
        yield whole


@asynccontextmanager
async def intake_stopped(road: Road, postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """Have intake's database to oneself, as an administrator, and start intake again afterwards."""
    assert await road.intake.stop(60) == 0
    administrator = await asyncpg.connect(postgres.dsn)
    try:
        yield administrator
    finally:
        await administrator.close()
    await road.intake.start(ready_within_seconds=None)


async def test_after_a_restore_by_the_command_line_nothing_is_lost_and_nobody_is_alerted_twice(
    road: Road, postgres: Postgres
) -> None:
    database = urlsplit(road.around.intake_dsn).path.removeprefix("/")
    owner = urlsplit(road.around.intake_dsn).username
    case = Case(road, 1)
    await case.begin()
    first, gone = await case.post_need(), await case.post_need()
    closed, kept = await case.post_vacancy(), await case.post_vacancy()
    await road.is_quiet()
    async with intake_stopped(road, postgres) as administrator:
        await administrator.execute(f'CREATE DATABASE "{database}-backup" TEMPLATE "{database}" OWNER "{owner}"')
    await road.is_quiet()
    await road.intake.client.post(f"/vacancies/{closed}/withdraw")
    await road.intake.client.delete(f"/needs/{gone}")
    later, new = await case.post_vacancy(places_free=2), await case.post_need()
    await road.is_quiet()
    before = await books_of(road)
    async with intake_stopped(road, postgres) as administrator:
        await administrator.execute(f'DROP DATABASE "{database}"')
        await administrator.execute(f'ALTER DATABASE "{database}-backup" RENAME TO "{database}"')

    looked = await eventually(
        lambda: road.command("restored", "--dry-run"), until=lambda ended: ended.code == 0, within_seconds=PATIENCE
    )
    assert looked.document["held"].startswith("the log holds what this database does not know")
    assert looked.document["new"]["vacancies"] == 1
    restored = await road.command("restored")

    assert restored.code == 0, restored.err
    assert restored.document["epoch"] == 2
    await road.is_quiet()
    after = await books_of(road)
    assert after.last == before.last
    assert after.alerts == before.alerts
    assert after.mails == before.mails
    # The market goes on: what is said now is above all that readers have.
    await road.intake.client.patch(f"/vacancies/{later}", json={"places_free": 1})
    await road.intake.client.post(f"/vacancies/{kept}/withdraw")
    await road.intake.client.delete(f"/needs/{first}")
    await case.post_vacancy()
    await road.is_quiet()
    books = await books_of(road)
    assert books.positions["vacancies"][later][-1] == (2, 2)
    assert matches_are_what_is_true(books) == 2, "one need, and the two places that are open"
    each_place_has_alerted_its_caseworker_once(books)
    assert books.last["matches"][new] is not None
    assert (await road.command("restored")).code == 1, "there is nothing to restore any more"
