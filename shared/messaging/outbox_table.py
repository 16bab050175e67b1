"""What a relay does with the tables of the outbox, on the one connection that holds its locks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared.messaging.outbox import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from asyncpg import Connection, Record

_LOCK_SPACE = 0x1ED16
"""Half of the key of the advisory locks; the other half is the shard."""

_TAKE_SHARDS = """
SELECT shard, clock_timestamp() AS taken_at FROM unnest($1::integer[]) AS shard WHERE pg_try_advisory_lock($2, shard)
"""
_READ = """
SELECT id, topic, key, partition, headers, value FROM outbox WHERE shard = $1 ORDER BY id LIMIT $2
"""
_READ_IN_DOUBT = """
SELECT waiting.* FROM unnest($1::smallint[], $2::timestamptz[]) AS doubtful (number, taken_at)
    CROSS JOIN LATERAL (
        SELECT id, shard, topic, key, headers, sha256(value) AS digest, added_at FROM outbox
        WHERE shard = number AND key IS NOT NULL AND (taken_at IS NULL OR added_at < taken_at)
        ORDER BY id LIMIT $3
    ) AS waiting
ORDER BY id
"""
_DELETE = "DELETE FROM outbox WHERE shard = ANY($1::smallint[]) AND id = ANY($2::bigint[])"
_SET_ASIDE = """
WITH gone AS (DELETE FROM outbox WHERE shard = $1 AND id = $2 RETURNING id, topic, key, partition, headers, value, added_at)
INSERT INTO outbox_failed (id, topic, key, partition, headers, value, added_at, reason)
SELECT id, topic, key, partition, headers, value, added_at, $3 FROM gone
"""
_MARK = """
INSERT INTO outbox_mark (topic, partition, next_offset)
SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset
"""
_COUNT = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT 10000) AS those) AS waiting,
       (SELECT count(*) FROM (SELECT FROM outbox_failed LIMIT 10000) AS those) AS failed
"""


class OutboxTable:
    """Runs one statement at a time.

    Attributes:
        lost: the connection is gone, and the locks with it.
    """

    def __init__(self, connection: Connection[Record]) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.lost = asyncio.Event()

    async def open(self, heard: Callable[[object, int, str, object], None]) -> None:
        """Prepare the connection; `heard` is told of commits."""
        # A delete lost in a crash of the server is found out by reading the log; so these commits need not wait for the disk.
        await self._execute("SET synchronous_commit = off")
        await self._execute("SET tcp_keepalives_idle = 10")
        self._connection.add_termination_listener(lambda _connection: self.lost.set())
        await self._connection.add_listener(CHANNEL, heard)

    async def take(self, shards: Sequence[int]) -> list[tuple[int, datetime]]:
        """Lock those that are free, for as long as the connection lives; gives them, each with the moment by the database's clock."""
        return [(row["shard"], row["taken_at"]) for row in await self._fetch(_TAKE_SHARDS, shards, _LOCK_SPACE)]

    async def read(self, shard: int, at_most: int) -> list[Record]:
        """Read the first rows of a shard."""
        return await self._fetch(_READ, shard, at_most)

    async def read_in_doubt(self, shards: Mapping[int, datetime | None], at_most: int) -> list[Record]:
        """Read the first rows of each shard, or of those that were written before a moment; rows without a key are left out."""
        return await self._fetch(_READ_IN_DOUBT, list(shards), list(shards.values()), at_most)

    async def delete(self, shards: Collection[int], ids: Collection[int]) -> None:
        await self._execute(_DELETE, list(shards), list(ids))

    async def set_aside(self, shard: int, row_id: int, reason: str) -> None:
        """Move a row to those that the broker refused for good."""
        await self._execute(_SET_ASIDE, shard, row_id, reason)

    async def mark(self, next_offsets: Mapping[tuple[str, int], int]) -> None:
        """Say up to where the log is known, by logical topic and partition."""
        topics, partitions = zip(*next_offsets, strict=True)
        await self._execute(_MARK, topics, partitions, list(next_offsets.values()))

    async def counts(self) -> tuple[int, int]:
        """Count the rows that wait, and those that were set aside; up to 10,000."""
        [counted] = await self._fetch(_COUNT)
        return counted["waiting"], counted["failed"]

    async def _fetch(self, query: str, *arguments: object) -> list[Record]:
        async with self._turn:
            return await self._connection.fetch(query, *arguments)

    async def _execute(self, query: str, *arguments: object) -> None:
        async with self._turn:
            await self._connection.execute(query, *arguments)
