"""The best places of one need, with reserves: what must be remembered so that a withdrawal seldom means searching again."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Entry = tuple[int, str, int, int, int, int]
"""(minus score, vacancy id, vacancy version, opening, packed points, unknown bits): sorts as lists are ranked, since ids are unique."""

WIDTH: Final = 26
"""Entries remembered per need: K = 10 and 16 reserves. Each search for all places then pays for 16 withdrawals."""

_Key = tuple[int, str]


class BestList:
    """Holds exactly those eligible places that rank at or above its floor; without a floor, all of them.

    That law makes a withdrawal cheap: as long as K are left, or there is no floor, the first K are still the best K.
    """

    __slots__ = ("entries", "floor")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.floor: _Key | None = None

    def offer(self, entry: Entry) -> str | None:
        """Take a place in, if it ranks at or above the floor; give the id of the place that does not stand on the list for it.

        Returns:
            None: taken, nobody left. The entry's own id: not taken. Another id: taken, and that place fell off.
        """
        if self.floor is not None and entry[:2] > self.floor:
            return entry[1]
        insort(self.entries, entry)
        if len(self.entries) <= WIDTH:
            return None
        fallen = self.entries.pop()
        self.floor = self.entries[-1][:2]
        return fallen[1]

    def withdraw(self, vacancy_id: str) -> None:
        """Take a place off the list, if it stands there."""
        self.entries = [entry for entry in self.entries if entry[1] != vacancy_id]

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
