"""Taking a sheet: row by row through the same door as everything else, a batch and its progress in one transaction.

What a break leaves behind is whole batches and how far they reach, so the same file sent again under the same id goes on behind them.
A trial (`dry_run`) does all of it and takes back what it did, batch by batch.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
import structlog

from services.intake.domain.authority import ANYONE, PersonCaller
from services.intake.domain.commands import CloseNeed, CloseVacancy
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged
from services.intake.http.outcomes import row_answer
from services.intake.service import Request, log_changes
from services.intake.sheets.naming import named, resolved
from services.intake.sheets.rows import ReadRow, RowReader
from services.intake.sheets.store import Progress
from services.intake.store import UNAVAILABLE
from shared.messaging import outbox
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from services.intake.domain.authority import Caller
    from services.intake.domain.commands import Command
    from services.intake.service import Intake, Settled
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.layout import Layout
    from services.intake.sheets.source import Source
    from services.intake.sheets.store import SheetStore, Upload
    from services.intake.store import Store
    from shared.database import Connection

log = structlog.get_logger(__name__)

Gone = Literal["report", "withdraw"]
Told = Literal["all", "changed", "rejected"]

_BATCH: Final = 250
"""Rows of a transaction: more saves nothing (measured), and makes everybody else who posts wait longer."""
_WITHDRAWN_AT_ONCE: Final = 500
_OF_WHAT_IS_KEPT: Final = frozenset({"vacancy_id", "need_id", "offer_id", "etag", "version"})
"""A trial leaves nothing behind that these could name."""
_INTERRUPTED: Final = {
    "code": "interrupted",
    "text_da": "afbrudt; send samme fil igen med samme upload-id, så fortsættes der bag det, der er gjort",
    "text_en": "interrupted; send the same file again with the same upload id, and it goes on behind what is done",
}
_SUPERSEDED: Final = {
    "code": "superseded",
    "text_da": "et nyere ark af samme navn er taget imens, og dette skriver ikke over det; gælder dette, så send det med et nyt upload-id",
    "text_en": "a later sheet of the same name was taken meanwhile, and this one does not write over it; if this one is right, send it under a new upload id",
}
_FAILED: Final = {
    "code": "internal_error",
    "text_da": "afbrudt af en fejl hos os, som er noteret; det, der er gjort, står, og samme fil med samme upload-id fortsætter bag det",
    "text_en": "interrupted by an error of ours, which is noted; what is done stands, and the same file under the same upload id goes on behind it",
}


class AnotherFileError(Exception):
    """The rows that are done are not the beginning of this file, or the id belongs to another sheet."""


class SupersededError(Exception):
    """A later sheet of the same name was taken to its end while this one was under way."""


class UnderWayElsewhereError(Exception):
    """Somebody else is taking the same upload on."""


class _TakenBackError(Exception):
    """A trial is taken back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a sheet is to be taken.

    Attributes:
        upload_id: names this upload, so that it can be gone on with.
        sheet: the sender's own name for the sheet: the next one of that name is compared with it.
        caller: who sends it.
        gone: whether rows that are gone are only told, or withdrawn too.
        told: which rows the report names.
    """

    upload_id: str
    sheet: str
    dry_run: bool
    caller: Caller = ANYONE
    gone: Gone = "report"
    told: Told = "all"

    def owner_of(self, sheet: Sheet) -> str:
        """Say in whose name the sheet is compared with the one before: the partner's, the municipality's, or the offers' whose staff it is."""
        if not isinstance(self.caller, PersonCaller):
            return self.caller.name
        reach = self.caller.municipalities if sheet.kind == "needs" else self.caller.offers
        return ":".join(("own", *sorted(reach)))


class Uploading:
    """Takes sheets."""

    def __init__(self, intake: Intake, store: Store, sheets: SheetStore, clock: Callable[[], datetime]) -> None:
        self._intake = intake
        self._store = store
        self._sheets = sheets
        self._clock = clock

    async def begin(self, sheet: Sheet, source: Source, asked: Asked) -> Upload:
        """Register the upload, or find out how far it has come, and pass over what is done.

        Raises:
            AnotherFileError: the id belongs to something else.
            SupersededError: a later sheet of the same name has taken its place.
        """
        upload = await self._sheets.begin(
            asked.upload_id, sheet.kind, asked.owner_of(sheet), asked.sheet, self._clock(), dry_run=asked.dry_run
        )
        same = (upload.kind, upload.owner, upload.sheet, upload.dry_run) == (
            sheet.kind,
            asked.owner_of(sheet),
            asked.sheet,
            asked.dry_run,
        )
        if not same:
            raise AnotherFileError
        if upload.superseded:
            raise SupersededError
        if upload.rows_done:
            there = await asyncio.to_thread(source.skip, upload.rows_done)
            if not there or source.digest != upload.prefix:
                raise AnotherFileError
        if upload.finished_at is not None and not await asyncio.to_thread(source.is_at_end):
            raise AnotherFileError
        return upload

    async def report(self, sheet: Sheet, source: Source, upload: Upload, asked: Asked) -> AsyncGenerator[bytes, None]:
        """Take the rows, and tell what becomes of each, a line of JSON at a time; whatever happens, the last one says how it ended."""
        yield _line(_heading(sheet, source, upload))
        try:
            if upload.finished_at is None:
                async with aclosing(self._rows(sheet, source, upload, asked)) as lines:
                    async for line in lines:
                        yield line
                async with aclosing(self._ended(sheet, source, upload, asked)) as lines:
                    async for line in lines:
                        yield line
            yield _line({"summary": await self._summary(upload, complete=source.broken is None)})
        except (*UNAVAILABLE, UnderWayElsewhereError) as error:
            log.warning("sheet_interrupted", upload=upload.upload_id, rows_done=source.done, error_type=type(error).__name__)
            yield _line({"outcome": "interrupted", "errors": [_INTERRUPTED]})
        except SupersededError:
            log.warning("sheet_superseded", upload=upload.upload_id, rows_done=source.done)
            yield _line({"outcome": "interrupted", "errors": [_SUPERSEDED]})
        except Exception:
            yield _line({"outcome": "interrupted", "errors": [_FAILED]})
            log.exception("sheet_failed", upload=upload.upload_id, rows_done=source.done)

    async def _rows(self, sheet: Sheet, source: Source, upload: Upload, asked: Asked) -> AsyncGenerator[bytes, None]:
        reader = RowReader(sheet, source.layout, asked.caller)
        done, prefix = upload.rows_done, upload.prefix
        reading = asyncio.ensure_future(asyncio.to_thread(_read, source, reader, self._intake.new_ids))
        try:
            while True:
                read, digest = await reading
                if not read:
                    break
                # The next batch is read while this one is stored.
                reading = asyncio.ensure_future(asyncio.to_thread(_read, source, reader, self._intake.new_ids))
                before, done, prefix = done, done + len(read), digest
                settled = await self._store_batch(sheet, upload, read, before, prefix, asked.caller)
                yield _told(read, settled, source.layout, asked)
        finally:
            reading.cancel()
        if source.broken is not None:
            yield _line(_broken(source))

    async def _store_batch(  # noqa: PLR0917 - what a batch is
        self, sheet: Sheet, upload: Upload, read: Sequence[ReadRow], before: int, prefix: bytes, caller: Caller
    ) -> Settled:
        correlation_ids = [new_correlation_id() for _ in read]
        now = self._clock()

        async def work(connection: Connection) -> Settled:
            rows = await resolved(self._sheets, connection, sheet, read, caller)
            requests = [Request(row.command, matter, caller) for row, matter in zip(rows, correlation_ids, strict=True)]
            settled = await self._changed(connection, requests, now, dry_run=upload.dry_run)
            progress = Progress(
                before + len(read),
                prefix,
                Counter(map(_counted_as, settled.outcomes)),
                [(row.row.number, *row.identity) for row in rows if row.identity is not None],
            )
            if not await self._sheets.advance(connection, upload, before, progress):
                raise UnderWayElsewhereError
            return settled

        try:
            settled = await self._store.in_transaction(work)
        except UnderWayElsewhereError:
            await self._refuse_superseded(upload)
            raise
        if not upload.dry_run:
            log_changes(settled.changes)
        return settled

    async def _changed(self, connection: Connection, requests: Sequence[Request], now: datetime, *, dry_run: bool) -> Settled:
        settled: Settled | None = None
        with suppress(_TakenBackError):
            async with connection.transaction():
                settled = await self._intake.settle(connection, requests, now)
                await outbox.add(connection, settled.messages)
                _take_back(dry_run)
        if settled is None:
            raise LookupError("a transaction that ended well has settled something")
        return settled

    async def _ended(self, sheet: Sheet, source: Source, upload: Upload, asked: Asked) -> AsyncGenerator[bytes, None]:
        """Compare with the sheet before; what cannot be read to its end says nothing about what is gone."""
        if source.broken is not None:
            return
        await self._refuse_superseded(upload)
        waiting: list[tuple[str, str]] = []
        async with aclosing(self._sheets.gone(upload)) as gone:
            async for row in gone:
                waiting.append(row)
                if len(waiting) == _WITHDRAWN_AT_ONCE:
                    yield await self._gone(sheet, waiting, asked)
                    waiting = []
        if waiting:
            yield await self._gone(sheet, waiting, asked)
        for twice in await self._sheets.twice(upload):
            yield _line({"twice": twice})
        if not await self._sheets.finish(upload, self._clock(), keep_gone=asked.gone == "report"):
            await self._refuse_superseded(upload)
            raise UnderWayElsewhereError

    async def _refuse_superseded(self, upload: Upload) -> None:
        if (await self._sheets.upload(upload.upload_id)).superseded:
            raise SupersededError

    async def _gone(self, sheet: Sheet, gone: Sequence[tuple[str, str]], asked: Asked) -> bytes:
        commands = [] if asked.dry_run or asked.gone == "report" else _withdrawals(sheet, gone, asked)
        if not commands:
            return b"".join(_line({"gone": reference, "outcome": "reported"}) for _, reference in gone)
        requests = [Request(command, new_correlation_id(), asked.caller) for command in commands]
        outcomes = await self._intake.change(requests)
        return b"".join(_withdrawn(reference, outcome) for (_, reference), outcome in zip(gone, outcomes, strict=True))

    async def _summary(self, upload: Upload, *, complete: bool) -> dict[str, Any]:
        now = await self._sheets.upload(upload.upload_id)
        return {
            "upload": now.upload_id,
            "dry_run": now.dry_run,
            "rows": now.rows_done,
            "created": now.created,
            "changed": now.changed,
            "unchanged": now.unchanged,
            "rejected": now.rejected,
            "complete": complete,
        }


def _take_back(dry_run: bool) -> None:
    if dry_run:
        raise _TakenBackError


def _read(source: Source, reader: RowReader, new_ids: Callable[[int], list[str]]) -> tuple[list[ReadRow], bytes]:
    rows = source.take(_BATCH)
    return [reader.read(row, new_id) for row, new_id in zip(rows, new_ids(len(rows)), strict=True)], source.digest


def _heading(sheet: Sheet, source: Source, upload: Upload) -> dict[str, Any]:
    columns = {} if source.layout is None else {
        "columns": [placed.heading for placed in source.layout.placed],
        "ignored_columns": list(source.layout.ignored),
        "repeated_columns": list(source.layout.twice),
    }  # fmt: skip
    return {
        "upload": upload.upload_id,
        "kind": sheet.kind,
        "sheet": upload.sheet,
        "dry_run": upload.dry_run,
        "rows_done_before": upload.rows_done,
    } | columns


def _told(read: Sequence[ReadRow], settled: Settled, layout: Layout | None, asked: Asked) -> bytes:
    lines = bytearray()
    for row, outcome, position in zip(read, settled.outcomes, settled.positions, strict=True):
        if not _is_told(outcome, asked.told):
            continue
        answer: dict[str, Any] = {"row": row.row.number, "reference": row.reference}
        if isinstance(outcome, Rejected) and layout is not None:
            answer |= {"outcome": "rejected", "errors": layout.told(outcome.reasons, row.row.cells)}
        else:
            answer |= row_answer(outcome, position)
            if isinstance(outcome, Accepted):
                answer["created"] = outcome.created
                if asked.dry_run:
                    answer = {name: value for name, value in answer.items() if name not in _OF_WHAT_IS_KEPT}
        lines += _line(answer)
    return bytes(lines)


def _is_told(outcome: Outcome, told: Told) -> bool:
    match outcome:
        case Rejected():
            return True
        case Unchanged():
            return told == "all"
        case Accepted():
            return told != "rejected"


def _withdrawn(reference: str, outcome: Outcome) -> bytes:
    if isinstance(outcome, Rejected):
        return _line({"gone": reference, "outcome": "rejected", "errors": [reason.model_dump() for reason in outcome.reasons]})
    return _line({"gone": reference, "outcome": "withdrawn" if isinstance(outcome, Accepted) else "unchanged"})


def _broken(source: Source) -> dict[str, Any]:
    error = source.broken
    if error is None:
        return {}
    reason = {"code": "file_broken", "text_da": error.text_da, "text_en": error.text_en}
    return {"row": error.row, "outcome": "rejected", "errors": [reason]}


def _counted_as(outcome: Outcome) -> str:
    match outcome:
        case Accepted():
            return "created" if outcome.created else "changed"
        case Unchanged():
            return "unchanged"
        case Rejected():
            return "rejected"


def _withdrawals(sheet: Sheet, gone: Sequence[tuple[str, str]], asked: Asked) -> list[Command]:
    """Offers are not withdrawn: an offer without a vacancy is found all the same."""
    match sheet.kind:
        case "vacancies":
            return [CloseVacancy(named(asked.caller, sheet, *row), "withdrawn") for row in gone]
        case "needs":
            return [CloseNeed(named(asked.caller, sheet, *row), "withdrawn") for row in gone]
        case "offers":
            return []


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
