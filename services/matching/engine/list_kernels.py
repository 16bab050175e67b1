"""Kernels that keep lists true. A list stands in order of its keys, its empty cells at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.matching.domain.lists import FULL, KEPT, NOBODY, WIDTH
from services.matching.engine.compiled import Number, compiled

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Row, Rows


class Columns(NamedTuple):
    """The cells of all lists, WIDTH to each row of needs, and each list's floor."""

    keys: Array
    rows: Array
    points: Array
    unknown: Array
    editions: Array
    floors: Array


@compiled
def take_off(lists: Columns, pairs: Rows, wanted: Number, changed: Array) -> Number:
    """Take places off lists; writes which pairs stood among the first `wanted` of theirs into `changed`, and gives how many did."""
    count = 0
    for position in range(len(pairs)):
        need, vacancy = pairs[position].need, pairs[position].vacancy
        for cell in range(WIDTH):
            if lists.rows[need, cell] == vacancy:
                for following in range(cell, WIDTH - 1):
                    _copy(lists, need, following + 1, following)
                _empty(lists, need, WIDTH - 1)
                if cell < wanted:
                    changed[count] = position
                    count += 1
                break
    return count


@compiled
def put_in(lists: Columns, pairs: Rows, editions: Array, wanted: Number, changed: Array) -> Number:
    """Put places on lists, those that are within the floor; as `take_off`, those that come among the first `wanted`.

    A list that would outgrow WIDTH is cut to KEPT, and its floor is the last of these.
    """
    count = 0
    for position in range(len(pairs)):
        pair = pairs[position]
        need = pair.need
        if pair.key > lists.floors[need]:
            continue
        is_full = lists.keys[need, WIDTH - 1] != FULL
        cell = _insert(lists, need, pair, editions[pair.vacancy])
        if is_full:
            _cut(lists, need, KEPT)
        if cell < wanted:
            changed[count] = position
            count += 1
    return count


@compiled
def fill(lists: Columns, need: Number, pairs: Rows, editions: Array) -> None:
    """Put the outcome of a search over all places on one list; where there are more than WIDTH, the best of them and a floor."""
    clear(lists, need)
    for position in range(len(pairs)):
        pair = pairs[position]
        if pair.key < lists.keys[need, WIDTH - 1]:
            _insert(lists, need, pair, editions[pair.vacancy])
    if len(pairs) > WIDTH:
        _cut(lists, need, WIDTH)


@compiled
def clear(lists: Columns, need: Number) -> None:
    """Empty a list: it holds all of nothing."""
    for cell in range(WIDTH):
        _empty(lists, need, cell)
    lists.floors[need] = FULL


@compiled
def _insert(lists: Columns, need: Number, pair: Row, edition: Number) -> Number:
    """Put a place where its key belongs, and give the cell; of a full list the last falls off."""
    cell = WIDTH - 1
    while cell > 0 and lists.keys[need, cell - 1] > pair.key:
        _copy(lists, need, cell - 1, cell)
        cell -= 1
    lists.keys[need, cell], lists.rows[need, cell], lists.points[need, cell] = pair.key, pair.vacancy, pair.points
    lists.unknown[need, cell], lists.editions[need, cell] = pair.unknown, edition
    return cell


@compiled
def _cut(lists: Columns, need: Number, kept: Number) -> None:
    for cell in range(kept, WIDTH):
        _empty(lists, need, cell)
    lists.floors[need] = lists.keys[need, kept - 1]


@compiled
def _copy(lists: Columns, need: Number, source: Number, target: Number) -> None:
    lists.keys[need, target], lists.rows[need, target] = lists.keys[need, source], lists.rows[need, source]
    lists.points[need, target], lists.unknown[need, target] = lists.points[need, source], lists.unknown[need, source]
    lists.editions[need, target] = lists.editions[need, source]


@compiled
def _empty(lists: Columns, need: Number, cell: Number) -> None:
    lists.keys[need, cell], lists.rows[need, cell] = FULL, NOBODY
    lists.points[need, cell], lists.unknown[need, cell], lists.editions[need, cell] = 0, 0, 0
