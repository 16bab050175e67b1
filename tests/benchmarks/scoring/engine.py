"""The engine as the benchmarks ask it: the only place here that knows how it is called."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.tables import row_of
from services.matching.engine.index_kernels import BLOCK, WIDTH
from services.matching.engine.scorer import Scorer
from services.matching.engine.warming import warm_up
from services.matching.state import MatchingState
from tests.benchmarks.scoring.citizens import draw_needs
from tests.benchmarks.scoring.ranking import Ranking
from tests.benchmarks.scoring.world import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.matching.domain.terms import Terms
    from shared.contracts.vacancy import Vacancy
    from tests.benchmarks.scoring.statements import Market

CANDIDATE_BYTES: Final = BLOCK.itemsize // WIDTH
"""What the engine keeps of a need under each of its target groups, to pass over it, or not."""

ROW_BYTES: Final = row_of(NeedColumns.COLUMNS).itemsize
"""By which a need is judged and measured."""


class Engine:
    """Ranks the needs of a place, and the places of a need."""

    def __init__(self, market: Market) -> None:
        self._scorer = Scorer(market.needs, market.vacancies, market.books, market.terms)
        self._scorer.put_needs(market.need_rows)
        self._scorer.put_places(market.vacancy_rows)

    def needs_of_a_place(self, vacancy_row: int, first: int) -> Ranking:
        """Give all eligible needs, best first, and the points of the first."""
        ranked = self._scorer.ranked_needs(vacancy_row, first)
        return Ranking(ranked.rows, ranked.first["points"])

    def places_of_a_need(self, need_row: int, first: int) -> Ranking:
        """Give the first eligible places, best first, with their points."""
        best = self._scorer.best_places(need_row, first)
        return Ranking(best["vacancy"], best["points"])


class BestPlaces:
    """A worker's state with drawn needs, each holding its best places."""

    def __init__(self, terms: Terms, needs: int, vacancies: Sequence[Vacancy], seed: int) -> None:
        warm_up()
        self._state = MatchingState(terms)
        self._k = terms.policy.best_k
        started = time.process_time()
        self.change({vacancy.vacancy_id: vacancy for vacancy in vacancies})
        say(f"{len(vacancies)} places are open after {time.process_time() - started:.0f} s of a core")
        ids = [vacancy.vacancy_id for vacancy in vacancies]
        columns = self._state._needs
        draw_needs(columns, self._state._books, terms, size=needs, vacancy_ids=ids, seed=seed)
        self._state._lists.grow(len(columns.live))
        self._rows = np.arange(len(columns.live))
        drawn = time.process_time()
        self._state._let_take_part(self._rows)
        say(
            f"{needs} needs are drawn after {drawn - started:.0f} s, and hold their best after {time.process_time() - drawn:.0f} s more"
        )

    def bytes_a_need(self) -> tuple[float, float]:
        """Give what a list costs, and what the entries cost of those who hold a place."""
        columns = self._state._lists.columns
        holders = columns.holders
        used = (len(holders.blocks) - int(holders.free_blocks[0])) * holders.blocks.itemsize
        return columns.cells.itemsize + columns.floors.itemsize, used / len(self._rows)

    def change(self, changes: Mapping[str, Vacancy | None]) -> int:
        """Let vacancies be published, changed or withdrawn, and give how many needs have other places then."""
        return len(self._state.change_vacancies(changes))

    def lists_of_places(self) -> dict[str, int]:
        """Give on how many lists each open vacancy stands among the first K."""
        rows = self._state._lists.places[:, : self._k]
        counts = np.bincount(rows[rows >= 0], minlength=len(self._state._vacancies.version))
        return {vacancy_id: int(counts[row]) for vacancy_id, row in self._state._vacancies.slots.of.items()}

    def wrong_lists(self) -> int:
        """Search all places for every need again, and count whose first K were not what they should have been."""
        lists = self._state._lists
        before = lists.places[:, : self._k].copy(), lists.scores[:, : self._k].copy()
        lists.clear(self._rows)
        self._state._search(self._rows)
        differs = (before[0] != lists.places[:, : self._k]) | (before[1] != lists.scores[:, : self._k])
        return int(differs.any(axis=1).sum())
