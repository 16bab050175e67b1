"""Kernels over the blocks of the index. A bucket is a chain of blocks of which only the first may have room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.engine.bits import NONE, ONE, count, lowest
from services.matching.engine.compiled import Number, compiled

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Row

WIDTH: Final = 64
"""Lanes of a block."""

GROUPS: Final = 64
"""Buckets of a set of sections: one for each bit of target groups."""

NOBODY: Final = -1

BLOCK = np.dtype(
    [
        ("groups", np.uint64, (WIDTH,)),
        ("east", np.int32, (WIDTH,)),
        ("north", np.int32, (WIDTH,)),
        ("reach", np.int32, (WIDTH,)),
        ("row", np.int32, (WIDTH,)),
        ("twin", np.int32, (WIDTH,)),
        ("from_age", np.int16, (WIDTH,)),
        ("to_age", np.int16, (WIDTH,)),
        ("genders", np.uint8, (WIDTH,)),
    ]
)
"""Sixty-four lanes, column by column. `twin` leads to the same row's lane in the bucket of another of its groups."""


class Store(NamedTuple):
    """The arrays of an index.

    Attributes:
        blocks: the lanes.
        filled: how many lanes of each block are used; from the first on.
        previous: the next block of the same bucket.
        bucket: which one a block belongs to.
        free: blocks that belong to none, as a stack.
        heads: the first block of each bucket: set of sections times GROUPS plus group.
        sections: the mask of each set of sections.
        first: a lane of each row, from which `twin` leads to the others.
    """

    blocks: Array
    filled: Array
    previous: Array
    bucket: Array
    free: Array
    heads: Array
    sections: Array
    first: Array


@compiled
def insert(store: Store, free_blocks: Number, rows: Array, sets: Array, lanes: Array) -> Number:
    """Put rows into the bucket of each of their groups; gives how many blocks are left free."""
    blocks, filled, heads = store.blocks, store.filled, store.heads
    for position in range(len(rows)):
        lane = lanes[position]
        groups, twin = lane.groups, NOBODY
        while groups != NONE:
            bit = lowest(groups)
            groups ^= bit
            bucket = np.int64(sets[position]) * GROUPS + count(bit - ONE)
            block = heads[bucket]
            if block == NOBODY or filled[block] == WIDTH:
                free_blocks -= 1
                taken = store.free[free_blocks]
                store.previous[taken], store.bucket[taken], filled[taken] = block, bucket, 0
                heads[bucket] = taken
                block = taken
            at, into = filled[block], blocks[block]
            into.groups[at], into.row[at], into.twin[at] = lane.groups, rows[position], twin
            into.east[at], into.north[at], into.reach[at] = lane.east, lane.north, lane.reach
            into.from_age[at], into.to_age[at], into.genders[at] = lane.from_age, lane.to_age, lane.genders
            filled[block] = at + 1
            twin = np.int64(block) * WIDTH + at
        store.first[rows[position]] = twin
    return free_blocks


@compiled
def remove(store: Store, free_blocks: Number, rows: Array) -> Number:
    """Take rows out, the last of each bucket moving into the gap; gives how many blocks are free then."""
    blocks, filled, heads, first = store.blocks, store.filled, store.heads, store.first
    for row in rows:
        place = np.int64(first[row])
        first[row] = NOBODY
        while place != NOBODY:
            block, at = place // WIDTH, place % WIDTH
            gap = blocks[block]
            following = np.int64(gap.twin[at])
            bucket = store.bucket[block]
            head = np.int64(heads[bucket])
            last = np.int64(filled[head]) - 1
            if head != block or last != at:
                moved = blocks[head]
                gap.groups[at], gap.row[at], gap.twin[at] = moved.groups[last], moved.row[last], moved.twin[last]
                gap.east[at], gap.north[at], gap.reach[at] = moved.east[last], moved.north[last], moved.reach[last]
                gap.from_age[at], gap.to_age[at], gap.genders[at] = moved.from_age[last], moved.to_age[last], moved.genders[last]
                _lead_to(blocks, first, np.int64(gap.row[at]), head * WIDTH + last, place)
            filled[head] = last
            if last == 0:
                heads[bucket] = store.previous[head]
                store.free[free_blocks] = head
                free_blocks += 1
            place = following
    return free_blocks


@compiled
def _lead_to(blocks: Array, first: Array, row: Number, old: Number, new: Number) -> None:
    """Mend the chain of a row one of whose lanes has moved."""
    place = np.int64(first[row])
    if place == old:
        first[row] = new
        return
    while place != NOBODY:
        twins, at = blocks[place // WIDTH].twin, place % WIDTH
        place = np.int64(twins[at])
        if place == old:
            twins[at] = new
            return


@compiled
def scan(store: Store, sections: Number, asked: Row, found: Array) -> Number:
    """Write the rows that may pass, each once, into `found`; gives how many.

    A row stands in a bucket for each of its groups and counts in the lowest that it shares with the asked.
    """
    blocks, filled, heads = store.blocks, store.filled, store.heads
    passes = np.empty(WIDTH, np.uint8)
    most = 0
    groups_asked, east, north, reach = asked.groups, np.int64(asked.east), np.int64(asked.north), np.int64(asked.reach)
    from_age, to_age, genders = asked.from_age, asked.to_age, asked.genders
    for one in range(len(store.sections)):
        if store.sections[one] & sections == NONE:
            continue
        groups = groups_asked
        while groups != NONE:
            bit = lowest(groups)
            groups ^= bit
            block = heads[one * GROUPS + count(bit - ONE)]
            while block != NOBODY:
                lanes, size = blocks[block], filled[block]
                masks, rows = lanes.groups, lanes.row
                easts, norths, reaches = lanes.east, lanes.north, lanes.reach
                youngest, oldest, their_genders = lanes.from_age, lanes.to_age, lanes.genders
                for at in range(size):
                    away_east, away_north = easts[at] - east, norths[at] - north
                    far = reaches[at] + reach
                    passes[at] = (
                        (lowest(masks[at] & groups_asked) == bit)
                        & (youngest[at] <= to_age)
                        & (oldest[at] >= from_age)
                        & ((their_genders[at] & genders) != 0)
                        & (away_east * away_east + away_north * away_north <= far * far)
                    )
                for at in range(size):
                    found[most] = rows[at]
                    most += passes[at]
                block = store.previous[block]
    return most
