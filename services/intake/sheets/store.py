"""The SQL of sheets: how far an upload has come, which rows it had, and what was stated of everything that is open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.database import load_queries
from shared.messaging.errors import PassingError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
    from datetime import datetime

    from shared.database import Connection, Pool

_PAGE: Final = 500
_MOST_TWICE: Final = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A sheet that was sent, and how far it has come."""

    upload_id: str
    number: int
    kind: str
    owner: str
    sheet: str
    dry_run: bool
    rows_done: int
    prefix: bytes
    created: int
    changed: int
    unchanged: int
    rejected: int
    finished_at: datetime | None
    superseded: bool


class ForgottenUploadError(PassingError):
    """The upload was old, and has just been forgotten: sent again, it is a new one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch adds to an upload."""

    rows_done: int
    prefix: bytes
    counts: Mapping[str, int]
    rows: Sequence[tuple[int, str, str]]
    """(row, scope, reference) of each row that could be told."""


@dataclass(frozen=True, slots=True)
class StoredName:
    """What a sender calls a vacancy (scope: its offer), or a municipality a need (scope: the municipality)."""

    sender: str | None
    scope: str
    reference: str | None


class SheetStore:
    """Reads and writes what intake remembers of sheets."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queries = load_queries(Path(__file__).with_name("sheets.sql"))

    async def begin(self, upload_id: str, kind: str, owner: str, sheet: str, now: datetime, *, dry_run: bool) -> Upload:
        """Register an upload, or find the one that has that id."""
        async with self._pool.acquire() as connection:
            await self._queries.begin_upload(
                connection, upload_id=upload_id, kind=kind, owner=owner, sheet=sheet, dry_run=dry_run, started_at=now
            )
            return await self._upload(connection, upload_id)

    async def upload(self, upload_id: str) -> Upload:
        """Look how far an upload has come.

        Raises:
            ForgottenUploadError: it is gone.
        """
        async with self._pool.acquire() as connection:
            return await self._upload(connection, upload_id)

    async def advance(self, connection: Connection, upload: Upload, rows_before: int, progress: Progress) -> bool:
        """Note in the caller's transaction that an upload has come further; says whether it was ours to take on."""
        counts = {name: progress.counts.get(name, 0) for name in ("created", "changed", "unchanged", "rejected")}
        number = await self._queries.advance_upload(
            connection,
            upload_id=upload.upload_id,
            rows_before=rows_before,
            rows_done=progress.rows_done,
            prefix=progress.prefix,
            **counts,
        )
        if number is None:
            return False
        if progress.rows:
            await connection.copy_records_to_table(
                "sheet_row",
                records=[(number, *row) for row in progress.rows],
                columns=("upload", "row", "scope", "reference"),
            )
        return True

    async def names(self, connection: Connection, kind: str, ids: Collection[str]) -> dict[str, StoredName]:
        """Read what vacancies or needs are called, by id."""
        query = self._queries.need_names if kind == "needs" else self._queries.vacancy_names
        return {
            row["key"]: StoredName(row["sender"], row["scope"], row["reference"])
            async for row in query(connection, ids=list(ids))
        }

    async def gone(self, upload: Upload) -> AsyncGenerator[tuple[str, str], None]:
        """Give (scope, reference) of what the sheet before had and this one lacks; read in pieces, however many they are."""
        async with self._pool.acquire() as connection, connection.transaction():
            previous = await self._queries.previous_upload(connection, number=upload.number)
            if previous is None:
                return
            async for row in self._queries.gone_rows(connection, number=upload.number, previous=previous):
                yield row["scope"], row["reference"]

    async def twice(self, upload: Upload) -> list[dict[str, Any]]:
        """List references that stand in several rows of an upload."""
        async with self._pool.acquire() as connection:
            found = self._queries.twice(connection, number=upload.number, at_most=_MOST_TWICE)
            return [{"reference": row["reference"], "rows": row["rows"]} async for row in found]

    async def finish(self, upload: Upload, now: datetime, *, keep_gone: bool) -> bool:
        """The whole sheet is done: it takes the place of those before it, or, if it was a trial, leaves no rows.

        Args:
            upload: what was sent.
            now: with a time zone.
            keep_gone: what is gone was only told; the next sheet is to be told from it too.

        Returns:
            Whether it was still ours to finish.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._queries.finish_upload(connection, upload_id=upload.upload_id, finished_at=now) is None:
                return False
            if upload.dry_run:
                await self._queries.forget_rows(connection, number=upload.number)
            else:
                if keep_gone and (previous := await self._queries.previous_upload(connection, number=upload.number)) is not None:
                    await self._queries.keep_gone_rows(connection, number=upload.number, previous=previous)
                await self._queries.supersede_uploads_before(connection, number=upload.number)
                await self._queries.forget_rows_before(connection, number=upload.number)
            return True

    # --- what is open, as it was stated ---------------------------------------------------------------------------

    async def stated_offers(self, only: Collection[str] | None) -> AsyncGenerator[list[Any], None]:
        """Give offers, a page at a time."""
        async for page in self._pages("stated_offers", only=None if only is None else list(only)):
            yield page

    async def stated_vacancies(self, sender: str | None, offers: Collection[str] | None) -> AsyncGenerator[list[Any], None]:
        """Give open vacancies, a page at a time; `sender`: only its own; `offers`: only of these."""
        async for page in self._pages("stated_vacancies", sender=sender, offers=None if offers is None else list(offers)):
            yield page

    async def stated_needs(self, municipalities: Collection[str] | None) -> AsyncGenerator[list[Any], None]:
        """Give open needs, a page at a time; `municipalities`: only of these."""
        only = None if municipalities is None else list(municipalities)
        async for page in self._pages("stated_needs", municipalities=only):
            yield page

    async def most_price_lines(self, sender: str | None, offers: Collection[str] | None) -> int:
        only = None if offers is None else list(offers)
        async with self._pool.acquire() as connection:
            return int(await self._queries.most_price_lines(connection, sender=sender, offers=only) or 1)

    async def most_wanted_sections(self) -> int:
        async with self._pool.acquire() as connection:
            return int(await self._queries.most_wanted_sections(connection) or 1)

    async def _pages(self, query: str, **given: object) -> AsyncGenerator[list[Any], None]:
        after = ""
        while True:
            async with self._pool.acquire() as connection:
                rows = [row async for row in getattr(self._queries, query)(connection, after=after, at_most=_PAGE, **given)]
            if not rows:
                return
            yield rows
            after = rows[-1]["key"]

    async def _upload(self, connection: Connection, upload_id: str) -> Upload:
        row = await self._queries.upload(connection, upload_id=upload_id)
        if row is None:
            raise ForgottenUploadError
        return Upload(**dict(row))
