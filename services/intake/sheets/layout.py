"""How the headings of one sheet, and its rows, become what the contract reads; and back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.intake.sheets.cells import UnreadableError
from services.intake.sheets.columns import MOST_GROUPS, Column, Sheet
from shared.contracts.receipt import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_GUARDED: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula (OWASP: CSV injection)."""

_MOST_KNOWN: Final = 1000
_MOST_KNOWN_CHARACTERS: Final = 200
"""So much of what a column says is remembered, for as long as the sheet is read: a megabyte or two in all."""

_NEW: Final = object()

_INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(slots=False)
class Placed:
    """A column at its place in a sheet."""

    at: int
    column: Column
    heading: str
    number: int
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Look at the column once, and not in every row."""
        self.first, _, rest = self.column.path.replace("[]", "").partition(".")
        self.second = rest or None
        self.group = self.column.group
        self.is_free = self.column.cell.is_free

    def read(self, cell: str, text: str) -> Any:  # noqa: ANN401 - a JSON value
        """Read a cell, and remember what it says where columns say the same again and again, as codes do.

        Args:
            cell: as it stands.
            text: the same without space around it.

        Raises:
            UnreadableError: it has not the form that the column takes.
        """
        value = self.column.cell.read(unguarded(text)) if text else None
        if not self.is_free and len(self.known) < _MOST_KNOWN and len(cell) < _MOST_KNOWN_CHARACTERS:
            self.known[cell] = value
        return value


class RowRead(NamedTuple):
    """A row as the JSON of a draft, what its cells refused, and all that somebody wrote in it freely."""

    document: dict[str, Any]
    unreadable: list[Reason]
    free: str


@dataclass(frozen=True)
class Layout:
    """The columns of one sheet as it came.

    Attributes:
        placed: the columns that were understood, from left to right.
        ignored: headings that were not.
        twice: headings of a column that another heading has said already.
    """

    sheet: Sheet
    placed: tuple[Placed, ...]
    ignored: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()

    @cached_property
    def _by_place(self) -> tuple[Placed | None, ...]:
        by_place = {placed.at: placed for placed in self.placed}
        return tuple(by_place.get(at) for at in range(max(by_place, default=-1) + 1))

    @cached_property
    def _groups(self) -> frozenset[str]:
        return frozenset(placed.group for placed in self.placed if placed.group is not None)

    @property
    def missing(self) -> list[Column]:
        """List the columns without which no row can be taken."""
        there = {placed.column.path for placed in self.placed}
        return [column for column in self.sheet.columns if column.required and column.path not in there]

    def read(self, cells: Sequence[str]) -> RowRead:
        """Read a row into the JSON of a draft; what a cell itself refuses stands beside it."""
        document: dict[str, Any] = {}
        reasons: list[Reason] = []
        free: list[str] = []
        for placed, cell in zip(self._by_place, cells, strict=False):
            if not cell or placed is None:
                continue
            value = placed.known.get(cell, _NEW)
            if value is _NEW:
                value = _read(placed, cell, reasons, free)
            if value is None:
                continue
            if placed.second is None:
                document[placed.first] = value
            elif placed.group is None:
                document.setdefault(placed.first, {})[placed.second] = value
            else:
                document.setdefault(placed.first, {}).setdefault(placed.number, {})[placed.second] = value
        for group in self._groups:
            if group in document:
                document[group] = [one for _, one in sorted(document[group].items())]
        return RowRead(document, reasons, "\n".join(free))

    def told(self, reasons: Iterable[Reason], cells: Sequence[str]) -> list[dict[str, Any]]:
        """Say what is wrong with a row, by the heading of the column as this sheet has it."""
        return [{"column": self._heading(reason.field, cells)} | reason.model_dump() for reason in reasons]

    def _heading(self, path: str | None, cells: Sequence[str]) -> str | None:
        if path is None:
            return None
        whole = _INDEX.sub("", path)
        index = int(found[1]) if (found := _INDEX.search(path)) else None
        best: Placed | None = None
        for placed in self.placed:
            plain = placed.column.path.replace("[]", "")
            if not (whole == plain or whole.startswith(f"{plain}.") or plain.startswith(f"{whole}.")):
                continue
            if placed.column.group is not None and index is not None and placed.number != self._number(placed, index, cells):
                continue
            if best is None or (plain == whole and best.column.path.replace("[]", "") != whole):
                best = placed
        return best.heading if best is not None else self._would_be(whole)

    def _number(self, placed: Placed, index: int, cells: Sequence[str]) -> int | None:
        """Groups that a row leaves empty do not count in the draft; in the headings they do."""
        group = placed.column.group
        used = sorted({p.number for p in self.placed if p.column.group == group and p.at < len(cells) and cells[p.at].strip()})
        return used[index] if index < len(used) else None

    def _would_be(self, whole: str) -> str | None:
        """Name the column that the sheet lacks."""
        for column in self.sheet.columns:
            if column.path.replace("[]", "") == whole:
                return column.da.replace("{n}", "1")
        return None


def _read(placed: Placed, cell: str, reasons: list[Reason], free: list[str]) -> Any:  # noqa: ANN401 - a JSON value
    text = cell.strip()
    if placed.is_free and text:
        free.append(text)
    try:
        return placed.read(cell, text)
    except ValueError as error:  # a text that no reading of ours foresaw is wrong in its cell, and spoils no other row
        reasons.append(_unreadable(placed, error.form if isinstance(error, UnreadableError) else placed.column.cell.form))
        return None


def lay_out(sheet: Sheet, headings: Sequence[str]) -> Layout:
    """Understand the headings of a sheet."""
    known = _known_headings(sheet)
    placed: list[Placed] = []
    ignored: list[str] = []
    twice: list[str] = []
    seen: set[tuple[str, int]] = set()
    for at, given in enumerate(headings):
        heading = given.strip()
        found = known.get(plain_heading(heading))
        if found is None:
            if heading:
                ignored.append(heading)
            continue
        column, number = found
        if (column.path, number) in seen:
            twice.append(heading)
            continue
        seen.add((column.path, number))
        placed.append(Placed(at, column, heading, number))
    return Layout(sheet, tuple(placed), tuple(ignored), tuple(twice))


def our_layout(sheet: Sheet, groups: Mapping[str, int], *, with_what_stays: bool = False) -> Layout:
    """Lay out a sheet of ours, with so many of each numbered group; in Danish."""
    placed: list[Placed] = []
    done: set[str] = set()
    for column in sheet.columns:
        if column.stays and not with_what_stays:
            continue
        if column.group is None:
            placed.append(_at(len(placed), column, 1))
        elif column.group not in done:
            done.add(column.group)
            members = [one for one in sheet.columns if one.group == column.group]
            for number in range(1, groups.get(column.group, 1) + 1):
                placed += [_at(len(placed) + more, member, number) for more, member in enumerate(members)]
    return Layout(sheet, tuple(placed))


def written(layout: Layout, document: Mapping[str, Any]) -> list[str]:
    """Write a draft's JSON as the cells of a row."""
    return [_cell(placed, document) for placed in layout.placed]


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula, and before an apostrophe that stands there for itself."""
    return f"'{text}" if text.startswith(_GUARDED) or unguarded(text) != text else text


def unguarded(text: str) -> str:
    """Take the apostrophe away again."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in _GUARDED else text


def plain_heading(heading: str) -> str:
    """Compare headings without regard to case, punctuation and spaces; a unit in brackets, or the star of what is required, says no more."""
    return re.sub(r"[\W_]+", " ", heading.casefold().replace("§", " paragraf ")).strip()


def _known_headings(sheet: Sheet) -> dict[str, tuple[Column, int]]:
    known: dict[str, tuple[Column, int]] = {}
    for column in sheet.columns:
        if column.group is None:
            for heading in (column.path, column.da, column.en, *column.also):
                known.setdefault(plain_heading(heading), (column, 1))
            continue
        for number in range(1, MOST_GROUPS + 1):
            for heading in (
                column.path_of(number),
                *(one.replace("{n}", str(number)) for one in (column.da, column.en, *column.also)),
            ):
                known.setdefault(plain_heading(heading), (column, number))
        for heading in (column.da, column.en, *column.also):
            known.setdefault(plain_heading(heading.replace("{n}", "")), (column, 1))
    return known


def _at(at: int, column: Column, number: int) -> Placed:
    return Placed(at, column, column.da.replace("{n}", str(number)), number)


def _cell(placed: Placed, document: Mapping[str, Any]) -> str:
    value: Any = document.get(placed.first)
    if placed.group is not None:
        value = value[placed.number - 1] if value and len(value) >= placed.number else None
    if placed.second is not None and value is not None:
        value = value.get(placed.second)
    return "" if value is None or value in ([], {}) else placed.column.cell.write(value)


def _unreadable(placed: Placed, form: str) -> Reason:
    return Reason(
        field=placed.column.path_of(placed.number),
        code="cell_unreadable",
        text_da=f"kan ikke læses; skriv fx {form}",
        text_en=f"cannot be read; write e.g. {form}",
    )
