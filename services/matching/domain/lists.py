"""What a list of places is: how many are remembered, and the key that it is sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.ranks import RANK_BITS

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

WIDTH: Final = 16
"""Places remembered per need: K = 10 and reserves, so that a search for all places pays for several withdrawals."""

MOST_POINTS: Final = 100
FULL: Final = 1 << 62
"""A key after all others, and the floor of a list that holds all eligible places."""

NOTHING: Final = -1
"""A key before all others, and the floor of a list for which no place has been searched yet."""

NOBODY: Final = -1
"""The row of an empty cell."""


def sort_keys(score: Array, ranks: Array) -> Array:
    """Order pairs as lists are ranked: score descending, then id ascending."""
    return ((MOST_POINTS - score) << RANK_BITS) | ranks
