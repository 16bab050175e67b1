"""Kernels that ask the engine for many needs at once: all places of some of them, and what stands on their lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.lists import NOBODY
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.pair_kernels import beyond, of_need, weigh_places

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.index_kernels import Store
    from services.matching.engine.pair_kernels import Room, Tables

ENOUGH: Final = 1 << 14
"""Pairs found at once: so many lie in the caches when they are sorted into lists."""


@compiled
def of_needs(store: Store, tables: Tables, needs: Array, room: Room) -> tuple[Number, Number]:
    """Weigh needs against all places that may pass, one need after another until ENOUGH is found.

    What is found stands at the beginning of `room.found`; gives for how many needs, and how many pairs.
    """
    done = found = 0
    while done < len(needs) and found < ENOUGH:
        found += of_need(store, tables, needs[done], beyond(room, found))
        done += 1
    return done, found


@compiled
def of_lists(tables: Tables, places: Array, needs: Array, wanted: Number, room: Room) -> Number:
    """Weigh needs against the first `wanted` places of their lists, which they may have; gives how many pairs that are."""
    found = 0
    for need in needs:
        listed, count = places[need], 0
        while count < wanted and listed[count] != NOBODY:
            count += 1
        found += weigh_places(tables, need, listed, count, beyond(room, found))
    return found
