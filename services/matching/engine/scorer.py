"""Scoring: who may pass is asked of an index, who does of the kernels, and what is rare of Python.

Needs and places stand in the index from the moment they take part in matching until they no longer do, as they were last written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.domain import lists
from services.matching.domain.pair_points import pack_points
from services.matching.domain.prices import CLASSES, PRICE_UNIT
from services.matching.domain.reference import assess
from services.matching.engine import lanes, pair_kernels, search_kernels
from services.matching.engine.index import Index
from services.matching.engine.lanes import LANE
from services.matching.engine.pair_kernels import NO_FLOORS, ROW_BITS, SPARE, Room, Tables, rank_keys, tables_of
from services.matching.engine.pairs import ODD, PRICE_ASKED, RULED_OUT_ASKED
from services.matching.engine.ranking_kernels import sort_keys
from services.matching.engine.search_kernels import ENOUGH
from services.matching.engine.terms_row import BIT, terms_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from services.matching.domain.vacancy_columns import VacancyColumns
    from services.matching.engine.lists import Lists

_ROW_MASK: Final = (1 << ROW_BITS) - 1


class Ranked(NamedTuple):
    """All needs that may have a place, best first.

    Attributes:
        rows: of the needs.
        first: the first of them as FOUND, with their points.
    """

    rows: Array
    first: Array


class Scorer:
    """Weighs pairs of rows of the columns under one set of terms. What it finds is an array of FOUND."""

    def __init__(self, needs: NeedColumns, vacancies: VacancyColumns, books: Codebooks, terms: Terms) -> None:
        self._needs, self._vacancies, self._books = needs, vacancies, books
        self._need_index, self._place_index = Index(), Index()
        self._room = Room.for_rows(0)
        self._keys, self._spare_keys = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32)
        self._tables: Tables | None = None
        self.use(terms)

    def use(self, terms: Terms) -> None:
        """Go over to other terms; nobody takes part until put in again."""
        self._terms = terms
        self._row = terms_row(terms, self._books)
        self._tables = None
        self._need_index.clear()
        self._place_index.clear()

    # --- who takes part ----------------------------------------------------------------------------------------------

    def put_needs(self, rows: Array) -> None:
        """Let needs take part as they are now written."""
        described = np.zeros(len(rows), dtype=LANE)
        lanes.describe_needs(self._needs.rows, rows, described)
        self._need_index.put(rows, self._needs.sections[rows], described)

    def drop_needs(self, rows: Array) -> None:
        self._need_index.drop(rows)

    def put_places(self, rows: Array) -> None:
        """Let places take part as they are now written."""
        described = np.zeros(len(rows), dtype=LANE)
        lanes.describe_places(self._vacancies.rows, rows, described)
        self._place_index.put(rows, self._vacancies.sections[rows], described)

    def drop_places(self, rows: Array) -> None:
        self._place_index.drop(rows)

    # --- weighing ----------------------------------------------------------------------------------------------------

    def of_place(self, row: int, floors: Array = NO_FLOORS) -> Array:
        """Give all needs that may have a place; with a floor for each row of needs, those whose list would take it."""
        index, room = self._need_index, self._room_for(len(self._needs.rows))
        found = room.found[: pair_kernels.of_place(index.store, self._known(), row, floors, room)]
        kept = self._settled(self._without_ruled_out(found, row))
        return kept[kept["key"] <= floors[kept["need"]]] if len(floors) else kept

    def ranked_needs(self, row: int, first: int) -> Ranked:
        """Give all needs that may have a place by points, most first, then by row; and the points of the first."""
        index, room = self._need_index, self._room_for(len(self._needs.rows))
        if len(self._keys) < len(room.found):
            self._keys, self._spare_keys = (np.zeros(len(room.found), dtype=np.uint32) for _ in range(2))
        ranked, left = pair_kernels.rank_needs(index.store, self._known(), row, self._keys, room)
        if left:
            settled = self._settled(room.found[:left])
            ranked, before = ranked + len(settled), ranked
            self._keys[before:ranked] = rank_keys(settled["score"], settled["need"])
        needs = (sort_keys(self._keys, self._spare_keys, ranked) & _ROW_MASK).astype(np.int32)
        if ruled_out := self._ruled_out(row):
            needs = needs[~np.isin(needs, ruled_out)]
        found = pair_kernels.weigh_needs(self._known(), row, needs[:first], room)
        return Ranked(needs, self._settled(room.found[:found]))

    def of_need(self, row: int) -> Array:
        """Give all places that a need may have."""
        index, room = self._place_index, self._room_for(len(self._vacancies.rows))
        return self._settled(room.found[: pair_kernels.of_need(index.store, self._known(), row, room)])

    def best_places(self, row: int, first: int) -> Array:
        """Give the first places that a need may have, best first."""
        index, room = self._place_index, self._room_for(len(self._vacancies.rows) + first)
        count, left = pair_kernels.best_places(index.store, self._known(), row, first, room)
        if not left:
            return np.asarray(room.found[:count].copy())
        found = self.of_need(row)
        return np.asarray(found[found["key"].argsort()[:first]])

    def of_needs(self, rows: Array) -> Iterator[tuple[Array, Array]]:
        """Give all places that needs may have, some of the needs at a time: which they are, and their pairs."""
        store, room = self._place_index.store, self._room_for(len(self._vacancies.rows) + ENOUGH)
        done = 0
        while done < len(rows):
            more, found = search_kernels.of_needs(store, self._known(), rows[done:], room)
            yield rows[done : done + more], self._settled(room.found[:found])
            done += more

    def of_lists(self, needs: Array, lists: Lists, wanted: int) -> Array:
        """Weigh what stands on lists, the first `wanted` places of each, in their order."""
        room = self._room_for(len(needs) * wanted)
        return self._settled(room.found[: search_kernels.of_lists(self._known(), lists.places, needs, wanted, room)])

    def _known(self) -> Tables:
        """Give what pairs are judged by; anew only where a table has grown."""
        needs, vacancies, tables = self._needs, self._vacancies, self._tables
        if tables is None or tables.needs is not needs.rows or tables.vacancies is not vacancies.rows:
            tables = self._tables = tables_of(needs, vacancies, self._row, self._terms.waters.extra_m)
        return tables

    def _room_for(self, rows: int) -> Room:
        """Give arrays in which all of a table might be found; memory that is never written costs nothing."""
        if rows > len(self._room.found) - SPARE:
            self._room = Room.for_rows(rows)
        return self._room

    # --- what is rare ------------------------------------------------------------------------------------------------

    def _settled(self, found: Array) -> Array:
        """Judge what the kernels left, and give what remains, as a copy."""
        asked = found["asked"]
        if not asked.any():
            return found.copy()
        stays = np.ones(len(found), dtype=np.bool_)
        for position in np.flatnonzero(asked & (ODD | RULED_OUT_ASKED)).tolist():
            one = found[position]
            stays[position] = self._is_odd_match(one) if one["asked"] & ODD else not self._is_ruled_out(one)
        dear = np.flatnonzero(asked & PRICE_ASKED)
        if len(dear):
            stays[dear] &= self._can_be_paid(found, dear)
        return np.asarray(found[stays])

    def _is_odd_match(self, one: np.void) -> bool:
        """Leave a pair whose both sides carry codes without a bit of their own to the reference."""
        need, vacancy = int(one["need"]), int(one["vacancy"])
        exact = assess(self._needs.odd_profiles[need], self._vacancies.odd_vacancies[vacancy], self._terms)
        one["score"], one["unknown"] = exact.score, sum(BIT[code] for code in exact.unknown)
        one["points"] = pack_points({code: part.points for code, part in exact.parts.items()})
        one["key"] = lists.sort_keys(np.array(exact.score), self._vacancies.rank[vacancy])
        return exact.eligible and exact.score >= self._terms.policy.threshold

    def _ruled_out(self, vacancy_row: int) -> list[int]:
        """Give the needs that rule a place out."""
        if not self._terms.applies("ruled_out"):
            return []
        vacancy_id, opening = self._vacancies.slots.id_of(vacancy_row), int(self._vacancies.opening[vacancy_row])
        return [row for row in self._needs.ruled_out_by(vacancy_id) if self._rules_out(row, vacancy_id, opening)]

    def _without_ruled_out(self, found: Array, vacancy_row: int) -> Array:
        ruled_out = self._ruled_out(vacancy_row)
        return np.asarray(found[~np.isin(found["need"], ruled_out)]) if ruled_out else found

    def _is_ruled_out(self, one: np.void) -> bool:
        row = int(one["vacancy"])
        return self._rules_out(int(one["need"]), self._vacancies.slots.id_of(row), int(self._vacancies.opening[row]))

    def _rules_out(self, need_row: int, vacancy_id: str, opening: int) -> bool:
        return any(
            entry.vacancy_id == vacancy_id
            and (entry.opening is None or entry.opening == opening)
            and (entry.until is None or entry.until >= self._terms.today)
            for entry in self._needs.ruled_out[need_row]
        )

    def _can_be_paid(self, found: Array, positions: Array) -> Array:
        """Judge the price by who pays, and note where it is unknown."""
        needs, vacancies = found["need"][positions], found["vacancy"][positions].astype(np.int64)
        ceiling = self._needs.ceiling_dkk[needs].astype(np.int64) * PRICE_UNIT
        kinds, which = np.unique(vacancies * CLASSES + self._needs.payer[needs], return_inverse=True)
        lowest, highest, below, above = self._vacancies.prices_for(kinds.tolist(), self._terms)[which].T
        found["unknown"][positions] |= np.where((above == 0) & (highest <= ceiling), 0, BIT["price"]).astype(np.int32)
        return np.asarray((below != 0) | (lowest <= ceiling))
