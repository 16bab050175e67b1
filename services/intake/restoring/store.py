"""The SQL of a restore: what this database does not know, and how it takes it over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.database import load_queries
from shared.messaging.outbox import encode_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.intake.published_log import Seen
    from services.intake.store import StoredReceipt
    from shared.database import Connection, Pool
    from shared.messaging.versions import Position

TABLES: Final = {"offers": "offers", "vacancies": "vacancies", "need-profiles": "needs", "settings": "settings"}
"""By topic, how the queries of its table are called."""

_AT_ONCE: Final = 5_000

Place = tuple[str, int]
"""Topic and partition."""


class RestoringStore:
    """Reads and writes what only a restore does."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queries = load_queries(Path(__file__).with_name("restoring.sql"))

    async def marks(self) -> dict[str, dict[int, int]]:
        """Say up to where the log is known, by logical topic and partition."""
        found: dict[str, dict[int, int]] = {}
        async with self._pool.acquire() as connection:
            async for row in self._queries.marks(connection):
                found.setdefault(row["topic"], {})[row["partition"]] = row["next_offset"]
        return found

    async def save_marks(self, marks: Mapping[Place, int]) -> None:
        """Say so for the next time."""
        async with self._pool.acquire() as connection:
            await self._queries.save_marks(
                connection,
                topics=[topic for topic, _ in marks],
                partitions=[partition for _, partition in marks],
                offsets=list(marks.values()),
            )

    async def is_restoring(self) -> bool:
        """Say whether a restore has begun and not ended."""
        async with self._pool.acquire() as connection:
            return bool(await self._queries.is_restoring(connection))

    async def set_restoring(self, *, restoring: bool) -> None:
        async with self._pool.acquire() as connection:
            await self._queries.set_restoring(connection, restoring=restoring)

    async def later(self, topic: str, seen: Mapping[str, Seen]) -> dict[str, bool]:
        """Of what was seen of a topic, give the keys that this database does not know so, and whether it knows them at all."""
        placed = [(key, one.position, one.tombstone) for key, one in seen.items() if one.position is not None]
        query = getattr(self._queries, f"later_{TABLES[topic]}")
        found: dict[str, bool] = {}
        async with self._pool.acquire() as connection:
            for start in range(0, len(placed), _AT_ONCE):
                page = placed[start : start + _AT_ONCE]
                rows = query(
                    connection,
                    keys=[key for key, _, _ in page],
                    epochs=[epoch for _, (epoch, _), _ in page],
                    versions=[version for _, (_, version), _ in page],
                    tombstones=[tombstone for _, _, tombstone in page],
                )
                found |= {row["key"]: row["known"] async for row in rows}
        return found

    async def drop_waiting(self, topics: Collection[str]) -> int:
        """Drop what the backup was still to publish on some topics; says how many records."""
        async with self._pool.acquire() as connection:
            return int(await self._queries.drop_waiting(connection, topics=list(topics)))

    async def forget(self, connection: Connection, topic: str, keys: Sequence[str]) -> None:
        """Make room for what the log has of some keys."""
        await getattr(self._queries, f"forget_{TABLES[topic]}")(connection, keys=keys)

    async def settle(self, connection: Connection, topic: str, settled: Mapping[str, tuple[Position, datetime]]) -> None:
        """Date what was taken over, by key, as it stands on the log."""
        await getattr(self._queries, f"settle_{TABLES[topic]}")(
            connection,
            keys=list(settled),
            epochs=[epoch for (epoch, _), _ in settled.values()],
            times=[time for _, time in settled.values()],
        )

    async def last_answered(self, topics: Collection[str]) -> dict[Place, int]:
        """Give the offset of the last record of each partition of submissions that was answered; topics as on the broker."""
        async with self._pool.acquire() as connection:
            rows = self._queries.last_answered(connection, topics=list(topics))
            return {(row["topic"], row["partition"]): row["record"] async for row in rows}

    async def remember_answers(self, answers: Sequence[tuple[StoredReceipt, datetime]]) -> int:
        """Learn how submissions were answered; says how many of them were not known."""
        async with self._pool.acquire() as connection:
            return int(
                await self._queries.remember_answers(
                    connection,
                    partners=[answer.partner for answer, _ in answers],
                    submission_ids=[answer.submission_id for answer, _ in answers],
                    positions=[answer.position for answer, _ in answers],
                    keys=[answer.key for answer, _ in answers],
                    headers=[encode_headers(answer.headers) for answer, _ in answers],
                    receipts=[answer.receipt for answer, _ in answers],
                    times=[time for _, time in answers],
                )
            )

    async def remember_again(self, again: Sequence[tuple[str, str, datetime]]) -> None:
        """Learn which records (partner, position, when) repeated a submission and were answered too."""
        async with self._pool.acquire() as connection:
            await self._queries.remember_again(
                connection,
                partners=[partner for partner, _, _ in again],
                positions=[position for _, position, _ in again],
                times=[time for _, _, time in again],
            )
