"""The transactional outbox: what a transaction has to say is stored with it, and published by the relay after its commit."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from aiokafka.record.default_records import DefaultRecordBatchBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncpg import Connection, Record
    from asyncpg.pool import PoolConnectionProxy

    from shared.messaging.envelope import Header

SHARDS = 16
CHANNEL = "outbox"
"""The relay listens here; the payload names the shards."""

MAX_RECORD_BYTES = 1_000_000
"""Key, value, headers and Kafka's own bytes of one record; under the limits of the producer and of the broker's topics."""

_ADD = """
WITH added AS (
    INSERT INTO outbox (shard, topic, key, partition, headers, value)
    SELECT shard, topic, key, partition, headers, value
    FROM unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bytea[])
        WITH ORDINALITY AS message (shard, topic, key, partition, headers, value, place)
    ORDER BY place
)
SELECT pg_notify($7, $8)
"""


class MessageTooLarge(ValueError):  # noqa: N818 - the message says the rest
    """A record is too large for the log; refused before the commit, so that nothing is stored that cannot be published."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A record to be published after the commit.

    Attributes:
        topic: logical name, without the prefix.
        key: the record's key, which also decides the order: rows of one key leave in the order of their commits.
        value: None is a tombstone.
        partition: the partition to write to, where it is not the key's own.
    """

    topic: str
    key: str | None
    headers: Sequence[Header]
    value: bytes | None
    partition: int | None = None


async def add(connection: Connection[Record] | PoolConnectionProxy[Record], messages: Iterable[OutboxMessage]) -> None:
    """Store messages in the caller's transaction, in their order; the relay hears of it on commit.

    The caller locks the aggregate's row first, so that the order of ids is the order of commits for each key.

    Raises:
        MessageTooLarge: one of them could never be published.
    """
    batch = list(messages)
    if not batch:
        return
    for message in batch:
        _refuse_too_large(message)
    shards = [shard_of(message.key) for message in batch]
    await connection.execute(
        _ADD,
        shards,
        [message.topic for message in batch],
        [message.key for message in batch],
        [message.partition for message in batch],
        [encode_headers(message.headers) for message in batch],
        [message.value for message in batch],
        CHANNEL,
        ",".join(str(shard) for shard in sorted(set(shards))),
    )


def shard_of(key: str | None) -> int:
    """Give the shard of a key: the same on every machine and in every version."""
    return zlib.crc32(key.encode()) % SHARDS if key else 0


def encode_headers(headers: Sequence[Header]) -> str:
    return orjson.dumps([(name, value.decode()) for name, value in headers]).decode()


def decode_headers(text: str) -> list[Header]:
    return [(name, value.encode()) for name, value in orjson.loads(text)]


def _refuse_too_large(message: OutboxMessage) -> None:
    key = message.key.encode() if message.key is not None else None
    size = DefaultRecordBatchBuilder.estimate_size_in_bytes(key, message.value, list(message.headers))
    if size > MAX_RECORD_BYTES:
        raise MessageTooLarge(f"A record for {message.topic} has {size} bytes; the log takes {MAX_RECORD_BYTES}.")
