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

_FIRST_SIZE: Final = 64


class Slots:
    """Numbers of rows by id; an emptied row is used again."""

    def __init__(self) -> None:
        self.of = Ids()
        self.take, self.release, self.id_of = self.of.take, self.of.release, self.of.id_of


class Table:
    """Columns that grow together. `rows` holds them all."""

    COLUMNS: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]

    def __init__(self) -> None:
        self.slots = Slots()
        self._size = 0
        self._kind = _row_of(self.COLUMNS)
        self._grow(_FIRST_SIZE)

    def _grow(self, size: int) -> None:
        rows = np.zeros(size, dtype=self._kind)
        if self._size:
            rows[: self._size] = self.rows
        self.rows: Array = rows
        for name in self.COLUMNS:
            setattr(self, name, rows[name])
        self._size = size

    def _take(self, entity_id: str) -> int:
        slot = self.slots.take(entity_id)
        if slot >= self._size:
            self._grow(2 * self._size)
        return slot

    def __len__(self) -> int:
        return len(self.slots.of)


def _row_of(columns: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]) -> np.dtype[np.void]:
    """Lay columns out in a row, the widest first, so that nothing lies between them."""
    widest_first = sorted(columns.items(), key=lambda column: -np.dtype(column[1][0]).itemsize)
    return np.dtype([(name, kind, width) for name, (kind, width) in widest_first], align=True)
