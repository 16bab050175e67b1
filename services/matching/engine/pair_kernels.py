"""Kernels over pairs: many needs and one place, or one need and many places. What they find is written as FOUND."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

from services.matching.domain.lists import FULL, MOST_POINTS
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine.blocks import LANES, WORDS_OF_ROW, Block, block_of_needs, block_of_places, spread, spread_one
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.index_kernels import WIDTH, scan
from services.matching.engine.lanes import LANE, ask_for_need, ask_for_place
from services.matching.engine.pairs import ODD, PAIRS, RULED_OUT_ASKED
from services.matching.engine.parts import choose, measure, packed
from services.matching.engine.rules import RULED_OUT, judge

if TYPE_CHECKING:
    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.vacancy_columns import VacancyColumns
    from services.matching.engine.index_kernels import Store
    from services.matching.engine.rules import Rows

NO_FLOORS: Final = np.zeros(0, dtype=np.int64)

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


ROW_BITS: Final = 24
"""Of a key beside the points: rows of 16 million needs."""


SPARE: Final = 256
"""Cells of `Room.found` beyond the rows of the table: for the first that are kept, and for a block."""


class Room(NamedTuple):
    """Arrays that one question after another uses.

    Attributes:
        asked: one lane, of whom the index is asked for.
        rows: who may pass; as long as the table that is asked.
        found: the pairs that are found; as long.
        needs: a block of the pairs that are weighed.
        places: its other side.
        pairs: an array of one record, what is found of them.
    """

    asked: Array
    rows: Array
    found: Rows
    needs: Block
    places: Block
    pairs: Rows

    @classmethod
    def for_rows(cls, rows: int) -> Self:
        """Make room in which all rows of a table might be found; memory that is never written costs nothing."""
        return cls(
            np.zeros(1, dtype=LANE),
            np.zeros(rows + WIDTH, dtype=np.int32),
            np.zeros(rows + SPARE, dtype=FOUND),
            block_of_needs(),
            block_of_places(),
            np.zeros(1, dtype=PAIRS),
        )


class Tables(NamedTuple):
    """What a pair is judged by.

    Attributes:
        needs: rows.
        vacancies: rows.
        words_of_needs: the same rows as words.
        words_of_vacancies: as above.
        terms: an array of one row.
        extra_m: metres that water adds, by zone and zone.
        prices: `known_prices` of the vacancies, by kind of payer.
        reserve: `reserve` of the vacancies.
        ranks: `rank` of the vacancies.
        rules_out: whether a need rules any place out.
    """

    needs: Rows
    vacancies: Rows
    words_of_needs: Rows
    words_of_vacancies: Rows
    terms: Rows
    extra_m: Array
    prices: Array
    reserve: Array
    ranks: Array
    rules_out: Array


def tables_of(needs: NeedColumns, vacancies: VacancyColumns, terms: Array, extra_m: Array) -> Tables:
    """Give what pairs of these rows are judged by, as they are now; a table that grows lies elsewhere."""
    return Tables(
        needs.rows,
        vacancies.rows,
        needs.rows.view(WORDS_OF_ROW),
        vacancies.rows.view(WORDS_OF_ROW),
        terms,
        extra_m,
        vacancies.known_prices,
        vacancies.reserve,
        vacancies.rank,
        needs.rules_out,
    )


@compiled
def _rank_key(score: Number, need: Number) -> Number:
    """Order needs by points, most first, then by row: in 32 bits, so that numbers are sorted and nothing else."""
    return np.uint32((MOST_POINTS - score) << ROW_BITS | need)


def rank_keys(scores: Array, needs: Array) -> Array:
    """Give the same of many."""
    return ((MOST_POINTS - scores.astype(np.uint32)) << ROW_BITS) | needs.astype(np.uint32)


@compiled
def beyond(room: Room, found: Number) -> Room:
    """Give the room behind what is found so far."""
    return Room(room.asked, room.rows, room.found[found:], room.needs, room.places, room.pairs)


@compiled
def of_place(store: Store, tables: Tables, vacancy: Number, floors: Array, room: Room) -> Number:
    """Weigh one place against all needs that may pass; with floors, leave out what a need's list would not take.

    What is found stands at the beginning of `room.found`; gives how many.
    """
    place = tables.vacancies[vacancy]
    ask_for_place(place, tables.terms[0], room.asked[0])
    may_pass = room.rows[: scan(store, place.sections, room.asked[0], room.rows)]
    spread_one(tables.words_of_vacancies, vacancy, room.places)
    found = 0
    for start in range(0, len(may_pass), LANES):
        size = spread(tables.words_of_needs, may_pass, start, room.needs)
        _weigh(tables, room, size)
        found = _write(tables, room, size, found, floors)
    return found


@compiled
def rank_needs(store: Store, tables: Tables, vacancy: Number, keys: Array, room: Room) -> tuple[Number, Number]:
    """Weigh one place against all needs that may pass, and write a key of 32 bits for each: points, most first, then the row.

    Those of which something is left to Python stand in `room.found` instead; gives how many there are of both.
    """
    place = tables.vacancies[vacancy]
    ask_for_place(place, tables.terms[0], room.asked[0])
    may_pass = room.rows[: scan(store, place.sections, room.asked[0], room.rows)]
    spread_one(tables.words_of_vacancies, vacancy, room.places)
    found = left = 0
    for start in range(0, len(may_pass), LANES):
        size = spread(tables.words_of_needs, may_pass, start, room.needs)
        is_asked = _weigh(tables, room, size)
        found = _write_keys(room, size, keys, found)
        if is_asked:
            left = _write_asked(tables, room, size, left)
    return found, left


@compiled
def weigh_needs(tables: Tables, vacancy: Number, rows: Array, room: Room) -> Number:
    """Weigh one place against some needs; what is found stands in `room.found`, in their order."""
    spread_one(tables.words_of_vacancies, vacancy, room.places)
    found = 0
    for start in range(0, len(rows), LANES):
        size = spread(tables.words_of_needs, rows, start, room.needs)
        _weigh(tables, room, size)
        found = _write(tables, room, size, found, NO_FLOORS)
    return found


@compiled
def of_need(store: Store, tables: Tables, need: Number, room: Room) -> Number:
    """Weigh one need against all places that may pass; what is found stands in `room.found`, gives how many."""
    wanted = tables.needs[need]
    ask_for_need(wanted, tables.terms[0], room.asked[0])
    may_pass = scan(store, wanted.sections, room.asked[0], room.rows)
    return weigh_places(tables, need, room.rows, may_pass, room)


@compiled
def weigh_places(tables: Tables, need: Number, rows: Array, count: Number, room: Room) -> Number:
    """Weigh one need against the first `count` of some places; what is found stands in `room.found`, in their order."""
    spread_one(tables.words_of_needs, need, room.needs)
    chosen, found = rows[:count], 0
    for start in range(0, count, LANES):
        size = spread(tables.words_of_vacancies, chosen, start, room.places)
        _weigh(tables, room, size)
        found = _write(tables, room, size, found, NO_FLOORS)
    if tables.rules_out[need] and tables.terms[0].rules & RULED_OUT:
        for position in range(found):
            room.found[position].asked |= RULED_OUT_ASKED
    return found


@compiled
def best_places(store: Store, tables: Tables, need: Number, first: Number, room: Room) -> tuple[Number, Number]:
    """Weigh one need against all places that may pass, and keep the first few, best first, at the beginning of `room.found`.

    Gives how many, and whether something of any pair is left to Python: then they may be others.
    """
    wanted, best = tables.needs[need], room.found
    ask_for_need(wanted, tables.terms[0], room.asked[0])
    may_pass = room.rows[: scan(store, wanted.sections, room.asked[0], room.rows)]
    spread_one(tables.words_of_needs, need, room.needs)
    left = tables.rules_out[need] and tables.terms[0].rules & RULED_OUT != 0
    for cell in range(first):
        best[cell].key = FULL
    for start in range(0, len(may_pass), LANES):
        size = spread(tables.words_of_vacancies, may_pass, start, room.places)
        left |= _weigh(tables, room, size)
        for position in range(first, _write(tables, room, size, first, NO_FLOORS)):
            _let_in(best, first, position)
    count = 0
    while count < first and best[count].key != FULL:
        count += 1
    return count, left


@compiled
def _let_in(best: Rows, first: Number, position: Number) -> None:
    """Put a pair among the first if it ranks there; the last of them falls off."""
    cell = first - 1
    if best[position].key >= best[cell].key:
        return
    while cell > 0 and best[cell - 1].key > best[position].key:
        best[cell] = best[cell - 1]
        cell -= 1
    best[cell] = best[position]


@compiled
def _weigh(tables: Tables, room: Room, size: Number) -> Number:
    """Judge and measure the pairs of a block; say whether anything of the first `size` is left to Python."""
    need, place, pair, terms = room.needs[0], room.places[0], room.pairs[0], tables.terms[0]
    judge(need, place, pair, tables, room.places[0].rows)
    measure(need, place, pair, terms)
    return choose(pair, terms.threshold, size)


@compiled
def _write(tables: Tables, room: Room, size: Number, count: Number, floors: Array) -> Number:
    """Write those of the first `size` pairs that are chosen behind the first `count` found; gives how many there are then.

    Without a branch: each pair is written, and the next one over it if it was not chosen.
    """
    pair, needs, places, with_floors = room.pairs[0], room.needs[0].rows, room.places[0].rows, len(floors) > 0
    verdict, score, points, asked, chosen = pair.verdict, pair.score, pair.points, pair.asked, pair.chosen
    for at in range(size):
        one = room.found[count]
        one.need, one.vacancy = needs[at], places[at]
        one.score, one.points, one.unknown, one.asked = score[at], packed(points, at), verdict[at], asked[at]
        key = ((MOST_POINTS - np.int64(score[at])) << RANK_BITS) | tables.ranks[places[at]]
        one.key = 0 if asked[at] & ODD else key
        count += chosen[at] & (not with_floors or one.key <= floors[needs[at]])
    return count


@compiled
def _write_keys(room: Room, size: Number, keys: Array, count: Number) -> Number:
    """Write the keys of the chosen of the first `size` pairs of which nothing is asked, as `_write` does."""
    pair, needs = room.pairs[0], room.needs[0].rows
    score, asked, chosen = pair.score, pair.asked, pair.chosen
    for at in range(size):
        keys[count] = _rank_key(score[at], needs[at])
        count += chosen[at] & (asked[at] == 0)
    return count


@compiled
def _write_asked(tables: Tables, room: Room, size: Number, count: Number) -> Number:
    """Write the chosen of the first `size` pairs of which something is asked, as `_write` does."""
    pair = room.pairs[0]
    for at in range(size):
        pair.chosen[at] &= pair.asked[at] != 0
    return _write(tables, room, size, count, NO_FLOORS)
