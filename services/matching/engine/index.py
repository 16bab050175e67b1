"""An index over needs or places by section and target group, changed in place.

A row stands in one bucket for each of its target groups under its own set of sections: sets of sections are few (who asks for § 107
often asks for § 108 too), sets of groups are many. A question visits the buckets of its groups under every set that has one of its
sections, and nobody else is touched. A row costs 33 bytes for each of its groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.engine import index_kernels as kernels
from services.matching.engine.index_kernels import BLOCK, GROUPS, NOBODY, WIDTH, Store

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

_FIRST_BLOCKS: Final = 64
_FIRST_SETS: Final = 8
_GROWTH: Final = 4
"""Grown by a quarter at least: half would be empty after doubling a million."""


class Index:
    """Rows of one table by section and target group."""

    def __init__(self) -> None:
        self._set_of: dict[int, int] = {}
        self._free_blocks = _FIRST_BLOCKS
        self.store = Store(
            blocks=np.zeros(_FIRST_BLOCKS, dtype=BLOCK),
            filled=np.zeros(_FIRST_BLOCKS, dtype=np.int32),
            previous=np.full(_FIRST_BLOCKS, NOBODY, dtype=np.int32),
            bucket=np.zeros(_FIRST_BLOCKS, dtype=np.int32),
            free=np.arange(_FIRST_BLOCKS, dtype=np.int32),
            heads=np.full(_FIRST_SETS * GROUPS, NOBODY, dtype=np.int32),
            sections=np.zeros(_FIRST_SETS, dtype=np.uint64),
            first=np.zeros(0, dtype=np.int32),
        )

    def clear(self) -> None:
        """Forget all rows, and keep the room."""
        store = self.store
        store.heads[:], store.first[:] = NOBODY, NOBODY
        store.free[:] = np.arange(len(store.free))
        self._free_blocks = len(store.free)

    def put(self, rows: Array, sections: Array, lanes: Array) -> None:
        """Take rows in, each once; those that stand here already are written anew."""
        masks, which = np.unique(sections, return_inverse=True)
        sets = np.array([self._number(int(mask)) for mask in masks], dtype=np.int32)[which]
        self._make_room(rows, lanes)
        self.drop(rows)
        self._free_blocks = kernels.insert(self.store, self._free_blocks, rows, sets, lanes)

    def drop(self, rows: Array) -> None:
        """Forget rows; those that do not stand here are left alone."""
        self._free_blocks = kernels.remove(self.store, self._free_blocks, rows[rows < len(self.store.first)])

    def _number(self, mask: int) -> int:
        """Number the sets of sections as they come."""
        number = self._set_of.get(mask)
        if number is None:
            number = self._set_of[mask] = len(self._set_of)
            sections, heads = self.store.sections, self.store.heads
            if number == len(sections):
                self.store = self.store._replace(
                    sections=np.concatenate((sections, np.zeros_like(sections))),
                    heads=np.concatenate((heads, np.full_like(heads, NOBODY))),
                )
            self.store.sections[number] = mask
        return number

    def _make_room(self, rows: Array, lanes: Array) -> None:
        top, first = int(rows.max(initial=-1)) + 1, self.store.first
        if top > len(first):
            more = max(top - len(first), len(first) // _GROWTH)
            self.store = self.store._replace(first=np.concatenate((first, np.full(more, NOBODY, dtype=np.int32))))
        places = int(np.bitwise_count(lanes["groups"]).sum())
        most = min(places, places // WIDTH + GROUPS * len(self._set_of))
        if most > self._free_blocks:
            self._grow(max(most, len(self.store.blocks) // _GROWTH))

    def _grow(self, more: int) -> None:
        store, former, free = self.store, len(self.store.blocks), self._free_blocks
        fresh = np.arange(former, former + more, dtype=np.int32)
        free_now = np.zeros(former + more, dtype=np.int32)
        free_now[: more + free] = np.concatenate((fresh, store.free[:free]))
        self._free_blocks += more
        self.store = store._replace(
            blocks=np.concatenate((store.blocks, np.zeros(more, dtype=BLOCK))),
            filled=np.concatenate((store.filled, np.zeros(more, dtype=np.int32))),
            previous=np.concatenate((store.previous, np.full(more, NOBODY, dtype=np.int32))),
            bucket=np.concatenate((store.bucket, np.zeros(more, dtype=np.int32))),
            free=free_now,
        )
