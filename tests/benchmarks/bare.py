"""The peers of `bench throughput`: bare aiokafka and asyncpg doing the same reads, writes of the same bytes and the same transactions.

Nothing is parsed, checked or decided here, and nothing of ours runs but what moves bytes.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.database import load_queries
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

BATCH = 500
_REPOSITORY = Path(__file__).parents[2]
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


async def read_through(bootstrap_servers: str, topics: Sequence[str]) -> int:
    """Read topics to the ends that they have now and forget every record; gives how many there were."""
    async with _consumer(bootstrap_servers, topics) as (consumer, total):
        read = 0
        while read < total:
            polled = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            read += sum(map(len, polled.values()))
    return read


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


async def intake_alike(bootstrap_servers: str, topic: str, rows: Sequence[Mapping[str, Any]], scratch: str, dsn: str) -> float:
    """Intake's peer: the statements of its transactions with the values it wrote, ready made; then sent, then deleted. Returns seconds.

    `rows` has one mapping for each submission on the topic; `dsn` a database as intake's was before the first of them.
    """
    pool: Any = await asyncpg.create_pool(dsn, min_size=2, max_size=2)
    queries = load_queries(_REPOSITORY / "services" / "intake" / "queries.sql")
    now = datetime.now(UTC)
    handed: asyncio.Queue[int] = asyncio.Queue(maxsize=2)
    try:
        async with (
            _consumer(bootstrap_servers, [topic], group=f"{topic}-bare") as (consumer, total),
            _producer(bootstrap_servers) as producer,
        ):
            started = time.perf_counter()
            relaying = asyncio.create_task(_relay(pool, producer, handed, scratch))
            read = 0
            while read < total:
                first, read = read, read + len(await _some(consumer))
                async with pool.acquire() as connection, connection.transaction():
                    await _store(connection, queries, rows[first:read], now)
                await handed.put(read - first)
                await consumer.commit()
            await handed.put(0)
            await relaying
            return time.perf_counter() - started
    finally:
        await pool.close()


async def _store(connection: Any, queries: Any, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    named = {"vacancy_ids": [], "senders": column("partner"), "names": column("reference")}
    ids = column("submission_id")
    await _drained(queries.partners_named(connection, names=[rows[0]["partner"]]))
    await _drained(queries.receipts_given(connection, partners=column("partner"), submission_ids=ids))
    await _drained(queries.offers_to_read(connection, offer_ids=list({row["offer_id"] for row in rows}), **named))
    await _drained(queries.vacancies_named(connection, **named))
    last = list({row["vacancy_id"]: row for row in rows}.values())
    states = {name: [row[name] for row in last] for name in _STATE_COLUMNS}
    await _drained(queries.save_vacancies(connection, **states, changed_at=now))
    await _drained(
        queries.save_receipts(
            connection,
            partners=column("partner"),
            submission_ids=ids,
            positions=ids,
            keys=column("reference"),
            headers=column("receipt_headers"),
            receipts=column("receipt"),
            received_at=now,
        )
    )
    records = [record for row in rows for record in row["records"]]
    await connection.execute(
        "INSERT INTO outbox (shard, topic, key, headers, value) SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])",
        *([record[at] for record in records] for at in range(5)),
    )


_STATE_COLUMNS = (
    "vacancy_ids", "offer_ids", "senders", "names", "statuses", "expiries", "versions", "terms", "bodies", "correlation_ids",
)  # fmt: skip


async def _drained(rows: Any) -> None:
    async for _ in rows:
        pass


async def _relay(pool: Any, producer: AIOKafkaProducer, handed: asyncio.Queue[int], scratch: str) -> None:
    """Send what the outbox holds after each commit, and delete it when it is acknowledged."""
    while await handed.get():
        rows = await pool.fetch("SELECT shard, id, topic, key, headers, value FROM outbox ORDER BY shard, id LIMIT 4000")
        sent = [
            await producer.send(scratch, row["value"], row["key"].encode(), headers=[("headers", row["headers"].encode())])
            for row in rows
        ]
        await asyncio.gather(*sent)
        await pool.execute(
            "DELETE FROM outbox USING unnest($1::smallint[], $2::bigint[]) AS gone (shard, id) "
            "WHERE outbox.shard = gone.shard AND outbox.id = gone.id",
            [row["shard"] for row in rows],
            [row["id"] for row in rows],
        )


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
        **client_options(bootstrap_servers), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
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
    producer = AIOKafkaProducer(**client_options(bootstrap_servers), enable_idempotence=True, linger_ms=_LINGER_MS)
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
