"""Whose lists hold a place: of each place a chain of blocks with the rows of needs on whose list it came.

A place that falls off a list is not looked up here: its entry stays as a stale one. So whoever reads a chain looks at the list too, and a
chain with many stale entries is tidied up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.domain.lists import NOBODY
from services.matching.engine.compiled import Number, compiled

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Rows

ENTRIES: Final = 15
"""Of a block, which fills one line of the cache."""

BLOCK = np.dtype([("needs", np.int32, (ENTRIES,)), ("following", np.int32)])

_FEW_STALE: Final = 16
_STALE_SHARE: Final = 4
"""One in so many may be stale, and a few more."""


class Holders(NamedTuple):
    """The chains of all places.

    Attributes:
        blocks: of which only the first of a chain may have room.
        heads: the first block of each place, NOBODY where none is.
        sizes: how many entries each chain has.
        stale: how many of them have fallen off at least.
        free: blocks that belong to no chain, as a stack.
        free_blocks: how many these are, in an array of one.
    """

    blocks: Rows
    heads: Array
    sizes: Array
    stale: Array
    free: Array
    free_blocks: Array


@compiled
def add(holders: Holders, place: Number, need: Number) -> None:
    """Note that a place came on the list of a need."""
    at = holders.sizes[place] % ENTRIES
    if at == 0:
        holders.free_blocks[0] -= 1
        taken = holders.free[holders.free_blocks[0]]
        holders.blocks[taken].following = holders.heads[place]
        holders.heads[place] = taken
    holders.blocks[holders.heads[place]].needs[at] = need
    holders.sizes[place] += 1


@compiled
def has_fallen_off(holders: Holders, place: Number) -> Number:
    """Note that a place fell off a list; says whether its chain should be tidied up."""
    holders.stale[place] += 1
    return holders.stale[place] > _FEW_STALE + holders.sizes[place] // _STALE_SHARE


@compiled
def detach(holders: Holders, place: Number, needs: Array) -> Number:
    """Write the entries of a chain into `needs`, give how many, and leave the place without a chain."""
    block, count = holders.heads[place], 0
    filled: Number = (holders.sizes[place] - 1) % ENTRIES + 1
    while block != NOBODY:
        for at in range(filled):
            needs[count + at] = holders.blocks[block].needs[at]
        holders.free[holders.free_blocks[0]] = block
        holders.free_blocks[0] += 1
        count += filled
        block, filled = holders.blocks[block].following, ENTRIES
    holders.heads[place], holders.sizes[place], holders.stale[place] = NOBODY, 0, 0
    return count
