"""The engine as the benchmarks ask it: the only place here that knows how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.lists import MOST_POINTS
from services.matching.engine.index_kernels import BLOCK, WIDTH
from services.matching.engine.scorer import Scorer
from tests.benchmarks.scoring.ranking import Ranking

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from tests.benchmarks.scoring.statements import Market

CANDIDATE_BYTES: Final = BLOCK.itemsize // WIDTH
"""What the engine keeps of a need under each of its target groups, to pass over it, or not."""

_ROW_BITS: Final = 32
_ROW_MASK: Final = (1 << _ROW_BITS) - 1


class Engine:
    """Ranks the needs of a place, and the places of a need."""

    def __init__(self, market: Market) -> None:
        self._scorer = Scorer(market.needs, market.vacancies, market.books, market.terms)
        self._scorer.put_needs(market.need_rows)
        self._scorer.put_places(market.vacancy_rows)

    def needs_of_a_place(self, vacancy_row: int, first: int) -> Ranking:
        """Give all eligible needs, best first, and the points of the first."""
        return _ranking(self._scorer.of_place(vacancy_row), "need", first)

    def places_of_a_need(self, need_row: int, first: int) -> Ranking:
        """Give the first eligible places, best first, with their points."""
        all_ = _ranking(self._scorer.of_need(need_row), "vacancy", first)
        return Ranking(all_.ids[:first], all_.points)


def _ranking(found: Array, side: str, first: int) -> Ranking:
    """Sort by points, most first, then by id; one integer holds both, so that numbers are sorted and nothing else."""
    keys = (MOST_POINTS - found["score"].astype(np.int64)) << _ROW_BITS | found[side]
    if len(keys) <= first:
        best = np.argsort(keys)
        return Ranking(keys[best] & _ROW_MASK, found["points"][best])
    best = np.argpartition(keys, first)[:first]
    best = best[np.argsort(keys[best])]
    return Ranking(np.sort(keys) & _ROW_MASK, found["points"][best])
