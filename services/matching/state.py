"""The whole state of a worker's matching: needs and open vacancies in columns, and the best places of each need, kept true.

Nothing here knows Kafka.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.lists import FULL, Lists, Offers, score_of, sort_keys
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.pair_points import unknown_codes, unpack_points
from services.matching.domain.pairs import PairScorer, Scored
from services.matching.domain.ranks import Ranks
from services.matching.domain.standing import Observer
from services.matching.domain.terms import PARTS
from services.matching.domain.vacancy_columns import VacancyColumns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import PartCode
    from shared.contracts.vacancy import Vacancy

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
        self._live_rows: Array | None = None
        self._edition = 0
        self._use(terms)

    def _use(self, terms: Terms) -> None:
        self._terms = terms
        self._parts = tuple(code for code in PARTS if code in terms.parts)
        self._scorer = PairScorer(self._needs, self._vacancies, self._books, terms)

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
        return int(np.count_nonzero(self._lists.keys[:, : self._k] != FULL))

    def places(self, need_id: str) -> list[Place]:
        """Give the first K places of a live need, best first."""
        slot, vacancies = self._needs.slots.of[need_id], self._vacancies
        keys = self._lists.keys[slot, : self._k].tolist()
        rows, points, unknown = (column[slot].tolist() for column in (self._lists.rows, self._lists.points, self._lists.unknown))
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
        slot, lists = self._needs.slots.of[need_id], self._lists
        keys = lists.keys[slot, : self._k].tolist()
        count = self._k if keys[-1] != FULL else keys.index(FULL)
        columns = (lists.rows, lists.editions, lists.points, lists.unknown)
        rows, editions, points, unknown = (column[slot, :count].tolist() for column in columns)
        return zip(rows, editions, map(score_of, keys), points, unknown, strict=False)

    def observer(self) -> Observer:
        """Give who looks at all open places for one need, also at those that it cannot have."""
        return Observer(self._needs, self._vacancies, self._books, self._terms)

    def is_live(self, need_id: str) -> bool:
        slot = self._needs.slots.of.get(need_id)
        return slot is not None and bool(self._needs.live[slot])

    # --- what happens ------------------------------------------------------------------------------------------------

    def change_terms(self, terms: Terms) -> list[str]:
        """Go over to a newer policy or another day; give the needs that must be made live again, being scored anew."""
        waiting = [self._needs.slots.id_of(slot) for slot in self._live().tolist()]
        self._needs.change_terms(terms)
        self._vacancies.change_terms(terms)
        self._use(terms)
        self._needs.live[:] = False
        self._live_rows = None
        return waiting

    def put_needs(self, needs: Collection[NeedProfile], *, live: bool) -> None:
        """Take open needs in, or their new versions; live ones are scored against all places at once."""
        rows = [self._needs.put(need, self._terms, live=False) for need in needs]
        self._lists.grow(len(self._needs.live))
        self._live_rows = None
        if live and rows:
            self._let_take_part(np.unique(np.array(rows, dtype=np.int64)))

    def make_live(self, need_ids: Collection[str]) -> None:
        """Let waiting needs take part from now on."""
        self._let_take_part(np.array(sorted(self._needs.slots.of[need_id] for need_id in need_ids), dtype=np.int64))

    def _let_take_part(self, rows: Array) -> None:
        """Score needs, and only then call them live: a need whose search failed has no answer."""
        self._search(rows)
        self._needs.live[rows] = True
        self._live_rows = None

    def remove_needs(self, need_ids: Iterable[str]) -> None:
        """Forget needs that are closed, erased, or another worker's now."""
        slots = [slot for need_id in need_ids if (slot := self._needs.remove(need_id)) is not None]
        if slots:
            self._lists.clear(np.array(slots, dtype=np.int64))
        self._live_rows = None

    def change_vacancies(self, changes: Mapping[str, Vacancy | None]) -> Changed:
        """Take in the present state of vacancies, None for one that is not open, and keep every list true; scored together."""
        ids_of: dict[int, str] = {}
        former = self._forget(changes, ids_of)
        leaving = self._lists.holding(former, len(self._vacancies.version))
        offered = self._within_floor(self._take_in(changes, ids_of))
        losing = np.flatnonzero(leaving.any(axis=1))
        touched = np.union1d(losing, offered.needs)
        if not len(touched):
            return {}
        before = self._lists.editions[touched, : self._k]
        causes = np.zeros(len(touched), dtype=np.int64)
        causes[np.searchsorted(touched, losing)] = self._lists.rows[losing, leaving[losing].argmax(axis=1)]
        causes[np.searchsorted(touched, offered.needs)] = offered.vacancies
        self._lists.merge(touched, leaving[touched], offered)
        self._search(self._lists.must_search(touched, self._k))
        changed = (self._lists.editions[touched, : self._k] != before).any(axis=1)
        return {
            self._needs.slots.id_of(slot): ids_of[row]
            for slot, row in zip(touched[changed].tolist(), causes[changed].tolist(), strict=True)
        }

    # --- inside ------------------------------------------------------------------------------------------------------

    @property
    def _k(self) -> int:
        return self._terms.policy.best_k

    def _live(self) -> Array:
        if self._live_rows is None:
            self._live_rows = np.flatnonzero(self._needs.live)
        return self._live_rows

    def _forget(self, changes: Mapping[str, Vacancy | None], ids_of: dict[int, str]) -> Array:
        """Give the rows that the vacancies had so far, and empty those of the ones that close."""
        rows: list[int] = []
        for vacancy_id, vacancy in changes.items():
            row = self._vacancies.slots.of.get(vacancy_id)
            if row is not None:
                rows.append(row)
                ids_of[row] = vacancy_id
                if vacancy is None:
                    self._vacancies.remove(vacancy_id)
                    self._ranks.remove(vacancy_id)
        return np.array(rows, dtype=np.int64)

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
        return np.array(sorted(rows), dtype=np.int64)

    def _renumber(self, renumbering: Renumbering) -> None:
        self._lists.renumber(renumbering)
        self._vacancies.rank[:] = renumbering.new_rank(self._vacancies.rank)

    def _within_floor(self, vacancy_rows: Array) -> Offers:
        """Score all live needs against some vacancies, and keep what lists would take."""
        pieces = [self._lists.within_floor(self._offers(scored)) for scored in self._scorer.scored(self._live(), vacancy_rows)]
        return _all(pieces)

    def _offers(self, scored: Scored) -> Offers:
        rows = scored.vacancies
        return Offers(
            scored.needs,
            rows,
            sort_keys(scored.score, self._vacancies.rank[rows]),
            scored.points,
            scored.unknown,
            self._vacancies.edition[rows],
        )

    def _search(self, need_rows: Array) -> None:
        """Fill the lists of these needs, ascending, from all open places."""
        if not len(need_rows):
            return
        self._lists.clear(need_rows)
        for needs, scored in self._pieces(need_rows):
            self._lists.fill(needs, self._offers(scored))

    def _pieces(self, need_rows: Array) -> Iterator[tuple[Array, Scored]]:
        for scored in self._scorer.scored(need_rows, np.flatnonzero(self._vacancies.matchable)):
            yield np.unique(scored.needs), scored


def _all(pieces: list[Offers]) -> Offers:
    if len(pieces) == 1:
        return pieces[0]
    nothing = np.zeros(0, dtype=np.int64)
    columns = [one.columns() for one in pieces] or [(nothing,) * 6]
    return Offers(*(np.concatenate(column) for column in zip(*columns, strict=True)))
