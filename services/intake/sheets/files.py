"""The rows of a file, one after another: CSV in whatever encoding and with whatever separator, .xlsx, or JSON lines.

A file lies on disk (`spooled` by the handler) and is read from it in order; no more than a row of it is held at a time, beside the
table of shared strings that an .xlsx has.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final, Literal

from openpyxl import load_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Format = Literal["csv", "xlsx", "jsonl"]

MOST_CELL_CHARACTERS: Final = 32_767
"""What a cell of a spreadsheet can hold."""
MOST_LINE_BYTES: Final = 256 * 1024
MOST_COLUMNS: Final = 500
_MOST_XLSX_BYTES: Final = 2 * 1024**3
"""Unpacked: some 2 million rows of our width."""
_MOST_SHARED_BYTES: Final = 128 * 1024**2
_NO_XML: Final = re.compile(r"[\x00-\x08\x0b-\x1f]")
_ESCAPED: Final = re.compile(r"_x(00[01][0-9A-Fa-f])_")
_NO_CHARACTERS: Final = dict.fromkeys((0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), 0xFFFD)
_CHUNK: Final = 1024 * 1024
_SNIFFED: Final = 64 * 1024
_DELIMITERS: Final = ";,\t|"
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_BYTE_ORDER_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class BrokenFileError(Exception):
    """The file cannot be read, or not further than to a row: what is wrong, in Danish and English."""

    def __init__(self, text_da: str, text_en: str, row: int | None = None) -> None:
        super().__init__(text_en)
        self.text_da = text_da
        self.text_en = text_en
        self.row = row


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number as a spreadsheet counts, from 1; `cells`, or the bytes of a line of JSON."""

    number: int
    cells: tuple[str, ...] = ()
    line: bytes | None = None

    @property
    def content(self) -> bytes:
        """Give what is compared when the same file is sent again."""
        return self.line if self.line is not None else "\x1f".join(self.cells).encode("utf-8", "surrogatepass")


def rows_of(path: Path, form: Format) -> Iterator[Row]:
    """Give the rows that are not empty, the headings of a table first.

    Raises:
        BrokenFileError: it cannot be read on.
    """
    match form:
        case "csv":
            return _csv_rows(path)
        case "xlsx":
            return _xlsx_rows(path)
        case "jsonl":
            return _json_rows(path)


# --- CSV -----------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(MOST_CELL_CHARACTERS)
    number = 0
    try:
        with path.open(encoding=encoding_of(path), newline="") as file:
            first = file.readline(_SNIFFED)
            given = _SEPARATOR_LINE.fullmatch(first)
            if given is None:
                file.seek(0)
            number = 1 if given else 0
            reader = csv.reader(file, delimiter=given[1] if given else delimiter_of(first), strict=True)
            while (cells := next(reader, None)) is not None:
                number += 1
                if any(cells):
                    yield Row(number, tuple(cells[:MOST_COLUMNS]))
    except (csv.Error, UnicodeError) as error:
        raise BrokenFileError(
            "Rækken kan ikke læses; er et anførselstegn ikke lukket?",
            "The row cannot be read; is a quotation mark not closed?",
            number + 1,
        ) from error


def encoding_of(path: Path) -> str:
    """Tell the encoding: what its first bytes mark, UTF-8 if all of it is, and else the Latin-1 of Windows."""
    with path.open("rb") as file:
        beginning = file.read(4)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if beginning.startswith(mark):
                return encoding
        for encoding in ("utf-8", "cp1252"):
            file.seek(0)
            if _decodes(file, encoding):
                return encoding
    return "latin-1"


def _decodes(file: object, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in iter(lambda: file.read(_CHUNK), b""):  # type: ignore[attr-defined] # a binary file
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(line: str) -> str:
    """Tell the separator by the headings: what stands most often outside quotation marks."""
    outside = re.sub(r'"[^"]*"?', "", line)
    return max(_DELIMITERS, key=outside.count)


# --- .xlsx ---------------------------------------------------------------------------------------------------------


def _xlsx_rows(path: Path) -> Iterator[Row]:
    _refuse_bomb(path)
    number = 0
    try:
        with path.open("rb") as file, closing(load_workbook(file, read_only=True, data_only=True, keep_links=False)) as workbook:
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()
            for number, values in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
                cells = tuple(map(_as_text, values))
                if any(cells):
                    yield Row(number, cells)
    except Exception as error:  # the parser of a stranger's file raises whatever it stumbles over
        raise _no_xlsx(number + 1) from error


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _no_xlsx(None) from error
    shared = sum(size for name, size in sizes.items() if name.casefold().endswith("sharedstrings.xml"))
    if sum(sizes.values()) > _MOST_XLSX_BYTES or shared > _MOST_SHARED_BYTES:
        raise BrokenFileError("Arket er for stort; del det, eller send CSV.", "The sheet is too large; divide it, or send CSV.")


def _no_xlsx(row: int | None) -> BrokenFileError:
    return BrokenFileError("Filen kan ikke læses som .xlsx.", "The file cannot be read as .xlsx.", row)


def to_xml(text: str) -> str:
    """Write what XML cannot hold as Office Open XML does, `_x000D_`, and what it cannot hold at all as a replacement."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text).translate(_NO_CHARACTERS)


def from_xml(text: str) -> str:
    """Read it back."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return from_xml(value)[:MOST_CELL_CHARACTERS]
    written = _WRITTEN.get(type(value))
    return written(value) if written is not None else str(value)


_WRITTEN: Final[dict[type, Callable[[Any], str]]] = {
    bool: lambda value: "ja" if value else "nej",
    float: lambda value: str(int(value)) if value.is_integer() else str(value),
    datetime: lambda value: value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds"),
    time: lambda value: value.isoformat(timespec="minutes"),
}
"""How a spreadsheet's own types are written; a date is written as it is in ISO 8601."""


# --- JSON lines ----------------------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            complete = line.endswith(b"\n") or len(line) <= MOST_LINE_BYTES
            while not complete:
                # It is refused for its size by whoever reads it; the rest of the line is passed over.
                complete = (rest := file.readline(_CHUNK)).endswith(b"\n") or not rest
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if stripped := line.strip():
                yield Row(number, line=stripped)
