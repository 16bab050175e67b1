"""Kernels that keep lists true. A list stands best first, its empty cells at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.domain.lists import FULL, MOST_POINTS, NOBODY, NOTHING, WIDTH
from services.matching.domain.ranks import RANK_BITS
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.holder_kernels import Holders, add, detach, has_fallen_off
from services.matching.engine.prefetching import prefetch

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Row, Rows

CELLS = np.dtype([("places", np.int32, (WIDTH,)), ("scores", np.uint8, (WIDTH,))])
"""One list: rows of the vacancies and their scores. What else is told of a place is worked out when it is told."""

_LAST: Final = WIDTH - 1
_AHEAD: Final = 16
"""Lists asked of memory before they are looked at."""


class Columns(NamedTuple):
    """All lists.

    Attributes:
        cells: CELLS, for each row of needs.
        floors: the key of the last place of which a list still knows everything before; beside the cells, since most places are
            compared with it and go no further.
        ranks: of the places by id, for each row of vacancies.
        holders: on whose lists each place stands.
        walked: room for the entries of a chain of holders.
    """

    cells: Rows
    floors: Array
    ranks: Array
    holders: Holders
    walked: Array


@compiled
def take_off(lists: Columns, place: Number, wanted: Number, changed: Array) -> Number:
    """Take a place off all lists.

    Writes on whose list it stood among the first `wanted` into `changed`, and gives how many.
    """
    needs, entries, count = lists.walked, detach(lists.holders, place, lists.walked), 0
    for position in range(entries):
        prefetch(lists.cells, np.int64(needs[min(position + _AHEAD, entries - 1)]))
        one = lists.cells[needs[position]]
        cell = _cell_of(one, place)
        if cell < WIDTH:
            _close_gap(one, cell)
        if cell < wanted:
            changed[count] = needs[position]
            count += 1
    return count


@compiled
def put_in(lists: Columns, pairs: Rows, wanted: Number, changed: Array) -> Number:
    """Put places on the lists that take them; as `take_off`, on which they came among the first `wanted`."""
    count = 0
    for position in range(len(pairs)):
        prefetch(lists.cells, np.int64(pairs[min(position + _AHEAD, len(pairs) - 1)].need))
        pair = pairs[position]
        if pair.key <= lists.floors[pair.need] and _put(lists, pair.need, pair.vacancy, pair.score) < wanted:
            changed[count] = pair.need
            count += 1
    return count


@compiled
def fill(lists: Columns, needs: Array, pairs: Rows) -> None:
    """Put the outcome of a search over all places on lists: every place that these needs may have, need by need.

    What a list has already are the best of them, up to its floor.
    """
    position = 0
    for need in needs:
        known = lists.floors[need]
        lists.floors[need] = FULL
        while position < len(pairs) and pairs[position].need == need:
            pair = pairs[position]
            if known < pair.key <= lists.floors[need]:
                _put(lists, need, pair.vacancy, pair.score)
            position += 1


@compiled
def clear(lists: Columns, needs: Array) -> None:
    """Empty lists: they know nothing."""
    for need in needs:
        one = lists.cells[need]
        lists.floors[need] = NOTHING
        for cell in range(WIDTH):
            place = one.places[cell]
            one.places[cell], one.scores[cell] = NOBODY, 0
            if place != NOBODY:
                _falls_off(lists, place)


@compiled
def must_search(lists: Columns, needs: Array, wanted: Number, short: Array) -> Number:
    """Write those of the needs for which places that are not remembered might belong to the first `wanted`; gives how many."""
    count = 0
    for need in needs:
        if lists.cells[need].places[wanted - 1] == NOBODY and lists.floors[need] != FULL:
            short[count] = need
            count += 1
    return count


@compiled
def _put(lists: Columns, need: Number, place: Number, score: Number) -> Number:
    """Put a place where it belongs on a list, and give the cell, or WIDTH.

    Of a full list the last place falls off, be it the one that came, and the floor is then the last that remains.
    """
    one, rank, cell = lists.cells[need], lists.ranks[place], WIDTH
    last = one.places[_LAST]
    if last == NOBODY or _stands_after(lists, one, _LAST, score, rank):
        cell = _LAST
        while cell > 0 and _stands_after(lists, one, cell - 1, score, rank):
            one.places[cell], one.scores[cell] = one.places[cell - 1], one.scores[cell - 1]
            cell -= 1
        one.places[cell], one.scores[cell] = place, score
        add(lists.holders, place, need)
    if last != NOBODY:
        lists.floors[need] = (MOST_POINTS - np.int64(one.scores[_LAST])) << RANK_BITS | lists.ranks[one.places[_LAST]]
        if cell < WIDTH:
            _falls_off(lists, last)
    return cell


@compiled
def _stands_after(lists: Columns, one: Row, cell: Number, score: Number, rank: Number) -> Number:
    """Say whether what is in a cell belongs after a place with this score and rank."""
    there = one.places[cell]
    return there == NOBODY or one.scores[cell] < score or (one.scores[cell] == score and lists.ranks[there] > rank)


@compiled
def _cell_of(one: Row, place: Number) -> Number:
    """Give the cell in which a place stands, or WIDTH."""
    cell, places = WIDTH, one.places
    for at in range(WIDTH):
        cell = at if places[at] == place else cell
    return cell


@compiled
def _close_gap(one: Row, gap: Number) -> None:
    for cell in range(gap, _LAST):
        one.places[cell], one.scores[cell] = one.places[cell + 1], one.scores[cell + 1]
    one.places[_LAST], one.scores[_LAST] = NOBODY, 0


@compiled
def _falls_off(lists: Columns, place: Number) -> None:
    """Tidy up the chain of a place that fell off, when that is due: one entry remains for each list that holds it."""
    if not has_fallen_off(lists.holders, place):
        return
    needs, seen = lists.walked, NOBODY - 1 - place  # no row of any place
    entries = detach(lists.holders, place, needs)
    for position in range(entries):
        prefetch(lists.cells, np.int64(needs[min(position + _AHEAD, entries - 1)]))
        one = lists.cells[needs[position]]
        cell = _cell_of(one, place)
        if cell < WIDTH:
            one.places[cell] = seen
            add(lists.holders, place, needs[position])
    for position in range(entries):
        one = lists.cells[needs[position]]
        cell = _cell_of(one, seen)
        if cell < WIDTH:
            one.places[cell] = place
