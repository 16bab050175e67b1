"""The best places of all needs, a row of a few columns each, kept together so that a burst of changes is sorted in at once.

A list holds exactly those eligible places whose key is at or below its floor; without a floor (FULL), all of them. That law makes a
withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K. Otherwise all places are searched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.ranks import RANK_BITS

if TYPE_CHECKING:
    from services.matching.domain.ranks import Renumbering
    from services.matching.domain.tables import Array

WIDTH: Final = 16
"""Places remembered per need: K = 10 and reserves, so that a search for all places pays for several withdrawals."""

KEPT: Final = 12
"""A list that outgrows WIDTH is cut to this: what comes in later must then rank higher, and most places do not."""

MOST_POINTS: Final = 100
FULL: Final = 1 << 62
"""The key of an empty cell, and the floor of a list that holds all eligible places."""

_NOBODY: Final = -1
_RANK_MASK: Final = (1 << RANK_BITS) - 1


@dataclass(frozen=True, slots=True)
class Offers:
    """Places offered to lists: rows of need and vacancy, the key to sort by, points and unknowns packed, the vacancy's edition."""

    needs: Array
    vacancies: Array
    keys: Array
    points: Array
    unknown: Array
    editions: Array

    def only(self, chosen: Array) -> Offers:
        return Offers(*(column[chosen] for column in self.columns()))

    def of(self, needs: Array) -> Offers:
        """Give the same under other numbers of the needs."""
        return replace(self, needs=needs)

    def columns(self) -> tuple[Array, ...]:
        return self.needs, self.vacancies, self.keys, self.points, self.unknown, self.editions


def sort_keys(score: Array, ranks: Array) -> Array:
    """Order pairs as lists are ranked: score descending, then id ascending."""
    return ((MOST_POINTS - score) << RANK_BITS) | ranks


def score_of(key: int) -> int:
    return MOST_POINTS - (key >> RANK_BITS)


class Lists:
    """One list per row of the needs."""

    def __init__(self) -> None:
        self._make(0)

    def _make(self, size: int) -> None:
        self.keys: Array = np.full((size, WIDTH), FULL, dtype=np.int64)
        self.rows: Array = np.full((size, WIDTH), _NOBODY, dtype=np.int32)
        self.points: Array = np.zeros((size, WIDTH), dtype=np.int64)
        self.unknown: Array = np.zeros((size, WIDTH), dtype=np.int32)
        self.editions: Array = np.zeros((size, WIDTH), dtype=np.int64)
        self.floors: Array = np.full(size, FULL, dtype=np.int64)

    def grow(self, size: int) -> None:
        """Make room for `size` needs."""
        former = self._columns()
        if size > len(self.floors):
            self._make(size)
            for new, old in zip(self._columns(), former, strict=True):
                new[: len(old)] = old

    def _columns(self) -> tuple[Array, ...]:
        return self.keys, self.rows, self.points, self.unknown, self.editions, self.floors

    def clear(self, needs: Array) -> None:
        """Empty lists: they hold all of nothing."""
        self.keys[needs], self.rows[needs], self.floors[needs] = FULL, _NOBODY, FULL
        self.points[needs], self.unknown[needs], self.editions[needs] = 0, 0, 0

    def where(self, needs: Array, held: Offers) -> Array:
        """Mark the cells, of these needs' rows, in which the pairs stand."""
        cells = np.zeros((len(needs), WIDTH), dtype=np.bool_)
        at = np.searchsorted(needs, held.needs)
        pair, cell = np.nonzero(self.rows[held.needs] == held.vacancies[:, None])
        cells[at[pair], cell] = True
        return cells

    def merge(self, needs: Array, leaving: Array, offers: Offers) -> None:
        """Take places off lists and others in.

        Args:
            needs: the rows of all lists that change, ascending, each once.
            leaving: the cells of these rows that are to be emptied.
            offers: places within the floor, for these rows only.
        """
        staying = (self.keys[needs] != FULL) & ~leaving
        at, cell = np.nonzero(staying)
        rows = needs[at]
        cells = (self.rows, self.keys, self.points, self.unknown, self.editions)
        held = Offers(at, *(column[rows, cell] for column in cells))  # by position in `needs`, from here on
        offered = offers.of(np.searchsorted(needs, offers.needs))
        self._write(needs, _together(held, offered), kept=KEPT)

    def fill(self, needs: Array, offers: Offers) -> None:
        """Put the outcome of a search over all places on empty lists: `offers` has every eligible place of these needs."""
        at = np.searchsorted(needs, offers.needs)
        found = offers.of(at)
        total = np.bincount(at, minlength=len(needs))
        self._write(needs, found.only(_among_the_best(found, len(needs))), kept=WIDTH, total=total)

    def must_search(self, needs: Array, wanted: int) -> Array:
        """Give those of the needs for which places that are not remembered might belong to the first `wanted`."""
        return np.asarray(needs[(self.floors[needs] != FULL) & (self.keys[needs, wanted - 1] == FULL)])

    def renumber(self, renumbering: Renumbering) -> None:
        """Go over to new ranks of all ids."""
        for keys in (self.keys, self.floors):
            used = keys != FULL
            ranks = renumbering.new_rank(keys[used] & _RANK_MASK)
            keys[used] = (keys[used] & ~_RANK_MASK) | ranks

    def _write(self, needs: Array, wanted: Offers, *, kept: int, total: Array | None = None) -> None:
        """Write lists anew from unsorted places; `needs` of the places are positions.

        A list that would hold more than WIDTH (or has more in `total`) is cut to `kept`, and its floor is the last of these.
        """
        order = np.lexsort((wanted.keys, wanted.needs))
        sorted_ = wanted.only(order)
        counts = np.bincount(sorted_.needs, minlength=len(needs))
        too_many = (counts if total is None else total) > WIDTH
        starts = np.cumsum(counts) - counts
        place = np.arange(len(order)) - starts[sorted_.needs]
        stays = place < np.where(too_many, kept, WIDTH)[sorted_.needs]
        chosen, cell = sorted_.only(stays), place[stays]
        self.keys[needs], self.rows[needs] = FULL, _NOBODY
        self.points[needs], self.unknown[needs], self.editions[needs] = 0, 0, 0
        rows = needs[chosen.needs]
        self.keys[rows, cell], self.rows[rows, cell] = chosen.keys, chosen.vacancies
        self.points[rows, cell], self.unknown[rows, cell] = chosen.points, chosen.unknown
        self.editions[rows, cell] = chosen.editions
        cut = needs[too_many]
        self.floors[cut] = self.keys[cut, kept - 1]


def _together(one: Offers, other: Offers) -> Offers:
    return Offers(*(np.concatenate(pair) for pair in zip(one.columns(), other.columns(), strict=True)))


def _among_the_best(found: Offers, lists: int) -> Array:
    """Mark the places whose score is among the WIDTH best of their list, ties included, so that only these need be sorted."""
    lost = found.keys >> RANK_BITS
    width = MOST_POINTS + 1
    at_score = np.bincount(found.needs * width + lost, minlength=lists * width).reshape(lists, width)
    enough = np.cumsum(at_score, axis=1) >= WIDTH
    last = np.where(enough.any(axis=1), enough.argmax(axis=1), MOST_POINTS)
    return np.asarray(lost <= last[found.needs])
