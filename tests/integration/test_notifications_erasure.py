"""What notifications forgets when a need is erased, and keeps when it is only closed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.ports import free_port
from shared.contracts.match import ERASED_TYPE
from shared.messaging.envelope import state_envelope
from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames
from tests.support.backends import Kafka
from tests.support.databases import everything_in
from tests.support.notifications import Log, World, match, place, vacancy
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")


@pytest.fixture
async def world(kafka: Kafka, names: TopicNames, topics_file: Path, notifications_dsn: str) -> AsyncIterator[World]:
    async with Producer(kafka.bootstrap_servers) as producer:
        yield World(kafka.bootstrap_servers, names, topics_file, notifications_dsn, free_port(), Log(producer, names))


async def erased(world: World, need_id: str, version: int) -> None:
    """Write the tombstone that matching answers an erasure with."""
    envelope = state_envelope(
        entity="match", subject=need_id, position=(1, version), time=datetime.now(UTC), source="test", correlationid="corr"
    )
    headers = replace(envelope, type=ERASED_TYPE).to_headers()
    await world.log.producer.publish(world.names.topic("matches"), key=need_id, value=None, headers=headers, partition=0)


async def test_an_erased_need_leaves_nothing_and_a_closed_one_keeps_its_alerts(world: World, notifications_dsn: str) -> None:
    await world.log.vacancy(vacancy())
    for need_id in ("need-erased", "need-closed"):
        await world.log.match(match(place(), need_id=need_id), version=1)
    await world.log.match(match(place("vac-unknown"), need_id="need-waiting"), version=1)
    async with world.service() as service:
        await service.alerted(2)
        await service.has_caught_up(world)
        await erased(world, "need-erased", 2)
        await erased(world, "need-waiting", 2)
        world.log.versions["need-closed"] = 1
        await world.log.no_match("need-closed")
        await service.has_caught_up(world)
        assert [alert["need_id"] for alert in await service.alerts()] == ["need-closed"]
        told = await everything_in(notifications_dsn)
        assert "need-erased" not in told
        assert "need-waiting" not in told
        # A record from before, read a second time, does not come back.
        await world.log.match(match(place(), need_id="need-erased"), version=1)
        await service.has_caught_up(world)
        assert [alert["need_id"] for alert in await service.alerts()] == ["need-closed"]

        async def rewritten() -> bool:
            return "need-erased" not in await everything_in(notifications_dsn) and await all_rewritten(notifications_dsn)

        await eventually(rewritten, within_seconds=15)


async def all_rewritten(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT bool_and(rewritten) FROM erased_needs"))
    finally:
        await connection.close()
