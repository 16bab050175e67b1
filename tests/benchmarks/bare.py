"""The peers of `bench throughput`: bare aiokafka and asyncpg doing the same reads, writes of the same bytes and the same transactions.

Nothing is parsed, checked or decided here, and nothing of ours runs but what moves bytes.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

BATCH = 500
_LINGER_MS = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands on the log."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp_ms: int


async def read_all(bootstrap_servers: str, topic: str) -> list[Record]:
    """Everything on a topic up to its end offsets, for replaying the same bytes."""
    records: list[Record] = []
    async with _consumer(bootstrap_servers, [topic]) as (consumer, total):
        while len(records) < total:
            records += [Record(r.topic, r.partition, r.key, r.value, r.headers, r.timestamp) for r in await _some(consumer)]
    return records


async def write_all(bootstrap_servers: str, records: Sequence[Record], topic: str) -> None:
    """Write records again, to the same partition numbers of another topic."""
    async with _producer(bootstrap_servers) as producer:
        remaining = iter(records)
        while batch := list(islice(remaining, BATCH)):
            await _send(producer, batch, topic)


async def consume_and_produce(bootstrap_servers: str, topics: Sequence[str], outputs: Sequence[Record], scratch: str) -> float:
    """Matching's peer: read the topics, write the outputs in step, to the same partitions of a scratch topic. Returns seconds."""
    async with _consumer(bootstrap_servers, topics) as (consumer, total), _producer(bootstrap_servers) as producer:
        started = time.perf_counter()
        read = written = 0
        while read < total:
            read += len(await _some(consumer))
            due = len(outputs) * read // total
            await _send(producer, outputs[written:due], scratch)
            written = due
        return time.perf_counter() - started


async def intake_alike(bootstrap_servers: str, topic: str, outputs: Sequence[Record], scratch: str, dsn: str) -> float:
    """Intake's peer: per batch one transaction with the state, the receipts and the outbox; then sent, then deleted. Returns seconds."""
    pool: Any = await asyncpg.create_pool(dsn, min_size=2, max_size=2)
    await pool.execute(
        "CREATE TABLE state (key text PRIMARY KEY, terms bytea, body bytea);"
        "CREATE TABLE submission (id text PRIMARY KEY, receipt bytea);"
        "CREATE TABLE outbox (id bigint PRIMARY KEY, topic text, key bytea, headers text, body bytea)"
    )
    handed: asyncio.Queue[list[int] | None] = asyncio.Queue(maxsize=2)
    try:
        async with (
            _consumer(bootstrap_servers, [topic], group=f"{topic}-bare") as (consumer, total),
            _producer(bootstrap_servers) as producer,
        ):
            started = time.perf_counter()
            relaying = asyncio.create_task(_relay(pool, producer, handed, outputs, scratch))
            read = written = 0
            while read < total:
                batch = await _some(consumer)
                first, read = read, read + len(batch)
                due = len(outputs) * read // total
                out = outputs[written:due]
                numbers = list(range(written, due))
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute(
                        "INSERT INTO state SELECT * FROM unnest($1::text[], $2::bytea[], $2::bytea[]) "
                        "ON CONFLICT (key) DO UPDATE SET terms = excluded.terms, body = excluded.body",
                        *_columns({r.key.decode(): r.value for r in batch}),
                    )
                    await connection.execute(
                        "INSERT INTO submission SELECT * FROM unnest($1::text[], $2::bytea[])",
                        [str(first + at) for at in range(len(batch))],
                        [r.value for r in batch],
                    )
                    await connection.execute(
                        "INSERT INTO outbox SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::bytea[])",
                        numbers,
                        [r.topic for r in out],
                        [r.key for r in out],
                        [str(r.headers) for r in out],
                        [r.value for r in out],
                    )
                await handed.put(numbers)
                await consumer.commit()
                written = due
            await handed.put(None)
            await relaying
            return time.perf_counter() - started
    finally:
        await pool.close()


def _columns(rows: dict[str, bytes]) -> tuple[list[str], list[bytes]]:
    return list(rows), list(rows.values())


async def _relay(
    pool: Any, producer: AIOKafkaProducer, handed: asyncio.Queue[list[int] | None], outputs: Sequence[Record], scratch: str
) -> None:
    while numbers := await handed.get():
        await _send(producer, [outputs[number] for number in numbers], scratch)
        await pool.execute("DELETE FROM outbox WHERE id = ANY($1)", numbers)


async def notifications_alike(
    bootstrap_servers: str, topics: Sequence[str], alerts: Sequence[tuple[Any, ...]], dsn: str
) -> float:
    """Notifications' peer: per batch one transaction with the copies and as many alerts of the same bytes. Returns seconds."""
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE TABLE copies (key text PRIMARY KEY, body jsonb);"
        "CREATE TABLE alerts (alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person text, need_id text, vacancy_id text,"
        " opening integer, kind text, score integer, points jsonb, said jsonb, UNIQUE (person, need_id, vacancy_id, opening, kind));"
        "CREATE INDEX ON alerts (person, alert_id)"
    )
    try:
        async with _consumer(bootstrap_servers, topics, group=f"{topics[0]}-bare") as (consumer, total):
            started = time.perf_counter()
            read = written = 0
            while read < total:
                batch = await _some(consumer)
                read += len(batch)
                due = len(alerts) * read // total
                rows = {r.key.decode(): (r.value or b"null").decode() for r in batch}
                async with connection.transaction():
                    await connection.execute(
                        "INSERT INTO copies SELECT * FROM unnest($1::text[], $2::jsonb[]) ON CONFLICT (key) DO UPDATE SET body = excluded.body",
                        list(rows),
                        list(rows.values()),
                    )
                    if due > written:
                        await connection.execute(
                            "INSERT INTO alerts (person, need_id, vacancy_id, opening, kind, score, points, said) SELECT * FROM unnest("
                            "$1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::jsonb[], $8::jsonb[])",
                            *(list(column) for column in zip(*alerts[written:due], strict=True)),
                        )
                await consumer.commit()
                written = due
            return time.perf_counter() - started
    finally:
        await connection.close()


@asynccontextmanager
async def _consumer(
    bootstrap_servers: str, topics: Sequence[str], group: str | None = None
) -> AsyncIterator[tuple[AIOKafkaConsumer, int]]:
    """A consumer at the beginning of the topics, and how many records they hold."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for topic in topics for partition in await _partitions(consumer, topic)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends, beginnings = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
        yield consumer, sum(ends.values()) - sum(beginnings.values())
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> Iterator[int]:
    await consumer._client.force_metadata_update()
    partitions: Iterator[int] = iter(sorted(consumer.partitions_for_topic(topic) or ()))
    return partitions


async def _some(consumer: AIOKafkaConsumer) -> list[Any]:
    polled = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
    return [record for records in polled.values() for record in records]


@asynccontextmanager
async def _producer(bootstrap_servers: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True, linger_ms=_LINGER_MS)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, records: Sequence[Record], topic: str) -> None:
    sent = [
        await producer.send(topic, record.value, record.key, partition=record.partition, headers=list(record.headers))
        for record in records
    ]
    await asyncio.gather(*sent)
