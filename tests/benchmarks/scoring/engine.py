"""The engine as the benchmarks ask it: the only place here that knows how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.pairs import PairScorer
from tests.benchmarks.scoring.ranking import Ranking

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from tests.benchmarks.scoring.statements import Market


CANDIDATE_BYTES: Final = 32
"""What the engine keeps of a need to pass over it, or not."""


class Engine:
    """Ranks the needs of a place, and the places of a need."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._scorer = PairScorer(market.needs, market.vacancies, market.books, market.terms)

    def needs_of_a_place(self, vacancy_row: int, first: int) -> Ranking:
        """Give all eligible needs, best first, and the points of the first."""
        found = list(self._scorer.scored(self._market.need_rows, np.array([vacancy_row])))
        needs = _joined([piece.needs for piece in found])
        return _ranking(needs, _joined([piece.score for piece in found]), _joined([piece.points for piece in found]), first)

    def places_of_a_need(self, need_row: int, first: int) -> Ranking:
        """Give the first eligible places, best first, with their points."""
        found = list(self._scorer.scored(np.array([need_row]), self._market.vacancy_rows))
        places = _joined([piece.vacancies for piece in found])
        all_ = _ranking(places, _joined([piece.score for piece in found]), _joined([piece.points for piece in found]), first)
        return Ranking(all_.ids[:first], all_.points)


def _joined(pieces: list[Array]) -> Array:
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64)


def _ranking(ids: Array, score: Array, points: Array, first: int) -> Ranking:
    order = np.lexsort((ids, -score))
    return Ranking(ids[order].astype(np.int64), points[order[:first]].astype(np.int64))
