"""Scoring: who may pass is asked of an index, who does of the kernels, and what is rare of Python.

Needs and places stand in the index from the moment they take part in matching until they no longer do, as they were last written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.lists import sort_keys
from services.matching.domain.pair_points import pack_points
from services.matching.domain.prices import CLASSES
from services.matching.domain.reference import assess
from services.matching.engine import lanes, pair_kernels, search_kernels
from services.matching.engine.index import Index
from services.matching.engine.lanes import LANE
from services.matching.engine.pair_kernels import ODD, PRICE_ASKED, RULED_OUT_ASKED, Room, Tables
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

NO_FLOORS: Final = np.zeros(0, dtype=np.int64)


class Scorer:
    """Weighs pairs of rows of the columns under one set of terms. What it finds is an array of FOUND."""

    def __init__(self, needs: NeedColumns, vacancies: VacancyColumns, books: Codebooks, terms: Terms) -> None:
        self._needs, self._vacancies, self._books = needs, vacancies, books
        self._need_index, self._place_index = Index(), Index()
        self._room = Room.for_rows(0)
        self.use(terms)

    def use(self, terms: Terms) -> None:
        """Go over to other terms; nobody takes part until put in again."""
        self._terms = terms
        self._row = terms_row(terms, self._books)
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
        kept = self._settled(room.found[: pair_kernels.of_place(index.store, self._tables(), row, floors, room)])
        return kept[kept["key"] <= floors[kept["need"]]] if len(floors) else kept

    def of_need(self, row: int) -> Array:
        """Give all places that a need may have."""
        index, room = self._place_index, self._room_for(len(self._vacancies.rows))
        return self._settled(room.found[: pair_kernels.of_need(index.store, self._tables(), row, room)])

    def of_needs(self, rows: Array) -> Iterator[tuple[Array, Array]]:
        """Give all places that needs may have, some of the needs at a time: which they are, and their pairs."""
        store, room = self._place_index.store, self._room_for(len(self._vacancies.rows) + ENOUGH)
        done = 0
        while done < len(rows):
            more, found = search_kernels.of_needs(store, self._tables(), rows[done:], room)
            yield rows[done : done + more], self._settled(room.found[:found])
            done += more

    def of_lists(self, needs: Array, lists: Lists, wanted: int) -> Array:
        """Weigh what stands on lists, the first `wanted` places of each, in their order."""
        room = self._room_for(len(needs) * wanted)
        return self._settled(room.found[: search_kernels.of_lists(self._tables(), lists.places, needs, wanted, room)])

    def _tables(self) -> Tables:
        vacancies = self._vacancies
        return Tables(self._needs.rows, vacancies.rows, self._row, self._terms.waters.extra_m, vacancies.known_prices)

    def _room_for(self, rows: int) -> Room:
        """Give arrays in which all of a table might be found; memory that is never written costs nothing."""
        if rows >= len(self._room.found):
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
        one["key"] = sort_keys(np.array(exact.score), self._vacancies.rank[vacancy])
        return exact.eligible and exact.score >= self._terms.policy.threshold

    def _is_ruled_out(self, one: np.void) -> bool:
        row = int(one["vacancy"])
        vacancy_id, opening = self._vacancies.slots.id_of(row), int(self._vacancies.opening[row])
        return any(
            entry.vacancy_id == vacancy_id
            and (entry.opening is None or entry.opening == opening)
            and (entry.until is None or entry.until >= self._terms.today)
            for entry in self._needs.ruled_out[int(one["need"])]
        )

    def _can_be_paid(self, found: Array, positions: Array) -> Array:
        """Judge the price by who pays, and note where it is unknown."""
        needs, vacancies = found["need"][positions], found["vacancy"][positions].astype(np.int64)
        ceiling = self._needs.ceiling[needs]
        kinds, which = np.unique(vacancies * CLASSES + self._needs.payer[needs], return_inverse=True)
        lowest, highest, below, above = self._vacancies.prices_for(kinds.tolist(), self._terms)[which].T
        found["unknown"][positions] |= np.where((above == 0) & (highest <= ceiling), 0, BIT["price"]).astype(np.int32)
        return np.asarray((below != 0) | (lowest <= ceiling))
