"""Kernels over pairs: many needs and one place, or one need and many places. What they find is written as FOUND."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from services.matching.domain.lists import MOST_POINTS
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.index_kernels import WIDTH, scan
from services.matching.engine.lanes import LANE, ask_for_need, ask_for_place
from services.matching.engine.parts import measure, shortest_way_m
from services.matching.engine.prefetching import prefetch
from services.matching.engine.rules import RULED_OUT, Row, judge, price_asked

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.index_kernels import Store
    from services.matching.engine.rules import Rows

ODD: Final = 1
"""Both sides have a code without a bit of its own: nothing of the pair has been judged."""

RULED_OUT_ASKED: Final = 2
PRICE_ASKED: Final = 4

FOUND = np.dtype(
    [
        ("points", np.int64),
        ("key", np.int64),
        ("need", np.int32),
        ("vacancy", np.int32),
        ("unknown", np.int32),
        ("score", np.int16),
        ("asked", np.uint8),
    ],
    align=True,
)
"""A pair at or above the threshold that fails no rule judged here; `asked` says what is left to Python."""

_AHEAD: Final = 16
"""Rows asked of memory before they are weighed."""


class Room(NamedTuple):
    """Arrays that one question after another uses: they are as long as the table that is asked."""

    asked: Array
    rows: Array
    found: Array

    @classmethod
    def for_rows(cls, rows: int) -> Self:
        """Make room in which all rows of a table might be found; memory that is never written costs nothing."""
        return cls(np.zeros(1, dtype=LANE), np.zeros(rows + WIDTH, dtype=np.int32), np.zeros(rows + 1, dtype=FOUND))


class Tables(NamedTuple):
    """What a pair is judged by.

    Attributes:
        needs: rows.
        vacancies: rows.
        terms: an array of one row.
        extra_m: metres that water adds, by zone and zone.
        prices: `known_prices` of the vacancies, by kind of payer.
    """

    needs: Rows
    vacancies: Rows
    terms: Rows
    extra_m: Array
    prices: Array


@compiled
def of_place(store: Store, tables: Tables, vacancy: Number, floors: Array, room: Room) -> Number:
    """Weigh one place against all needs that may pass; with floors, leave out what a need's list would not take.

    What is found stands at the beginning of `room.found`; gives how many.
    """
    place, prices, found, with_floors = tables.vacancies[vacancy], tables.prices[vacancy], room.found, len(floors) > 0
    ask_for_place(place, tables.terms[0], room.asked[0])
    may_pass = scan(store, place.sections, room.asked[0], room.rows)
    count = 0
    for position in range(may_pass):
        ahead = np.int64(room.rows[min(position + _AHEAD, may_pass - 1)])
        prefetch(tables.needs, ahead)
        if with_floors:
            prefetch(floors, ahead)
        row, one = room.rows[position], found[count]
        if _weigh(tables.needs[row], place, tables, prices, one) and (not with_floors or one.key <= floors[row]):
            one.need, one.vacancy = row, vacancy
            count += 1
    return count


@compiled
def of_need(store: Store, tables: Tables, need: Number, room: Room) -> Number:
    """Weigh one need against all places that may pass; what is found stands in `room.found`, gives how many."""
    wanted, found = tables.needs[need], room.found
    ask_for_need(wanted, tables.terms[0], room.asked[0])
    may_pass = scan(store, wanted.sections, room.asked[0], room.rows)
    count = 0
    for position in range(may_pass):
        prefetch(tables.vacancies, np.int64(room.rows[min(position + _AHEAD, may_pass - 1)]))
        row, one = room.rows[position], found[count]
        if _weigh(wanted, tables.vacancies[row], tables, tables.prices[row], one):
            one.need, one.vacancy = need, row
            count += 1
    return count


@compiled
def weigh_places(tables: Tables, need: Number, rows: Array, count: Number, room: Room) -> Number:
    """Weigh one need against the first `count` of some places; what is found stands in `room.found`, in their order."""
    wanted, found = tables.needs[need], 0
    for position in range(count):
        row, one = rows[position], room.found[found]
        if _weigh(wanted, tables.vacancies[row], tables, tables.prices[row], one):
            one.need, one.vacancy = need, row
            found += 1
    return found


@compiled
def _weigh(need: Row, place: Row, tables: Tables, prices: Array, one: Row) -> Number:
    """Judge and measure one pair; say whether it belongs to what is found, all but its rows written into `one`."""
    if need.odd and place.odd:
        one.key, one.asked = 0, ODD
        return True
    terms, metres = tables.terms[0], shortest_way_m(need, place, tables.extra_m)
    verdict = judge(need, place, terms, metres, prices)
    if verdict < 0:
        return False
    score, points, unknown = measure(need, place, terms, metres)
    if score < terms.threshold:
        return False
    one.score, one.points, one.unknown = score, points, verdict | unknown
    one.key = ((MOST_POINTS - score) << RANK_BITS) | place.rank
    one.asked = 0
    if need.rules_out and terms.rules & RULED_OUT:
        one.asked |= RULED_OUT_ASKED
    if price_asked(need, place, terms, prices):
        one.asked |= PRICE_ASKED
    return True
