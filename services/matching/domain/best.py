"""The best places of one need, with reserves: what must be remembered so that a withdrawal seldom means searching again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Entry = tuple[int, str, int, int, int, int]
"""(minus score, vacancy id, vacancy version, opening, packed points, unknown bits): sorts as lists are ranked, since ids are unique."""

WIDTH: Final = 16
"""Entries remembered per need: K = 10 and 6 reserves, so that a search for all places pays for several withdrawals."""

KEPT: Final = 12
"""A list that outgrows WIDTH is cut to this: what comes in later must then rank higher, and most places do not."""

_Key = tuple[int, str]


class BestList:
    """Holds exactly those eligible places that rank at or above its floor; without a floor, all of them.

    That law makes a withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K.
    """

    __slots__ = ("entries", "floor")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.floor: _Key | None = None

    def offer(self, offered: list[Entry]) -> list[Entry]:
        """Take in those places that rank at or above the floor; give those, old or new, that fell off or never came in."""
        refused: list[Entry] = []
        if self.floor is not None:
            floor = self.floor
            refused = [entry for entry in offered if entry[:2] > floor]
            offered = [entry for entry in offered if entry[:2] <= floor]
        merged = self.entries + offered
        merged.sort()
        if len(merged) > WIDTH:
            refused += merged[KEPT:]
            del merged[KEPT:]
            self.floor = merged[-1][:2]
        self.entries = merged
        return refused

    def withdraw(self, vacancy_id: str) -> None:
        """Take a place off the list, if it stands there."""
        for index, entry in enumerate(self.entries):
            if entry[1] == vacancy_id:
                del self.entries[index]
                return

    def replace(self, ranked: Sequence[Entry], *, all_of_them: bool) -> None:
        """Take over the result of a search: the best in order, and whether there are no more."""
        self.entries = list(ranked)
        self.floor = None if all_of_them or not ranked else ranked[-1][:2]

    def must_search(self, wanted: int) -> bool:
        """Say whether places that are not remembered might belong to the first `wanted`."""
        return self.floor is not None and len(self.entries) < wanted

    @property
    def least_score(self) -> int:
        """The score below which no place can come in."""
        return 0 if self.floor is None else -self.floor[0]
