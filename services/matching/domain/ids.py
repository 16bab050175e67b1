"""Rows by id, without a Python object for each: a million ids of needs are a million UUIDs.

A UUID is kept as two words and found by open addressing, some 23 bytes in all where a dictionary of strings takes 200. An id that is no
UUID in its usual spelling is kept in a dictionary beside.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_WORD_BITS: Final = 64
_WORD: Final = 2**_WORD_BITS - 1
_NOTHING: Final = 0
"""Both words of a row that holds no UUID; the nil UUID itself is kept beside."""

_EMPTY: Final = -1
_LEFT: Final = -2
"""A cell whose id went away: who searches goes on behind it."""

_FIRST_CELLS: Final = 97
_CELLS_A_ROW: Final = 1.9
"""After growing; it grows at four rows to five cells."""


class Ids(Mapping[str, int]):
    """Numbers of rows by id, and back; the row of an id that went away is given to another."""

    def __init__(self) -> None:
        self._high, self._low = array("Q"), array("Q")
        self._cells = array("i", [_EMPTY]) * _FIRST_CELLS
        self._used_cells = 0
        self._others: dict[str, int] = {}
        self._other_of: dict[int, str] = {}
        self._free: list[int] = []

    # --- looking -----------------------------------------------------------------------------------------------------

    def get(self, entity_id: str, default: int | None = None) -> int | None:  # type: ignore[override]  # as it is used here
        """Give the row of an id."""
        value = _number_of(entity_id)
        if value is None:
            return self._others.get(entity_id, default)
        cell = self._cell_of(value)
        return default if cell is None else self._cells[cell]

    def __getitem__(self, entity_id: str) -> int:
        row = self.get(entity_id)
        if row is None:
            raise KeyError(entity_id)
        return row

    def __contains__(self, entity_id: object) -> bool:
        return isinstance(entity_id, str) and self.get(entity_id) is not None

    def __len__(self) -> int:
        return len(self._high) - len(self._free)

    def __iter__(self) -> Iterator[str]:
        """Give the ids in the order of their rows."""
        for row, (high, low) in enumerate(zip(self._high, self._low, strict=True)):
            if high or low:
                yield _text_of(high, low)
            elif row in self._other_of:
                yield self._other_of[row]

    def id_of(self, row: int) -> str:
        """Give the id of a row.

        Raises:
            KeyError: the row is nobody's.
        """
        high, low = self._high[row], self._low[row]
        return _text_of(high, low) if high or low else self._other_of[row]

    # --- taking and releasing ----------------------------------------------------------------------------------------

    def take(self, entity_id: str) -> int:
        """Give the row of an id, a new one if it has none."""
        value = _number_of(entity_id)
        if value is None:
            row = self._others.get(entity_id)
            if row is None:
                row = self._others[entity_id] = self._new_row(_NOTHING)
                self._other_of[row] = entity_id
            return row
        cell = self._cell_of(value)
        return self._put(value) if cell is None else self._cells[cell]

    def release(self, entity_id: str) -> int | None:
        """Forget an id and give the row that it had."""
        value = _number_of(entity_id)
        if value is None:
            row = self._others.pop(entity_id, None)
            if row is None:
                return None
            del self._other_of[row]
        else:
            cell = self._cell_of(value)
            if cell is None:
                return None
            row, self._cells[cell] = self._cells[cell], _LEFT
            self._high[row] = self._low[row] = _NOTHING
        self._free.append(row)
        return row

    # --- inside ------------------------------------------------------------------------------------------------------

    def _cell_of(self, value: int) -> int | None:
        """Find the cell that leads to a UUID's row."""
        cells, high, low = self._cells, value >> _WORD_BITS, value & _WORD
        size = len(cells)
        cell = value % size
        while (row := cells[cell]) != _EMPTY:
            if row >= 0 and self._low[row] == low and self._high[row] == high:
                return cell
            cell += 1
            if cell == size:
                cell = 0
        return None

    def _put(self, value: int) -> int:
        if 5 * self._used_cells >= 4 * len(self._cells):
            self._spread()
        row = self._new_row(value)
        self._lead_to(row, value)
        return row

    def _new_row(self, value: int) -> int:
        high, low = value >> _WORD_BITS, value & _WORD
        if self._free:
            row = self._free.pop()
            self._high[row], self._low[row] = high, low
            return row
        self._high.append(high)
        self._low.append(low)
        return len(self._high) - 1

    def _lead_to(self, row: int, value: int) -> None:
        cells = self._cells
        size = len(cells)
        cell = value % size
        while cells[cell] >= 0:
            cell = (cell + 1) % size
        self._used_cells += cells[cell] == _EMPTY
        cells[cell] = row

    def _spread(self) -> None:
        """Begin anew with more cells, and none that an id has left: all rows look for a cell at once, and who finds it taken goes on."""
        size = int(_CELLS_A_ROW * (len(self) + _FIRST_CELLS)) | 1
        high, low = (np.frombuffer(words, dtype=np.uint64) for words in (self._high, self._low))
        waiting = np.flatnonzero(high | low).astype(np.int32)
        word_more = np.uint64((1 << _WORD_BITS) % size)
        wanted = ((high[waiting] % size * word_more + low[waiting] % size) % size).astype(np.int64)
        cells = np.full(size, _EMPTY, dtype=np.int32)
        while len(waiting):
            free = cells[wanted] == _EMPTY
            cells[wanted[free]] = waiting[free]
            late = cells[wanted] != waiting
            waiting, wanted = waiting[late], (wanted[late] + 1) % size
        self._cells = array("i", cells.tobytes())
        self._used_cells = len(self._high) - len(self._free) - len(self._others)


def _number_of(entity_id: str) -> int | None:
    """Read a UUID in its usual spelling, but for the nil one; None for any other id."""
    if _UUID(entity_id) is None:
        return None
    return int(entity_id.replace("-", ""), 16) or None


def _text_of(high: int, low: int) -> str:
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
