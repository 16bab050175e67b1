"""The outbox while the broker is gone for longer than the producer waits."""

import asyncio
import json

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.kafka import EmbeddedKafka
from shared.messaging.backoff import Backoff
from shared.messaging.log import read_to_end
from shared.messaging.outbox import OutboxMessage, add
from shared.messaging.producing import Producer
from shared.messaging.relay import OutboxRelay
from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames
from tests.support.waiting import eventually, stays


def message(key: str, version: int) -> OutboxMessage:
    return OutboxMessage("vacancies", key, [], str(version).encode())


async def say(pool: asyncpg.Pool, *messages: OutboxMessage) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await add(connection, messages)


async def waiting(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM outbox"))


async def test_rows_wait_while_kafka_is_away_and_leave_in_order_when_it_is_back(
    mortal_kafka: EmbeddedKafka, names: TopicNames, outbox_dsn: str
) -> None:
    """Longer away than the producer's time-out, which leaves a gap in its sequence numbers."""
    bootstrap = mortal_kafka.bootstrap_servers
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    await admin.start()
    await admin.create_topics([NewTopic(names.topic("vacancies"), 2, 1)])
    await admin.close()
    async with (
        asyncpg.create_pool(outbox_dsn, min_size=1, max_size=4) as pool,
        Producer(bootstrap, request_timeout_ms=1000) as producer,
        OutboxRelay(pool, producer, names, backoff=Backoff(first_seconds=0.02, limit_seconds=0.1)).running(),
    ):
        await say(pool, *[message(f"k-{key}", 0) for key in range(10)])
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
        mortal_kafka.kill()
        for version in range(1, 20):
            await say(pool, *[message(f"k-{key}", version) for key in range(10)])
        await stays(lambda: waiting(pool), for_seconds=2.5, until=lambda count: count == 190)
        await asyncio.to_thread(mortal_kafka.restart)
        await eventually(lambda: waiting(pool), until=lambda count: count == 0, within_seconds=30)
    found: dict[str | None, list[int]] = {}
    async for records in read_to_end(bootstrap, names.topic("vacancies")):
        for record in records:
            found.setdefault(record.key, []).append(int(record.value or b"-1"))
    assert len(found) == 10
    assert all(list(dict.fromkeys(versions)) == list(range(20)) and versions[-1] == 19 for versions in found.values()), (
        json.dumps(found)
    )
