"""The whole state of a worker's matching: needs and open vacancies in columns, and the best places of each need, kept true.

Nothing here knows Kafka.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.lists import NOBODY
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.pair_points import unknown_codes, unpack_points
from services.matching.domain.ranks import Ranks
from services.matching.domain.standing import Observer
from services.matching.domain.terms import PARTS
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.engine.lists import Lists
from services.matching.engine.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import PartCode
    from shared.contracts.vacancy import Vacancy


class Changed(Mapping[str, str]):
    """Needs whose first K places changed, each with the id of the newest vacancy that caused it, and those of the newest first.

    They are rows until somebody asks for ids, which must be before any need is put in or removed.
    """

    def __init__(self, rows_by_vacancy: Sequence[tuple[str, Array]], need_id_of: Callable[[int], str]) -> None:
        self._rows_by_vacancy = rows_by_vacancy
        self._need_id_of = need_id_of

    @cached_property
    def rows(self) -> Array:
        """The rows of these needs, each once, ascending."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *(rows for _, rows in self._rows_by_vacancy)]))

    @cached_property
    def _causes(self) -> dict[str, str]:
        causes: dict[str, str] = {}
        for vacancy_id, rows in self._rows_by_vacancy:
            for row in rows.tolist():
                causes.setdefault(self._need_id_of(row), vacancy_id)
        return causes

    def __getitem__(self, need_id: str) -> str:
        return self._causes[need_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._causes)

    def __len__(self) -> int:
        return len(self.rows)


class Place(NamedTuple):
    """One place on a need's list."""

    vacancy_id: str
    vacancy_version: int
    opening: int
    score: int
    points: Mapping[str, int]
    unknown: tuple[str, ...]


Cell = tuple[int, int, int, int, int]
"""One place on a need's list: row and edition of the vacancy, score, points packed by part, what is unknown as bits."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What stands on the lists of some needs, one list after the other.

    Attributes:
        starts: where each list begins, and where the last one ends.
        columns: as in Cell.
    """

    starts: Sequence[int]
    columns: Sequence[Sequence[int]]

    def cells(self, position: int) -> Iterable[Cell]:
        """Give the cells of one of the needs."""
        start, end = self.starts[position], self.starts[position + 1]
        rows, editions, scores, points, unknown = (column[start:end] for column in self.columns)
        return zip(rows, editions, scores, points, unknown, strict=True)


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
        return int(np.count_nonzero(self._lists.places[:, : self._k] != NOBODY))

    def places(self, need_id: str) -> list[Place]:
        """Give the first K places of a live need, best first."""
        return [
            Place(*self.vacancy_at(row), score, unpack_points(packed, self._parts), unknown_codes(bits))
            for row, _, score, packed, bits in self.cells(need_id)
        ]

    def cells(self, need_id: str) -> Iterable[Cell]:
        """Give the same as numbers."""
        return self.cells_of(np.array([self._needs.slots.of[need_id]], dtype=np.int64)).cells(0)

    def cells_of(self, need_rows: Array) -> Listed:
        """Give what stands on the lists of live needs, weighed in one go."""
        listed = self._scorer.of_lists(need_rows, self._lists, self._k)
        counts = np.count_nonzero(self._lists.places[need_rows, : self._k] != NOBODY, axis=1)
        vacancies = listed["vacancy"]
        columns = (vacancies, self._vacancies.edition[vacancies], listed["score"], listed["points"], listed["unknown"])
        return Listed([0, *np.cumsum(counts).tolist()], [column.tolist() for column in columns])

    @property
    def observer(self) -> Observer:
        """Who looks at all open places for one need, also at those that it cannot have."""
        return self._observer

    def row_of(self, need_id: str) -> int | None:
        """Give the row of an open need."""
        return self._needs.slots.of.get(need_id)

    def id_of(self, row: int) -> str:
        """Give the need of a row."""
        return self._needs.slots.id_of(row)

    def is_live(self, need_id: str) -> bool:
        row = self.row_of(need_id)
        return row is not None and bool(self._needs.live[row])

    def are_live(self, rows: Array) -> Array:
        """Say of each row whether its need takes part in matching."""
        return np.asarray(self._needs.live[rows])

    # --- what happens ------------------------------------------------------------------------------------------------

    def change_terms(self, terms: Terms) -> Array:
        """Go over to a newer policy or another day; give the rows of needs that must be made live again, being scored anew."""
        live = np.flatnonzero(self._needs.live)
        self._needs.live[:] = False
        self._lists.clear_all()
        self._needs.change_terms(terms)
        self._vacancies.change_terms(terms)
        self._use(terms)
        self._scorer.use(terms)
        self._scorer.put_places(np.flatnonzero(self._vacancies.matchable))
        return live

    def begin_again(self) -> Array:
        """Trust no list any more, after a change that failed half way; gives the rows of needs that must be made live again."""
        return self.change_terms(self._terms)

    def put_needs(self, needs: Collection[NeedProfile], *, live: bool) -> Array:
        """Take open needs in, or their new versions, and give their rows; live ones are scored against all places at once."""
        rows = np.unique(np.array([self._needs.put(need, self._terms, live=False) for need in needs], dtype=np.int64))
        self._lists.grow(len(self._needs.live))
        self._leave_out(rows)
        if live:
            self._let_take_part(rows)
        return rows

    def make_live(self, rows: Array) -> None:
        """Let waiting needs take part from now on."""
        rows = np.unique(rows)
        self._let_take_part(rows[~self._needs.live[rows]])

    def _let_take_part(self, rows: Array) -> None:
        """Score needs, and only then call them live: a need whose search failed has no answer."""
        self._leave_out(rows)  # what an attempt that failed has left: half of a list looks like a whole one
        self._search(rows)
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
        lost = list(self._take_off(changes))
        gained = list(self._put_in(changes))
        order = {vacancy_id: position for position, vacancy_id in enumerate(changes)}
        newest_first = sorted((*lost, *gained), key=lambda one: order[one[0]], reverse=True)
        changed = Changed(newest_first, self._needs.slots.id_of)
        self._search(self._lists.must_search(Changed(lost, self._needs.slots.id_of).rows, self._k))
        return changed

    # --- inside ------------------------------------------------------------------------------------------------------

    @property
    def _k(self) -> int:
        return self._terms.policy.best_k

    def _take_off(self, vacancy_ids: Iterable[str]) -> Iterator[tuple[str, Array]]:
        """Take vacancies off all lists as they still are; give for each the needs that had it among their first K."""
        ranked = len(self._lists.columns.ranks)  # what is beyond failed to be written, and is on no list
        for vacancy_id in vacancy_ids:
            row = self._vacancies.slots.of.get(vacancy_id)
            if row is not None and row < ranked and self._vacancies.matchable[row]:
                yield vacancy_id, self._lists.take_off(row, self._k)

    def _put_in(self, changes: Mapping[str, Vacancy | None]) -> Iterator[tuple[str, Array]]:
        """Put the open vacancies on all lists that take them; give for each the needs that have it among their first K."""
        rows = self._write(changes)
        for vacancy_id, row in rows.items():
            pairs = self._scorer.of_place(row, self._lists.columns.floors)
            yield vacancy_id, self._lists.put_in(pairs, self._k)

    def _write(self, changes: Mapping[str, Vacancy | None]) -> Mapping[str, int]:
        """Write the vacancies into their rows; give the rows of those that can be matched."""
        of = self._vacancies.slots.of
        former = [of[vacancy_id] for vacancy_id in changes if vacancy_id in of]
        if former:
            self._scorer.drop_places(np.array(former, dtype=np.int64))
        for vacancy_id, vacancy in changes.items():
            if vacancy is None:
                self._vacancies.remove(vacancy_id)
                self._ranks.remove(vacancy_id)
        written = {vacancy_id: self._write_open(vacancy) for vacancy_id, vacancy in changes.items() if vacancy is not None}
        matchable = {vacancy_id: row for vacancy_id, row in written.items() if self._vacancies.matchable[row]}
        if matchable:
            self._scorer.put_places(np.array(sorted(matchable.values()), dtype=np.int64))
        return matchable

    def _write_open(self, vacancy: Vacancy) -> int:
        row = self._vacancies.put(vacancy, self._terms)
        self._edition += 1
        self._vacancies.edition[row] = self._edition
        renumbering = self._ranks.add(vacancy.vacancy_id)
        if renumbering is not None:
            self._renumber(renumbering)
        rank = self._ranks.of(vacancy.vacancy_id)
        self._vacancies.rank[row] = rank
        self._lists.rank(row, rank)
        return row

    def _renumber(self, renumbering: Renumbering) -> None:
        self._lists.renumber(renumbering)
        self._vacancies.rank[:] = renumbering.new_rank(self._vacancies.rank)

    def _search(self, need_rows: Array) -> None:
        """Fill the lists of these needs from all open places."""
        for needs, pairs in self._scorer.of_needs(need_rows):
            self._lists.fill(needs, pairs)
