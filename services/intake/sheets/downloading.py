"""Sheets of what is open, as it was stated, each with its id, so that the same sheet sent back changes nothing, whoever sends it.

What stays in intake is in no sheet: a citizen's points, the consent and the note. A place whose address is protected is in a sheet of
those whose place it is, and in no other.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from typing import TYPE_CHECKING, Any, Final

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from services.intake.domain.authority import Anyone, PartnerCaller, may_see_needs_of
from services.intake.sheets.columns import NEEDS, OFFERS, VACANCIES
from services.intake.sheets.files import to_xml
from services.intake.sheets.layout import guarded, our_layout, unguarded, written
from services.intake.sheets.rows import STAYING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from services.intake.domain.authority import Caller
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.files import Format
    from services.intake.sheets.layout import Layout
    from services.intake.sheets.store import SheetStore

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
_BYTE_ORDER_MARK: Final = "\ufeff".encode()
"""Spreadsheets take CSV for Latin-1 without it."""
_CHUNK: Final = 256 * 1024


class Downloading:
    """Makes sheets of what is open."""

    def __init__(self, sheets: SheetStore) -> None:
        self._sheets = sheets

    async def sheet(self, sheet: Sheet, form: Format, caller: Caller) -> AsyncIterator[bytes]:
        """Give the bytes of a sheet, a page of the table at a time."""
        match form:
            case "csv":
                layout = await self._layout(sheet, caller)
                yield _BYTE_ORDER_MARK + _csv([[placed.heading for placed in layout.placed]])
                async for documents in self._documents(sheet, caller):
                    yield _csv([list(map(guarded, written(layout, document))) for document in documents])
            case "jsonl":
                async for documents in self._documents(sheet, caller):
                    yield b"".join(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE) for document in documents)
            case "xlsx":
                async for chunk in self._xlsx(sheet, caller):
                    yield chunk

    async def _xlsx(self, sheet: Sheet, caller: Caller) -> AsyncIterator[bytes]:
        """Write it row by row to a file, since its table of contents comes last, and give that."""
        layout = await self._layout(sheet, caller)
        workbook = Workbook(write_only=True)
        page = workbook.create_sheet(sheet.name_da)
        page.append([placed.heading for placed in layout.placed])
        async for documents in self._documents(sheet, caller):
            for document in documents:
                page.append([_text_cell(page, text) for text in written(layout, document)])
        with tempfile.TemporaryFile() as file:
            await asyncio.to_thread(workbook.save, file)
            file.seek(0)
            while chunk := file.read(_CHUNK):
                yield chunk

    async def _layout(self, sheet: Sheet, caller: Caller) -> Layout:
        if sheet is VACANCIES:
            return our_layout(sheet, {"price_lines": await self._sheets.most_price_lines(*_whose(caller))})
        if sheet is NEEDS:
            return our_layout(sheet, {"sections": await self._sheets.most_wanted_sections()})
        return our_layout(sheet, {})

    async def _documents(self, sheet: Sheet, caller: Caller) -> AsyncIterator[list[dict[str, Any]]]:
        if sheet is OFFERS:
            only = None if isinstance(caller, Anyone) else caller.offers
            async for page in self._sheets.stated_offers(only):
                yield [_stated(row) | {"offer_id": row["key"]} for row in page if _may_be_told(row, caller)]
        elif sheet is VACANCIES:
            async for page in self._sheets.stated_vacancies(*_whose(caller)):
                yield [
                    _stated(row) | {"offer_id": row["offer_id"], "reference": row["reference"], "vacancy_id": row["key"]}
                    for row in page
                    if _may_be_told(row, caller)
                ]
        else:
            async for page in self._sheets.stated_needs(None if isinstance(caller, Anyone) else caller.municipalities):
                documents = [
                    _without_what_stays(_stated(row)) | {"source_reference": row["source_reference"], "need_id": row["key"]}
                    for row in page
                ]
                yield [document for document in documents if may_see_needs_of(caller, document["handlekommune"])]


def _stated(row: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(row["terms"])
    return document


def _may_be_told(row: Mapping[str, Any], caller: Caller) -> bool:
    """What is published of a place says whether its address is protected; a sheet holds the caller's own places only."""
    return not isinstance(caller, Anyone) or not orjson.loads(row["body"]).get("address_protected")


def _whose(caller: Caller) -> tuple[str | None, frozenset[str] | None]:
    """Name the sender whose vacancies a sheet has (None: every sender's), and the offers that the caller speaks for (None: all)."""
    return caller.name if isinstance(caller, PartnerCaller) else None, None if isinstance(caller, Anyone) else caller.offers


def _without_what_stays(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in STAYING}


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _text_cell(page: Any, text: str) -> Any:  # noqa: ANN401 - openpyxl has no types here
    """Write text that can be no formula, whatever it begins with."""
    if not text:
        return None
    cell = WriteOnlyCell(page, value=to_xml(f"'{text}" if unguarded(text) != text else text))
    cell.data_type = "s"
    return cell
