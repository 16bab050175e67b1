"""Columns of equal length that grow together, one row for each id, written and emptied in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = npt.NDArray[Any]

_FIRST_SIZE: Final = 64


class Slots:
    """Numbers of rows by id; an emptied row is used again."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self.ids: list[str | None] = []
        self._free: list[int] = []

    def take(self, entity_id: str) -> int:
        """Give the row of an id, a new one if it has none."""
        slot = self.of.get(entity_id)
        if slot is None:
            if self._free:
                slot = self._free.pop()
                self.ids[slot] = entity_id
            else:
                slot = len(self.ids)
                self.ids.append(entity_id)
            self.of[entity_id] = slot
        return slot

    def id_of(self, slot: int) -> str:
        entity_id = self.ids[slot]
        if entity_id is None:
            raise KeyError(slot)
        return entity_id

    def release(self, entity_id: str) -> int | None:
        slot = self.of.pop(entity_id, None)
        if slot is not None:
            self.ids[slot] = None
            self._free.append(slot)
        return slot


class Table:
    """Columns of equal length that grow together."""

    COLUMNS: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]

    def __init__(self) -> None:
        self.slots = Slots()
        self._size = 0
        self._grow(_FIRST_SIZE)

    def _grow(self, size: int) -> None:
        for name, (kind, width) in self.COLUMNS.items():
            column = np.zeros((size, *width), dtype=kind)
            if self._size:
                column[: self._size] = getattr(self, name)
            setattr(self, name, column)
        self._size = size

    def _take(self, entity_id: str) -> int:
        slot = self.slots.take(entity_id)
        if slot >= self._size:
            self._grow(2 * self._size)
        return slot

    def __len__(self) -> int:
        return len(self.slots.of)
