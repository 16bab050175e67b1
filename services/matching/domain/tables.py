"""Rows of typed columns, one for each id, written and emptied in place.

A row is one piece of memory and a column a view over all rows: who looks at a single pair reads a few neighbouring cache lines, and
whoever works out something for all rows still writes it as a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from services.matching.domain.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = npt.NDArray[Any]

Column = tuple[type[np.generic], tuple[int, ...]]
"""The type of a column, and how many values of it a row has."""

_FIRST_SIZE: Final = 64
_LINE: Final = 64
"""Bytes that memory gives at once."""


class Slots:
    """Numbers of rows by id; an emptied row is used again."""

    def __init__(self) -> None:
        self.of = Ids()
        self.take, self.release, self.id_of = self.of.take, self.of.release, self.of.id_of


class Table:
    """Columns that grow together: those of `COLUMNS` lie in `rows`, row by row, those `BESIDE` each on its own."""

    COLUMNS: Mapping[str, Column]
    BESIDE: Mapping[str, Column]

    def __init__(self) -> None:
        self.slots = Slots()
        self._size = 0
        self._kind = row_of(self.COLUMNS)
        self._grow(_FIRST_SIZE)

    def _grow(self, size: int) -> None:
        rows, former = _rows_of(size, self._kind), self._size
        if former:
            rows[:former] = self.rows
        self.rows: Array = rows
        for name in self.COLUMNS:
            setattr(self, name, rows[name])
        for name, (kind, width) in self.BESIDE.items():
            column = np.zeros((size, *width), dtype=kind)
            if former:
                column[:former] = getattr(self, name)
            setattr(self, name, column)
        self._size = size

    def _take(self, entity_id: str) -> int:
        slot = self.slots.take(entity_id)
        if slot >= self._size:
            self._grow(2 * self._size)
        return slot

    def __len__(self) -> int:
        return len(self.slots.of)


def row_of(columns: Mapping[str, Column]) -> np.dtype[np.void]:
    """Lay columns out in a row of whole lines of the cache, the widest first, so that nothing lies between them."""
    widest_first = sorted(columns.items(), key=lambda column: -np.dtype(column[1][0]).itemsize)
    fields = [(name, kind, width) for name, (kind, width) in widest_first]
    unused = -np.dtype(fields, align=True).itemsize % _LINE
    return np.dtype([*fields, *([("unused", np.uint8, (unused,))] if unused else [])], align=True)


def _rows_of(size: int, kind: np.dtype[np.void]) -> Array:
    """Make empty rows that begin where a line of the cache does: none lies across more lines than it must."""
    room = np.zeros(size * kind.itemsize + _LINE, dtype=np.uint8)
    start = -room.ctypes.data % _LINE
    return room[start : start + size * kind.itemsize].view(kind)
