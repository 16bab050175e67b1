"""The outbox and its relay, against the real database and broker."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.messaging.backoff import Backoff
from shared.messaging.log import read_to_end
from shared.messaging.outbox import MAX_RECORD_BYTES, SHARDS, MessageTooLarge, OutboxMessage, add, shard_of
from shared.messaging.producing import Producer
from shared.messaging.records import RawRecord
from shared.messaging.relay import OutboxRelay
from shared.messaging.security import client_options, settings_of
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.waiting import eventually, stays

REPOSITORY = Path(__file__).parents[2]
QUICK = Backoff(first_seconds=0.02, limit_seconds=0.1)


@pytest.fixture
async def pool(outbox_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(outbox_dsn, min_size=1, max_size=8) as made:
        yield made


@pytest.fixture
async def producer(kafka: Kafka) -> AsyncIterator[Producer]:
    async with Producer(kafka.bootstrap_servers, request_timeout_ms=2000) as made:
        yield made


def message(key: str | None, version: int, *, topic: str = "vacancies", partition: int | None = None) -> OutboxMessage:
    return OutboxMessage(topic, key, [("ce_id", f"{key}/1/{version}".encode())], str(version).encode(), partition)


async def say(pool: asyncpg.Pool, *messages: OutboxMessage) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await add(connection, messages)


async def waiting(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM outbox"))


async def published(bootstrap: str, topic: str) -> list[RawRecord]:
    return [record async for records in read_to_end(bootstrap, topic) for record in records]


def versions_by_key(records: Sequence[RawRecord]) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = {}
    for record in records:
        found.setdefault(record.key, []).append(int(record.value or b"-1"))
    return found


async def sent_but_not_deleted(
    pool: asyncpg.Pool, producer: Producer, names: TopicNames, messages: Sequence[OutboxMessage]
) -> None:
    """Leave things as a relay does that is killed between the acknowledgement and the delete."""
    await say(pool, *messages)
    for one in messages:
        await producer.publish(names.topic(one.topic), key=one.key, value=one.value, headers=one.headers, partition=one.partition)


async def test_what_a_transaction_says_is_published_after_its_commit_and_the_row_is_gone(
    kafka: Kafka, names: TopicNames, topics: Topics, pool: asyncpg.Pool, producer: Producer
) -> None:
    topic = names.topic("vacancies")
    relay = OutboxRelay(pool, producer, names)
    async with relay.running():
        async with pool.acquire() as connection, connection.transaction():
            await add(connection, [message("v-1", 1), OutboxMessage("vacancies", "v-2", [("ce_id", b"x")], None, partition=1)])
            await stays(lambda: not relay.check().detail.count("shard"), for_seconds=0.1)
            assert await published(kafka.bootstrap_servers, topic) == []
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
        assert relay.check().ok
    one, two = sorted(await published(kafka.bootstrap_servers, topic), key=lambda record: record.key or "")
    assert (one.key, one.value, one.headers) == ("v-1", b"1", (("ce_id", b"v-1/1/1"),))
    assert (two.key, two.value, two.at.partition) == ("v-2", None, 1)
    assert topics.named("vacancies").partitions == 2


@pytest.mark.usefixtures("topics")
async def test_a_transaction_that_is_rolled_back_says_nothing(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    async with OutboxRelay(pool, producer, names).running():
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await add(connection, [message("v-1", 1)])
            await transaction.rollback()
        await say(pool, message("v-2", 1))
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    assert [record.key for record in await published(kafka.bootstrap_servers, names.topic("vacancies"))] == ["v-2"]


@pytest.mark.usefixtures("topics")
async def test_a_relay_that_was_stopped_can_run_again(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    relay = OutboxRelay(pool, producer, names)
    for version in (1, 2):
        async with relay.running():
            await say(pool, message("v-1", version))
            await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    assert versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies"))) == {"v-1": [1, 2]}


async def test_a_record_that_is_too_large_is_refused_before_the_commit(pool: asyncpg.Pool) -> None:
    with pytest.raises(MessageTooLarge, match="1000000"):
        await say(pool, message("v-1", 1), OutboxMessage("vacancies", "v-1", [], b"x" * MAX_RECORD_BYTES))
    assert await waiting(pool) == 0


@pytest.mark.usefixtures("topics")
async def test_commit_to_log_takes_milliseconds_because_the_relay_wakes_on_commit(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    """The safety poll is an hour away, so only the notification can be what woke it."""
    topic = names.topic("vacancies")
    async with (
        OutboxRelay(pool, producer, names, safety_poll_seconds=3600).running(),
        AIOKafkaConsumer(topic, **client_options(kafka.bootstrap_servers), auto_offset_reset="earliest") as consumer,
    ):
        await say(pool, message("warm", 0))
        await asyncio.wait_for(consumer.getone(), 10)
        took: list[float] = []
        for number in range(30):
            await say(pool, message(f"v-{number}", 1))
            committed = time.perf_counter()
            await asyncio.wait_for(consumer.getone(), 5)
            took.append(time.perf_counter() - committed)
    assert sorted(took)[15] < 0.1


@pytest.mark.usefixtures("topics")
async def test_two_relays_and_a_killed_one_keep_the_order_of_every_key(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    writers, keys, each = 4, 40, 50
    async with AsyncExitStack() as stack:
        killed = asyncio.create_task(OutboxRelay(pool, producer, names, batch=20, safety_poll_seconds=0.1).run())
        await stack.enter_async_context(OutboxRelay(pool, producer, names, batch=20, safety_poll_seconds=0.1).running())

        async def write(writer: int) -> None:
            for version in range(each):
                await say(pool, *[message(f"k-{key}", version) for key in range(writer, keys, writers)])

        async with asyncio.TaskGroup() as tasks:
            for writer in range(writers):
                tasks.create_task(write(writer))
            await eventually(lambda: waiting(pool), until=lambda count: count > 0)
            killed.cancel()
        await asyncio.wait([killed])
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    found = versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies")))
    assert len(found) == keys
    assert all(versions == list(range(each)) for versions in found.values())


@pytest.mark.usefixtures("topics")
async def test_two_relays_publish_nothing_twice(kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer) -> None:
    async with (
        Producer(kafka.bootstrap_servers) as another,
        OutboxRelay(pool, producer, names, safety_poll_seconds=0.1).running(),
        OutboxRelay(pool, another, names, safety_poll_seconds=0.1).running(),
    ):
        for version in range(20):
            await say(pool, *[message(f"k-{key}", version) for key in range(20)])
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    found = versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies")))
    assert [found[f"k-{key}"] for key in range(20)] == [list(range(20))] * 20


@pytest.mark.usefixtures("topics")
async def test_a_relay_killed_by_kill_9_loses_nothing_and_another_takes_over(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer, outbox_dsn: str
) -> None:
    program = f"""
import asyncio, asyncpg
from shared.messaging.producing import Producer
from shared.messaging.relay import OutboxRelay
from shared.messaging.security import brokers_of
from shared.messaging.topics import TopicNames
async def main():
    brokers = brokers_of({settings_of(kafka.bootstrap_servers)!r})
    async with asyncpg.create_pool({outbox_dsn!r}, min_size=1, max_size=2) as pool, Producer(brokers) as producer:
        await OutboxRelay(pool, producer, TopicNames({names.prefix!r}), batch=10).run()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=REPOSITORY)
    try:
        for version in range(30):
            await say(pool, *[message(f"k-{key}", version) for key in range(20)])
            if version == 5:
                await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    finally:
        process.kill()
        await process.wait()
    async with OutboxRelay(pool, producer, names, safety_poll_seconds=0.1).running():
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    found = versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies")))
    assert len(found) == 20
    assert all(versions == list(range(30)) for versions in found.values())


@pytest.mark.usefixtures("topics")
async def test_what_stands_on_the_log_when_a_shard_is_taken_over_is_not_sent_again(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    sent = [message(f"k-{key}", version) for version in range(5) for key in range(20)]
    await sent_but_not_deleted(pool, producer, names, [*sent, OutboxMessage("vacancies", "gone", [("ce_id", b"gone/1/1")], None)])
    await say(pool, *[message(f"k-{key}", 5) for key in range(20)], message("late", 0))
    async with OutboxRelay(pool, producer, names).running():
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    found = versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies")))
    assert found.pop("gone") == [-1]
    assert found.pop("late") == [0]
    assert [found[f"k-{key}"] for key in range(20)] == [list(range(6))] * 20


@pytest.mark.usefixtures("topics")
async def test_many_lost_deletes_are_found_on_the_log_batch_after_batch(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    """As after a crash of a database that had not yet written the last deletes to its disk."""
    keys = [f"k-{number}" for number in range(400)]
    await sent_but_not_deleted(pool, producer, names, [message(key, 0) for key in keys])
    await say(pool, *[message(key, 1) for key in keys])
    async with OutboxRelay(pool, producer, names, batch=5, settle_seconds=0.01).running():
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    found = versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies")))
    assert [found[key] for key in keys] == [[0, 1]] * 400


@pytest.mark.usefixtures("topics")
async def test_a_record_that_is_to_mend_what_somebody_wrote_over_it_is_sent_again(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    await sent_but_not_deleted(pool, producer, names, [message("k", 1)])
    await producer.publish(names.topic("vacancies"), key="k", value=b"9", headers=[])
    async with OutboxRelay(pool, producer, names).running():
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    assert versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies"))) == {"k": [1, 9, 1]}


@pytest.mark.usefixtures("topics")
async def test_rows_of_a_removed_partner_stand_in_nobodys_way_at_a_takeover(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.producing._METADATA_SECONDS", 0.2)
    await say(pool, message("same", 1, topic="receipts-gone"))
    await sent_but_not_deleted(pool, producer, names, [message("same", 2)])
    async with OutboxRelay(pool, producer, names, backoff=QUICK, settle_seconds=0.01).running():
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    assert [record.value for record in await published(kafka.bootstrap_servers, names.topic("vacancies"))] == [b"2"]
    assert await pool.fetchval("SELECT count(*) FROM outbox_failed") == 1


@pytest.mark.usefixtures("topics")
async def test_while_the_log_cannot_be_read_a_shard_in_doubt_is_held_and_says_so(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent_but_not_deleted(pool, producer, names, [message("k", 1)])
    with monkeypatch.context() as away:
        away.setattr(producer, "bootstrap_servers", "127.0.0.1:1")
        relay = OutboxRelay(pool, producer, names, backoff=QUICK, settle_seconds=0.01)
        async with relay.running():
            check = await eventually(relay.check, until=lambda check: not check.ok)
            assert check.detail == "what was sent cannot be looked up: KafkaConnectionError"
            away.undo()
            await eventually(lambda: waiting(pool), until=lambda count: count == 0)
            assert relay.check().ok
    assert versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies"))) == {"k": [1]}


@pytest.mark.usefixtures("topics")
async def test_rows_of_a_key_locked_in_order_leave_in_order_whatever_the_commits(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    chance = random.Random(7)
    await pool.execute("CREATE TABLE aggregate (id text PRIMARY KEY, version integer NOT NULL)")
    await pool.executemany("INSERT INTO aggregate VALUES ($1, 0)", [(f"k-{key}",) for key in range(5)])

    async def change(key: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            version = await connection.fetchval("UPDATE aggregate SET version = version + 1 WHERE id = $1 RETURNING version", key)
            await add(connection, [message(key, version)])

    async with OutboxRelay(pool, producer, names).running():
        await asyncio.gather(*[change(f"k-{chance.randrange(5)}") for _ in range(200)])
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    for versions in versions_by_key(await published(kafka.bootstrap_servers, names.topic("vacancies"))).values():
        assert versions == list(range(1, len(versions) + 1))


@pytest.mark.usefixtures("topics")
async def test_a_row_for_a_removed_partner_is_set_aside_and_its_shard_goes_on(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.producing._METADATA_SECONDS", 0.2)
    relay = OutboxRelay(pool, producer, names, backoff=QUICK)
    async with relay.running():
        await say(pool, message("same", 1, topic="receipts-gone"), message("same", 2))
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
        assert relay.check().ok
        assert "1 rows set aside" in relay.check().detail
    assert [record.value for record in await published(kafka.bootstrap_servers, names.topic("vacancies"))] == [b"2"]
    failed = await pool.fetchrow("SELECT topic, key, reason FROM outbox_failed")
    assert failed is not None
    assert dict(failed) == {"topic": "receipts-gone", "key": "same", "reason": "UnknownTopicOrPartitionError"}


@pytest.mark.usefixtures("topics")
async def test_a_missing_topic_of_ours_holds_its_shard_and_says_so_while_the_others_go_on(
    names: TopicNames, pool: asyncpg.Pool, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.producing._METADATA_SECONDS", 0.1)
    other = next(f"v-{number}" for number in range(100) if shard_of(f"v-{number}") != shard_of("held"))
    relay = OutboxRelay(pool, producer, names, backoff=QUICK)
    async with relay.running():
        await say(pool, message("held", 1, topic="not-yet"), message("held", 2), message(other, 1))
        await eventually(lambda: waiting(pool), until=lambda count: count == 2)
        check = await eventually(relay.check, until=lambda check: not check.ok)
        assert check.detail == f"shard {shard_of('held')}: not-yet: UnknownTopicOrPartitionError"
    assert SHARDS == 16


@pytest.mark.usefixtures("topics")
async def test_a_row_that_the_broker_refuses_is_set_aside_and_the_order_behind_it_is_kept(
    kafka: Kafka, names: TopicNames, pool: asyncpg.Pool, producer: Producer
) -> None:
    admin = AIOKafkaAdminClient(**client_options(kafka.bootstrap_servers))
    await admin.start()
    small = NewTopic(names.topic("small"), 1, 1, topic_configs={"max.message.bytes": "20000"})
    await admin.create_topics([small])
    await admin.close()
    before = [message("same", version, topic="small") for version in range(5)]
    after = [message("same", version, topic="small") for version in range(5, 10)]
    relay = OutboxRelay(pool, producer, names, backoff=QUICK)
    async with relay.running():
        await say(pool, *before, OutboxMessage("small", "same", [], b"x" * 50_000), *after)
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
        await say(pool, message("same", 10, topic="small"))
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
    versions = versions_by_key(await published(kafka.bootstrap_servers, names.topic("small")))["same"]
    assert versions == list(range(11))
    assert await pool.fetchval("SELECT reason FROM outbox_failed") == "MessageSizeTooLargeError"


@pytest.mark.usefixtures("topics")
async def test_a_relay_whose_connection_is_cut_comes_back(names: TopicNames, pool: asyncpg.Pool, producer: Producer) -> None:
    relay = OutboxRelay(pool, producer, names, safety_poll_seconds=3600, backoff=QUICK)
    async with relay.running():
        await eventually(lambda: relay.check().ok)
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await eventually(lambda: say_or_not(pool))
        await eventually(lambda: waiting(pool), until=lambda count: count == 0)
        assert relay.check().ok


async def say_or_not(pool: asyncpg.Pool) -> bool:
    """The pool may hand out a connection that was cut, once."""
    try:
        await say(pool, message("v-1", 1))
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True
