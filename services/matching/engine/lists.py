"""The best places of all needs, kept true by kernels.

A list holds exactly those eligible places whose key is at or below its floor; without a floor (FULL), all of them. That law makes a
withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K. Otherwise all places are searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.lists import FULL, NOBODY, NOTHING
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine import list_kernels as kernels
from services.matching.engine.holder_kernels import BLOCK, ENTRIES, Holders
from services.matching.engine.list_kernels import CELLS, Columns

if TYPE_CHECKING:
    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array

_RANK_MASK: Final = (1 << RANK_BITS) - 1
_GROWTH: Final = 8
"""Blocks of holders are grown by an eighth at least."""


class Lists:
    """One list per row of the needs: 88 bytes, and some 60 for the entries of those who hold a place."""

    def __init__(self) -> None:
        none, no_rows = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32)
        holders = Holders(np.zeros(0, dtype=BLOCK), no_rows, no_rows, no_rows, no_rows, np.zeros(1, dtype=np.int64))
        self.columns = Columns(_empty_lists(0), none, none, holders, no_rows)

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
                floors=np.concatenate((floors, np.full(more, NOTHING, dtype=np.int64))),
                # A chain has an entry for each list that holds the place, and less than half as many stale ones.
                walked=np.empty(2 * needs + 64, dtype=np.int32),
            )

    def rank(self, place: int, rank: int) -> None:
        """Note where the id of a place stands among all ids; before it comes on any list."""
        if place >= len(self.columns.ranks):
            self._grow_places(place + 1)
        self.columns.ranks[place] = rank

    def renumber(self, renumbering: Renumbering) -> None:
        """Go over to new ranks of all ids."""
        floors, ranks = self.columns.floors, self.columns.ranks
        cut = (floors != FULL) & (floors != NOTHING)
        floors[cut] = (floors[cut] & ~_RANK_MASK) | renumbering.new_rank(floors[cut] & _RANK_MASK)
        ranks[:] = renumbering.new_rank(ranks)

    def clear(self, needs: Array) -> None:
        """Empty lists: they know nothing."""
        kernels.clear(self.columns, needs)

    def clear_all(self) -> None:
        """Empty all lists at once, and keep the room."""
        cells, floors, _, holders, _ = self.columns
        cells["places"], cells["scores"], floors[:] = NOBODY, 0, NOTHING
        holders.heads[:], holders.sizes[:], holders.stale[:] = NOBODY, 0, 0
        holders.free[:], holders.free_blocks[0] = np.arange(len(holders.free))[::-1], len(holders.free)

    def fill(self, needs: Array, pairs: Array) -> None:
        """Put the outcome of a search over all places on lists: `pairs` has every eligible place of these needs, need by need."""
        self._make_room(len(pairs))
        kernels.fill(self.columns, needs, pairs)

    def take_off(self, place: int, wanted: int) -> Array:
        """Take a place off all lists; give on whose it stood among the first `wanted`."""
        changed = np.empty(self.columns.holders.sizes[place], dtype=np.int32)
        return changed[: kernels.take_off(self.columns, place, wanted, changed)]

    def put_in(self, pairs: Array, wanted: int) -> Array:
        """Put places, as the engine finds them (FOUND), on lists that take them; give on whose they came among the first `wanted`."""
        self._make_room(len(pairs))
        changed = np.empty(len(pairs), dtype=np.int32)
        return changed[: kernels.put_in(self.columns, pairs, wanted, changed)]

    def must_search(self, needs: Array, wanted: int) -> Array:
        """Give those of the needs for which places that are not remembered might belong to the first `wanted`."""
        short = np.empty(len(needs), dtype=np.int64)
        return short[: kernels.must_search(self.columns, needs, wanted, short)]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _grow_places(self, more: int) -> None:
        ranks, holders = self.columns.ranks, self.columns.holders
        none, nobody = np.zeros(more, dtype=np.int32), np.full(more, NOBODY, dtype=np.int32)
        self.columns = self.columns._replace(
            ranks=np.concatenate((ranks, np.zeros(more, dtype=np.int64))),
            holders=holders._replace(
                heads=np.concatenate((holders.heads, nobody)),
                sizes=np.concatenate((holders.sizes, none)),
                stale=np.concatenate((holders.stale, none)),
            ),
        )

    def _make_room(self, pairs: int) -> None:
        """Have blocks enough for so many pairs: some begin the chain of a place, or its next block."""
        holders = self.columns.holders
        most = min(pairs, pairs // ENTRIES + len(holders.heads)) + 1
        former, free = len(holders.blocks), int(holders.free_blocks[0])
        if most <= free:
            return
        more = max(most, former // _GROWTH)
        blocks, stack = np.empty(former + more, dtype=BLOCK), np.empty(former + more, dtype=np.int32)
        blocks[:former] = holders.blocks
        # The former ones on top, so that memory that was never written is asked for last.
        stack[: more + free] = np.concatenate((np.arange(former + more - 1, former - 1, -1), holders.free[:free]))
        holders.free_blocks[0] = more + free
        self.columns = self.columns._replace(holders=holders._replace(blocks=blocks, free=stack))


def _empty_lists(count: int) -> Array:
    cells = np.zeros(count, dtype=CELLS)
    cells["places"] = NOBODY
    return cells
