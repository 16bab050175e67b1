"""A service that was away for long reads its topics again, and erases what does not show: against a real Kafka and PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port
from services.notifications.domain.absence import has_reached, was_away_too_long
from services.notifications.rereading import GroupPosition
from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka, Postgres
from tests.support.databases import cloned
from tests.support.notifications import Caseworker, Log, World, match, place, vacancy
from tests.support.waiting import eventually, stays

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
async def world(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, notifications_dsn: str
) -> AsyncIterator[World]:
    """Two vacancies and two needs are held; then the service stops, and of each only the first survives on the topics."""
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        made = World(kafka.bootstrap_servers, names, topics_file, notifications_dsn, free_port(), Log(producer, names))
        await write_both(made, "1", "2")
        async with made.service() as service:
            await service.alerted(2)
            await service.has_caught_up(made)
            assert await held(service) == (2, 2)
        await made.delete_all_records()
        await write_both(made, "1")
        yield made


async def write_both(world: World, *numbers: str) -> None:
    for number in numbers:
        await world.log.vacancy(vacancy(f"vac-{number}"))
        await world.log.match(match(place(f"vac-{number}"), need_id=f"need-{number}"), version=1)


async def held(service: Caseworker) -> tuple[int, int]:
    """How many open vacancies and how many places on lists."""
    counts = await service.counts()
    return counts["vacancies"], counts["matches"]


async def test_who_was_away_for_more_than_three_days_erases_what_a_full_reading_does_not_show(world: World) -> None:
    async with world.service(days_later=4) as service:
        await eventually(lambda: held(service), until=lambda now: now == (1, 1))
        assert len(await service.alerts()) == 1, "of the need that is gone nothing stays, and nothing is said again of the other"
        ready = (await service.service.client.get("/readyz")).json()
        assert ready["checks"]["reading"] == {"ok": True, "detail": "fresh"}
    async with world.service(days_later=5) as service:
        await service.has_caught_up(world)
        assert await held(service) == (1, 1)


async def test_who_was_away_for_less_goes_on_where_it_stopped(world: World) -> None:
    async with world.service(days_later=2) as service:
        await service.has_caught_up(world)
        await stays(lambda: held(service), for_seconds=1.5, until=lambda now: now == (2, 2))


async def test_a_new_database_reads_all_although_the_group_has_read_it_before(
    world: World, postgres: Postgres, notifications_template: str
) -> None:
    async with cloned(postgres.dsn, notifications_template) as dsn:
        other = World(world.bootstrap_servers, world.names, world.topics_file, dsn, world.smtp_port, world.log)
        async with other.service() as service:
            await eventually(lambda: held(service), until=lambda now: now == (1, 1))


async def test_a_group_with_members_is_not_rewound(world: World) -> None:
    position = GroupPosition(world.bootstrap_servers, world.names, "notifications")
    async with world.service() as service:
        await service.has_caught_up(world)
        assert not await position.rewind("matches")
    assert await position.rewind("matches")
    assert not has_reached(await position.ends("matches"), await position.committed("matches"))


def test_three_days_are_not_too_long_and_more_is() -> None:
    assert not was_away_too_long(NOON, NOON + timedelta(days=3))
    assert was_away_too_long(NOON, NOON + timedelta(days=3, seconds=1))


def test_a_reading_has_reached_its_end_when_every_partition_has() -> None:
    assert has_reached([3, 0], {0: 3})
    assert not has_reached([3, 1], {0: 9})
