"""Whole numbers that stand in the order of ids, so that a tie between equal scores is broken by comparing integers."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

RANK_BITS: Final = 40
_END: Final = 1 << RANK_BITS
_STEP: Final = 1 << 16
"""Between an id and the next that comes after all others, as ids that begin with the time do."""


class Ranks:
    """Gives each id a rank between those of its neighbours; when there is no room left, all are numbered again."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._rank: dict[str, int] = {}

    def of(self, entity_id: str) -> int:
        return self._rank[entity_id]

    def add(self, entity_id: str) -> Renumbering | None:
        """Take an id in; where all had to be numbered again, say how the old ranks become new ones."""
        if entity_id in self._rank:
            return None
        at = bisect_left(self._ids, entity_id)
        below = self._rank[self._ids[at - 1]] if at else 0
        above = self._rank[self._ids[at]] if at < len(self._ids) else _END
        rank = min(below + _STEP, (below + above) // 2)
        renumbering = None
        self._ids.insert(at, entity_id)
        if rank == below:
            renumbering = self._number_again(without=at)
        else:
            self._rank[entity_id] = rank
        return renumbering

    def remove(self, entity_id: str) -> None:
        if self._rank.pop(entity_id, None) is not None:
            del self._ids[bisect_left(self._ids, entity_id)]

    def _number_again(self, *, without: int) -> Renumbering:
        old = np.array([self._rank[known] for at, known in enumerate(self._ids) if at != without], dtype=np.int64)
        step = min(_STEP, _END // (len(self._ids) + 2))
        self._rank = {known: (at + 1) * step for at, known in enumerate(self._ids)}
        new = np.array([self._rank[known] for at, known in enumerate(self._ids) if at != without], dtype=np.int64)
        return Renumbering(old, new)


class Renumbering:
    """How old ranks become new ones, in the same order."""

    def __init__(self, old: Array, new: Array) -> None:
        self._old = np.concatenate((np.zeros(1, dtype=np.int64), old))
        self._new = np.concatenate((np.zeros(1, dtype=np.int64), new))

    def new_rank(self, old_rank: Array) -> Array:
        """Give the new ranks; the rank of an id that is gone becomes that of the last id before it."""
        return self._new[np.searchsorted(self._old, old_rank, side="right") - 1]
