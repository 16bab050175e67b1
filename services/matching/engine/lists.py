"""The best places of all needs, kept true by kernels.

A list holds exactly those eligible places whose key is at or below its floor; without a floor (FULL), all of them. That law makes a
withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K. Otherwise all places are searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from services.matching.domain.lists import FULL, NOBODY, WIDTH
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine import list_kernels as kernels
from services.matching.engine.list_kernels import Columns

if TYPE_CHECKING:
    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array

_RANK_MASK = (1 << RANK_BITS) - 1


class Lists:
    """One list per row of the needs. Pairs are given as the engine finds them (FOUND)."""

    def __init__(self) -> None:
        self.columns = _columns(0)

    def grow(self, size: int) -> None:
        """Make room for `size` needs."""
        former = self.columns
        if size > len(former.floors):
            self.columns = _columns(size)
            for new, old in zip(self.columns, former, strict=True):
                new[: len(old)] = old

    def clear(self, needs: Array) -> None:
        """Empty lists: they hold all of nothing."""
        keys, rows, points, unknown, editions, floors = self.columns
        keys[needs], rows[needs], floors[needs] = FULL, NOBODY, FULL
        points[needs], unknown[needs], editions[needs] = 0, 0, 0

    def take_off(self, pairs: Array, wanted: int) -> Array:
        """Take places off lists, and give those pairs that stood among the first `wanted`."""
        changed = np.zeros(len(pairs), dtype=np.int64)
        return np.asarray(pairs[changed[: kernels.take_off(self.columns, pairs, wanted, changed)]])

    def put_in(self, pairs: Array, editions: Array, wanted: int) -> Array:
        """Put places on lists that take them, and give those pairs that came among the first `wanted`."""
        changed = np.zeros(len(pairs), dtype=np.int64)
        return np.asarray(pairs[changed[: kernels.put_in(self.columns, pairs, editions, wanted, changed)]])

    def fill(self, need: int, pairs: Array, editions: Array) -> None:
        """Put the outcome of a search over all places on a list: `pairs` has every eligible place of the need."""
        kernels.fill(self.columns, need, pairs, editions)

    def must_search(self, needs: Array, wanted: int) -> Array:
        """Give those of the needs for which places that are not remembered might belong to the first `wanted`."""
        return np.asarray(needs[(self.columns.floors[needs] != FULL) & (self.columns.keys[needs, wanted - 1] == FULL)])

    def renumber(self, renumbering: Renumbering) -> None:
        """Go over to new ranks of all ids."""
        for keys in (self.columns.keys, self.columns.floors):
            used = keys != FULL
            ranks = renumbering.new_rank(keys[used] & _RANK_MASK)
            keys[used] = (keys[used] & ~_RANK_MASK) | ranks


def _columns(size: int) -> Columns:
    cells = (size, WIDTH)
    return Columns(
        keys=np.full(cells, FULL, dtype=np.int64),
        rows=np.full(cells, NOBODY, dtype=np.int32),
        points=np.zeros(cells, dtype=np.int64),
        unknown=np.zeros(cells, dtype=np.int32),
        editions=np.zeros(cells, dtype=np.int64),
        floors=np.full(size, FULL, dtype=np.int64),
    )
