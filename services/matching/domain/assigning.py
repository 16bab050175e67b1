"""Who might have which place, when there are fewer places than people: a recommendation beside what taking turns would give.

Both are proposals that nobody acts upon. The recommendation is decided in this order, in whole numbers, so that every machine comes to
the same:

1. As many as possible get a place, and nobody is left out for somebody behind them in the queue. That is one set of people, whatever
   priority weighs: the sets that can have places together are a matroid, and its first basis in the order of the queue is at once the
   largest and, for every weight that follows the queue, the heaviest (Rado 1957, Edmonds 1971).
2. Among these people, the highest sum of points of the fit (SciPy's solver of sparse assignments, LAPJVsp).
3. Where several assignments are equal in that, the first in the queue has what is best for him among them, then the second, and so on;
   equal points by the place's id.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.matching.domain.tables import Array

Placing = dict[str, str]
"""The place of each need that has one, by their ids."""

_NEVER: Final = -1
"""Points of a pair that is not eligible."""

_NOBODY: Final = -1
"""The guest of a free unit: it stays in the sum if it goes where a unit is worth nothing."""


@dataclass(frozen=True, slots=True)
class Contest:
    """People in the order of the queue, and the places that are free for them.

    Attributes:
        queue: ids of the needs, first in line first.
        fits: by need, the points of each place that it is eligible for and that would be proposed to it.
        free: by place, how many it can take.
    """

    queue: tuple[str, ...]
    fits: Mapping[str, Mapping[str, int]]
    free: Mapping[str, int]

    def preferred(self, need_id: str) -> list[str]:
        """Give the places that fit a need, best first, equal ones by id."""
        fits = self.fits.get(need_id, {})
        return sorted(fits, key=lambda place: (-fits[place], place))


def by_turns(contest: Contest) -> Placing:
    """Let each in the order of the queue take the best place that is left: the greedy list."""
    left = dict(contest.free)
    placing: Placing = {}
    for need_id in contest.queue:
        place = next((one for one in contest.preferred(need_id) if left[one]), None)
        if place is not None:
            left[place] -= 1
            placing[need_id] = place
    return placing


def recommended(contest: Contest) -> Placing:
    """Give the assignment that is best in the order that this module states."""
    places = sorted({place for need_id in contest.queue for place in contest.fits.get(need_id, ())})
    column = {place: at for at, place in enumerate(places)}
    points = np.full((len(contest.queue), len(places)), _NEVER, dtype=np.int64)
    for row, need_id in enumerate(contest.queue):
        for place, given in contest.fits.get(need_id, {}).items():
            points[row, column[place]] = given
    free = np.array([contest.free[place] for place in places], dtype=np.int64)
    let_in = _let_in(points, free)
    if not let_in:
        return {}
    chosen = points[let_in]
    seating = _Seating(free, _best_in_total(chosen, free))
    _first_in_line_first(seating, chosen)
    return {contest.queue[row]: places[seating.at[guest]] for guest, row in enumerate(let_in)}


class _Seating:
    """Who is where; rows and columns by their numbers."""

    def __init__(self, free: Array, at: Iterable[int] = ()) -> None:
        self._free: list[int] = free.tolist()
        self.at: dict[int, int] = {}
        self._guests: list[set[int]] = [set() for _ in self._free]
        self.move(list(enumerate(at)))

    def has_room(self, place: int) -> bool:
        return len(self._guests[place]) < self._free[place]

    def move(self, moves: Sequence[tuple[int, int]]) -> None:
        """Put guests at places, all at once."""
        for guest, _ in moves:
            if guest in self.at:
                self._guests[self.at[guest]].discard(guest)
        for guest, place in moves:
            if guest != _NOBODY:
                self.at[guest] = place
                self._guests[place].add(guest)

    def moves_for(
        self, guest: int, starts: Iterable[int], others: Callable[[int], Iterable[int]], is_end: Callable[[int], bool]
    ) -> tuple[list[tuple[int, int]] | None, set[int]]:
        """Find who must move so that a guest can be at one of `starts`: the shortest chain, each into the place of the next.

        Args:
            guest: who comes.
            starts: the places that would do, the preferred first.
            others: for a guest who is somewhere, the places that he may be moved to; for _NOBODY, a unit that is free, where it may be.
            is_end: whether the chain may end at a place.

        Returns:
            The moves, None where there is no such chain; and every place that was looked at.
        """
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(starts)
        todo = deque(came)
        while todo:
            place = todo.popleft()
            if is_end(place):
                return self._unwound(guest, place, came), set(came)
            for there in sorted(self._guests[place]) + [_NOBODY] * self.has_room(place):
                for other in others(there):
                    if other not in came:
                        came[other] = (there, place)
                        todo.append(other)
        return None, set(came)

    @staticmethod
    def _unwound(guest: int, end: int, came: Mapping[int, tuple[int, int] | None]) -> list[tuple[int, int]]:
        moves: list[tuple[int, int]] = []
        place = end
        while (step := came[place]) is not None:
            moves.append((step[0], place))
            place = step[1]
        return [*moves, (guest, place)]


def _let_in(points: Array, free: Array) -> list[int]:
    """Give the rows of those who get a place, ascending: each in turn, if all who were let in before can still have one."""
    seating, closed = _Seating(free), set[int]()

    def open_to(row: int) -> list[int]:
        return [place for place in np.flatnonzero(points[row] != _NEVER).tolist() if place not in closed]

    for row in range(len(points)):
        moves, seen = seating.moves_for(row, open_to(row), open_to, seating.has_room)
        if moves is None:
            # Whoever is at these places has no other to go to, and never will: nobody need look there again.
            closed |= seen
        else:
            seating.move(moves)
    return sorted(seating.at)


def _best_in_total(points: Array, free: Array) -> list[int]:
    """Give for each row a place so that the sum of points is the highest; all of them can have one.

    A place that is free for all who fit it limits nobody, so of these each row has its best, to itself; the others have a column for
    each unit. Weights are integers far below 2^53, which the solver's floating point adds and compares exactly.
    """
    fits = points != _NEVER
    ample = free >= fits.sum(axis=0)
    at_ample = np.where(fits & ample, points, _NEVER)
    own_best = at_ample.argmax(axis=1)
    with_own = np.flatnonzero(at_ample.max(axis=1) != _NEVER)
    rows, places = np.nonzero(fits & ~ample)
    units = np.where(ample, 0, free)
    first_unit = np.cumsum(units) - units
    repeat = units[places]
    within = np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    columns = np.concatenate((np.repeat(first_unit[places], repeat) + within, units.sum() + with_own))
    all_rows = np.concatenate((np.repeat(rows, repeat), with_own))
    given = np.concatenate((np.repeat(points[rows, places], repeat), points[with_own, own_best[with_own]]))
    shape = (len(points), int(units.sum()) + len(points))
    weights = coo_array((points.max() + 1.0 - given, (all_rows, columns)), shape=shape)
    _, chosen = min_weight_full_bipartite_matching(weights.tocsr())
    place_of = np.concatenate((np.repeat(np.arange(len(free)), units), own_best))
    at: list[int] = place_of[chosen].tolist()
    return at


def _first_in_line_first(seating: _Seating, points: Array) -> None:
    """Among all seatings with the same sum of points, come to the one that is best for the first row, then the second, and so on.

    A price for each place, what one unit more of it would add to the sum, tells which pairs any best seating can hold: those whose
    points less the price are the row's highest. Within these, places with a price stay full, and nothing else can be lost.
    """
    price = _prices(seating, points)
    worth = np.where(points == _NEVER, np.iinfo(np.int64).min, points - price)
    may_be = worth == worth.max(axis=1, keepdims=True)
    for row in range(len(points)):
        now = seating.at[row]
        wanted = _preferred(points[row], may_be[row])
        for place in wanted[: wanted.index(now)]:
            if _moved(seating, row, place, may_be, price):
                break


def _preferred(points: Array, among: Array) -> list[int]:
    """Give the marked places, those with most points first, equal ones in their order."""
    marked = np.flatnonzero(among)
    ordered: list[int] = marked[np.argsort(-points[marked], kind="stable")].tolist()
    return ordered


def _moved(seating: _Seating, row: int, place: int, may_be: Array, price: Array) -> bool:
    """Move a row to a place if the rows behind it can make room there."""
    left = seating.at[row]

    worthless: list[int] = np.flatnonzero(price == 0).tolist()

    def others(guest: int) -> list[int]:
        if guest == _NOBODY:
            return worthless
        found: list[int] = np.flatnonzero(may_be[guest]).tolist() if guest > row else []
        return found

    moves, _ = seating.moves_for(row, [place], others, lambda at: at == left)
    if moves is not None:
        seating.move(moves)
    return moves is not None


def _prices(seating: _Seating, points: Array) -> Array:
    """Say for each place what the sum of points would gain by one unit more, through all who would move up."""
    at = np.array([seating.at[row] for row in range(len(points))], dtype=np.int64)
    gain = np.where(points == _NEVER, -(10**9), points - points[np.arange(len(points)), at][:, None])
    price = np.zeros(points.shape[1], dtype=np.int64)
    while True:
        higher = np.maximum(0, (gain + price[at][:, None]).max(axis=0))
        if np.array_equal(higher, price):
            return price
        price = higher
