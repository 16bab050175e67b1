"""The only caller of SQL about the access log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from services.intake.access.chain import START, Entry
from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from shared.database import Connection, Pool

_QUERIES: Final = Path(__file__).with_name("access.sql")
_PAGE: Final = 2000


class AccessStore:
    """Appends and reads; nothing here changes what stands."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queries = load_queries(_QUERIES)

    async def lock(self, connection: Connection, municipality: str) -> None:
        await self._queries.one_at_a_time(connection, municipality=municipality)

    async def known(self, connection: Connection, municipality: str, event_ids: Collection[str]) -> set[str]:
        rows = self._queries.known_events(connection, municipality=municipality, event_ids=list(event_ids))
        return {row["event_id"] async for row in rows}

    async def head(self, connection: Connection, municipality: str) -> tuple[int, bytes]:
        """Give number and hash of the last entry; of an empty chain what stands before the first."""
        row = await self._queries.head(connection, municipality=municipality)
        return (0, START) if row is None else (row["number"], row["hash"])

    async def append(self, connection: Connection, entries: Sequence[Entry], subjects: Sequence[str | None]) -> None:
        """Append entries, and note whose data each was about; None: somebody who is erased meanwhile."""
        await self._queries.append(
            connection,
            municipalities=[entry.municipality for entry in entries],
            numbers=[entry.number for entry in entries],
            event_ids=[entry.event_id for entry in entries],
            contents=[entry.content for entry in entries],
            hashes=[entry.hash for entry in entries],
        )
        named = [(entry, subject) for entry, subject in zip(entries, subjects, strict=True) if subject is not None]
        await self._queries.note_subjects(
            connection,
            municipalities=[entry.municipality for entry, _ in named],
            numbers=[entry.number for entry, _ in named],
            subjects=[subject for _, subject in named],
        )

    async def of_subjects(self, municipality: str, subjects: Collection[str]) -> list[dict[str, Any]]:
        """Give the looks at somebody's data, the latest first."""
        async with self._pool.acquire() as connection:
            rows = self._queries.of_subjects(connection, municipality=municipality, subjects=list(subjects))
            return [orjson.loads(row["content"]) async for row in rows]

    async def municipalities(self) -> list[str]:
        async with self._pool.acquire() as connection:
            return [row["municipality"] async for row in self._queries.municipalities(connection)]

    async def entries(self, municipality: str) -> AsyncIterator[Entry]:
        """Read a chain from its beginning, page by page."""
        after = 0
        while True:
            async with self._pool.acquire() as connection:
                rows = self._queries.entries(connection, municipality=municipality, after=after, at_most=_PAGE)
                page = [Entry(**dict(row)) async for row in rows]
            for entry in page:
                yield entry
            if len(page) < _PAGE:
                return
            after = page[-1].number
