"""The whole state of a worker's matching: needs and open vacancies in columns, and the best places of each need, kept true.

Nothing here knows Kafka.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.lists import FULL, score_of
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.pair_points import unknown_codes, unpack_points
from services.matching.domain.ranks import Ranks
from services.matching.domain.standing import Observer
from services.matching.domain.terms import PARTS
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.engine.lists import Lists
from services.matching.engine.pair_kernels import FOUND
from services.matching.engine.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import PartCode
    from shared.contracts.vacancy import Vacancy

_NO_PAIRS: Final = np.zeros(0, dtype=FOUND)

Changed = dict[str, str]
"""Needs whose first K places changed, each with the id of a vacancy that caused it."""


class Place(NamedTuple):
    """One place on a need's list."""

    vacancy_id: str
    vacancy_version: int
    opening: int
    score: int
    points: Mapping[str, int]
    unknown: tuple[str, ...]


Cell = tuple[int, int, int, int, int]
"""One place on a need's list as it is kept: row and edition of the vacancy, score, points packed by part, what is unknown as bits."""


class MatchingState:
    """Columns and lists under one set of terms."""

    def __init__(self, terms: Terms) -> None:
        self._books = Codebooks()
        self._needs = NeedColumns(self._books)
        self._vacancies = VacancyColumns(self._books)
        self._ranks = Ranks()
        self._lists = Lists()
        self._edition = 0
        self._scorer = Scorer(self._needs, self._vacancies, self._books, terms)
        self._use(terms)

    def _use(self, terms: Terms) -> None:
        self._terms = terms
        self._parts = tuple(code for code in PARTS if code in terms.parts)
        self._observer = Observer(self._needs, self._vacancies, self._books, terms)

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def parts(self) -> tuple[PartCode, ...]:
        """The parts of the policy, in the order of PARTS."""
        return self._parts

    def vacancy_at(self, row: int) -> tuple[str, int, int]:
        """Give id, version and opening of the vacancy in a row."""
        vacancies = self._vacancies
        return vacancies.slots.id_of(row), int(vacancies.version[row]), int(vacancies.opening[row])

    @property
    def terms(self) -> Terms:
        return self._terms

    @property
    def needs_open(self) -> int:
        return len(self._needs)

    @property
    def vacancies_open(self) -> int:
        return len(self._vacancies)

    @property
    def pairs(self) -> int:
        """Count the (need, place) pairs that stand on lists, K at most for each need."""
        return int(np.count_nonzero(self._lists.columns.keys[:, : self._k] != FULL))

    def places(self, need_id: str) -> list[Place]:
        """Give the first K places of a live need, best first."""
        slot, vacancies, lists = self._needs.slots.of[need_id], self._vacancies, self._lists.columns
        keys = lists.keys[slot, : self._k].tolist()
        rows, points, unknown = (column[slot].tolist() for column in (lists.rows, lists.points, lists.unknown))
        return [
            Place(
                vacancies.slots.id_of(row),
                int(vacancies.version[row]),
                int(vacancies.opening[row]),
                score_of(key),
                unpack_points(packed, self._parts),
                unknown_codes(bits),
            )
            for key, row, packed, bits in zip(keys, rows, points, unknown, strict=False)
            if key != FULL
        ]

    def cells(self, need_id: str) -> Iterable[Cell]:
        """Give the same as they are kept."""
        slot, lists = self._needs.slots.of[need_id], self._lists.columns
        keys = lists.keys[slot, : self._k].tolist()
        count = self._k if keys[-1] != FULL else keys.index(FULL)
        columns = (lists.rows, lists.editions, lists.points, lists.unknown)
        rows, editions, points, unknown = (column[slot, :count].tolist() for column in columns)
        return zip(rows, editions, map(score_of, keys), points, unknown, strict=False)

    @property
    def observer(self) -> Observer:
        """Who looks at all open places for one need, also at those that it cannot have."""
        return self._observer

    def is_live(self, need_id: str) -> bool:
        slot = self._needs.slots.of.get(need_id)
        return slot is not None and bool(self._needs.live[slot])

    # --- what happens ------------------------------------------------------------------------------------------------

    def change_terms(self, terms: Terms) -> list[str]:
        """Go over to a newer policy or another day; give the needs that must be made live again, being scored anew."""
        live = np.flatnonzero(self._needs.live)
        waiting = [self._needs.slots.id_of(slot) for slot in live.tolist()]
        self._needs.live[:] = False
        self._lists.clear(live)
        self._needs.change_terms(terms)
        self._vacancies.change_terms(terms)
        self._use(terms)
        self._scorer.use(terms)
        self._scorer.put_places(np.flatnonzero(self._vacancies.matchable))
        return waiting

    def begin_again(self) -> list[str]:
        """Trust no list any more, after a change that failed half way; gives the needs that must be made live again."""
        return self.change_terms(self._terms)

    def put_needs(self, needs: Collection[NeedProfile], *, live: bool) -> None:
        """Take open needs in, or their new versions; live ones are scored against all places at once."""
        rows = np.unique(np.array([self._needs.put(need, self._terms, live=False) for need in needs], dtype=np.int64))
        self._lists.grow(len(self._needs.live))
        self._leave_out(rows)
        if live:
            self._let_take_part(rows)

    def make_live(self, need_ids: Collection[str]) -> None:
        """Let waiting needs take part from now on."""
        rows = np.unique(np.array([self._needs.slots.of[need_id] for need_id in need_ids], dtype=np.int64))
        self._let_take_part(rows[~self._needs.live[rows]])

    def _let_take_part(self, rows: Array) -> None:
        """Score needs, and only then call them live: a need whose search failed has no answer."""
        self._search(rows)
        self._scorer.drop_needs(rows)  # what an attempt that failed has left there
        self._scorer.put_needs(rows)
        self._needs.live[rows] = True

    def _leave_out(self, rows: Array) -> None:
        """Take needs out of the matching, and what they were told with them."""
        self._scorer.drop_needs(rows)
        self._lists.clear(rows)

    def remove_needs(self, need_ids: Iterable[str]) -> None:
        """Forget needs that are closed, erased, or another worker's now."""
        slots = [slot for need_id in need_ids if (slot := self._needs.remove(need_id)) is not None]
        self._leave_out(np.array(slots, dtype=np.int64))

    def change_vacancies(self, changes: Mapping[str, Vacancy | None]) -> Changed:
        """Take in the present state of vacancies, None for one that is not open, and keep every list true; scored together.

        Where it fails, lists may hold what they should not, and nobody can tell which: see `begin_again`.
        """
        ids_of: dict[int, str] = {}
        held = self._holding(changes, ids_of)
        offered = self._within_floor(self._take_in(changes, ids_of))
        changed = (
            self._lists.take_off(held, self._k),
            self._lists.put_in(offered, self._vacancies.edition, self._k),
        )
        self._search(self._lists.must_search(np.unique(held["need"]), self._k))
        return {
            self._needs.slots.id_of(slot): ids_of[row]
            for pairs in changed
            for slot, row in zip(pairs["need"].tolist(), pairs["vacancy"].tolist(), strict=True)
        }

    # --- inside ------------------------------------------------------------------------------------------------------

    @property
    def _k(self) -> int:
        return self._terms.policy.best_k

    def _holding(self, changes: Mapping[str, Vacancy | None], ids_of: dict[int, str]) -> Array:
        """Give on which lists the vacancies stand so far, and empty the rows of those that close.

        A list holds exactly what a need may have within its floor: whoever would take a place as it still is has it.
        """
        known = {vacancy_id: row for vacancy_id in changes if (row := self._vacancies.slots.of.get(vacancy_id)) is not None}
        rows = np.array(sorted(known.values()), dtype=np.int64)
        held = self._within_floor(rows[self._vacancies.matchable[rows]])
        self._scorer.drop_places(rows)
        for vacancy_id, row in known.items():
            ids_of[row] = vacancy_id
            if changes[vacancy_id] is None:
                self._vacancies.remove(vacancy_id)
                self._ranks.remove(vacancy_id)
        return held

    def _take_in(self, changes: Mapping[str, Vacancy | None], ids_of: dict[int, str]) -> Array:
        """Write the open vacancies and give the rows of those that can be matched, ascending."""
        rows: list[int] = []
        for vacancy_id, vacancy in changes.items():
            if vacancy is None:
                continue
            row = self._vacancies.put(vacancy, self._terms)
            ids_of[row] = vacancy_id
            self._edition += 1
            self._vacancies.edition[row] = self._edition
            renumbering = self._ranks.add(vacancy_id)
            if renumbering is not None:
                self._renumber(renumbering)
            self._vacancies.rank[row] = self._ranks.of(vacancy_id)
            if self._vacancies.matchable[row]:
                rows.append(row)
        taken_in = np.array(sorted(rows), dtype=np.int64)
        self._scorer.put_places(taken_in)
        return taken_in

    def _renumber(self, renumbering: Renumbering) -> None:
        self._lists.renumber(renumbering)
        self._vacancies.rank[:] = renumbering.new_rank(self._vacancies.rank)

    def _within_floor(self, vacancy_rows: Array) -> Array:
        """Score all live needs against some vacancies, and keep what lists would take."""
        floors = self._lists.columns.floors
        return np.concatenate([_NO_PAIRS, *(self._scorer.of_place(row, floors) for row in vacancy_rows.tolist())])

    def _search(self, need_rows: Array) -> None:
        """Fill the lists of these needs from all open places."""
        for row in need_rows.tolist():
            self._lists.fill(row, self._scorer.of_need(row), self._vacancies.edition)
