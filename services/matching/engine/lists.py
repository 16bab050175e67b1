"""The best places of all needs, kept true by kernels.

A list holds exactly those eligible places whose key is at or below its floor; without a floor (FULL), all of them. That law makes a
withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K. Otherwise all places are searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from services.matching.domain.lists import FULL, NOBODY
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine import list_kernels as kernels
from services.matching.engine.list_kernels import CELLS, Columns

if TYPE_CHECKING:
    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array

_RANK_MASK = (1 << RANK_BITS) - 1


class Lists:
    """One list per row of the needs: 88 bytes."""

    def __init__(self) -> None:
        self.columns = Columns(_empty_lists(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

    @property
    def places(self) -> Array:
        """The rows of the places on each list, best first, NOBODY where none stands."""
        return np.asarray(self.columns.cells["places"])

    @property
    def scores(self) -> Array:
        return np.asarray(self.columns.cells["scores"])

    def grow(self, needs: int) -> None:
        """Make room for so many rows of needs."""
        cells, floors, more = self.columns.cells, self.columns.floors, needs - len(self.columns.floors)
        if more > 0:
            self.columns = self.columns._replace(
                cells=np.concatenate((cells, _empty_lists(more))),
                floors=np.concatenate((floors, np.full(more, FULL, dtype=np.int64))),
            )

    def rank(self, place: int, rank: int) -> None:
        """Note where the id of a place stands among all ids; before it comes on any list."""
        ranks = self.columns.ranks
        if place >= len(ranks):
            ranks = np.concatenate((ranks, np.zeros(place + 1, dtype=np.int64)))
            self.columns = self.columns._replace(ranks=ranks)
        ranks[place] = rank

    def renumber(self, renumbering: Renumbering) -> None:
        """Go over to new ranks of all ids."""
        floors, ranks = self.columns.floors, self.columns.ranks
        cut = floors != FULL
        floors[cut] = (floors[cut] & ~_RANK_MASK) | renumbering.new_rank(floors[cut] & _RANK_MASK)
        ranks[:] = renumbering.new_rank(ranks)

    def clear(self, needs: Array) -> None:
        """Empty lists: they hold all of nothing."""
        self.columns.cells[needs], self.columns.floors[needs] = _empty_lists(1), FULL

    def fill(self, needs: Array, pairs: Array) -> None:
        """Put the outcome of a search over all places on lists: `pairs` has every eligible place of these needs."""
        self.clear(needs)
        self.put_in(pairs, 0)

    def take_off(self, place: int, needs: Array, wanted: int) -> Array:
        """Take a place off the lists of those of the needs that hold it; give on whose it stood among the first `wanted`."""
        changed = np.empty(len(needs), dtype=np.int32)
        return changed[: kernels.take_off(self.columns, place, needs, wanted, changed)]

    def put_in(self, pairs: Array, wanted: int) -> Array:
        """Put places, as the engine finds them (FOUND), on lists that take them; give on whose they came among the first `wanted`."""
        changed = np.empty(len(pairs), dtype=np.int32)
        return changed[: kernels.put_in(self.columns, pairs, wanted, changed)]

    def must_search(self, needs: Array, wanted: int) -> Array:
        """Give those of the needs for which places that are not remembered might belong to the first `wanted`."""
        short = np.empty(len(needs), dtype=np.int64)
        return short[: kernels.must_search(self.columns, needs, wanted, short)]


def _empty_lists(count: int) -> Array:
    cells = np.zeros(count, dtype=CELLS)
    cells["places"] = NOBODY
    return cells
