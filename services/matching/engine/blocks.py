"""Sixty-four rows side by side: what stands row by row in a table is spread out field by field, so that an instruction judges many pairs.

A row that may pass is read once, word by word, which is the least that memory allows; the narrower fields are then cut out of the
words. Both sides of a pair lie in a block each, the one that asks in all lanes of its own, so that the same rules serve both ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from services.matching.domain.lists import NOBODY
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.tables import row_of
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.prefetching import prefetch

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Rows

LANES: Final = 64
WORDS: Final = 16
"""Of eight bytes, in a row of either table."""

WORDS_OF_ROW: Final = np.dtype([("words", np.uint64, (WORDS,))])
"""A row of either table, seen as its words."""

_AHEAD: Final = 32
"""Rows asked of memory before they are spread."""

_WORD: Final = 8
_BITS: Final = 8
_BYTES_OF_A_BLOCK: Final = 2 * LANES * WORDS * _WORD


class Block(NamedTuple):
    """One side of up to 64 pairs. All arrays but `rows` are views of the same memory.

    Attributes:
        fields: an array of one record, which has each field of the row 64 times.
        rows: which rows of the table they are.
        words: the rows as they stand in the table, word by word.
        fours: the fields of four bytes, one after the other, 64 values each; then those of two and of one.
        twos: see there.
        ones: see there.
    """

    fields: Rows
    rows: Array
    words: Array
    fours: Array
    twos: Array
    ones: Array


def block_of(row: np.dtype[np.void]) -> Block:
    """Make an empty block for rows of a table.

    The fields of eight bytes are the first words themselves; the narrower ones lie behind all words. What is true or false is 1 or 0.
    """
    names, formats, offsets, counts = [], [], [], dict.fromkeys((8, 4, 2, 1), 0)
    wide, narrow = 0, LANES * WORDS * _WORD
    for name in row.names or ():
        base, shape = row[name].subdtype or (row[name], ())
        values = int(np.prod(shape, dtype=np.int64))
        room = values * LANES * base.itemsize
        names.append(name)
        formats.append((np.dtype(np.uint8) if base == np.bool_ else base, (*shape, LANES)))
        offsets.append(wide if base.itemsize == _WORD else narrow)
        wide, narrow = (wide + room, narrow) if base.itemsize == _WORD else (wide, narrow + room)
        counts[base.itemsize] += values
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": _BYTES_OF_A_BLOCK})
    memory = np.zeros(2 * _BYTES_OF_A_BLOCK, dtype=np.uint8)
    memory = memory[-memory.ctypes.data % _BYTES_OF_A_BLOCK :][:_BYTES_OF_A_BLOCK]
    narrow, views = LANES * WORDS * _WORD, []
    for width, kind_of_width in ((4, np.uint32), (2, np.uint16), (1, np.uint8)):
        end = narrow + counts[width] * LANES * width
        views.append(memory[narrow:end].view(kind_of_width).reshape(counts[width], LANES))
        narrow = end
    words = memory[: LANES * WORDS * _WORD].view(np.uint64).reshape(WORDS, LANES)
    return Block(memory.view(kind), np.full(LANES, NOBODY, dtype=np.int32), words, *views)


def block_of_needs() -> Block:
    return block_of(row_of(NeedColumns.COLUMNS))


def block_of_places() -> Block:
    return block_of(row_of(VacancyColumns.COLUMNS))


@compiled
def spread(rows: Rows, chosen: Array, start: Number, block: Block) -> Number:
    """Spread up to 64 of the chosen rows, from `start` on; gives how many."""
    size = min(LANES, len(chosen) - start)
    words, last = block.words, len(chosen) - 1
    for lane in range(size):
        prefetch(rows, np.int64(chosen[min(start + lane + _AHEAD, last)]))
        row = chosen[start + lane]
        read = rows[row].words
        block.rows[lane] = row
        for word in range(WORDS):
            words[word, lane] = read[word]
    _cut(block)
    return size


@compiled
def spread_one(rows: Rows, row: Number, block: Block) -> None:
    """Put one row into all lanes."""
    read = rows[row].words
    for word in range(WORDS):
        block.words[word, :] = read[word]
    block.rows[:] = row
    _cut(block)


@compiled
def _cut(block: Block) -> None:
    """Cut the fields that are narrower than a word out of the words."""
    words, fours, twos, ones = block.words, block.fours, block.twos, block.ones
    first_one = WORDS * _WORD - len(ones)
    first_two = first_one - 2 * len(twos)
    first_four = first_two - 4 * len(fours)
    for field in range(len(fours)):
        word, shift = (first_four + 4 * field) // _WORD, np.uint64((first_four + 4 * field) % _WORD * _BITS)
        for lane in range(LANES):
            fours[field, lane] = words[word, lane] >> shift
    for field in range(len(twos)):
        word, shift = (first_two + 2 * field) // _WORD, np.uint64((first_two + 2 * field) % _WORD * _BITS)
        for lane in range(LANES):
            twos[field, lane] = words[word, lane] >> shift
    for field in range(len(ones)):
        word, shift = (first_one + field) // _WORD, np.uint64((first_one + field) % _WORD * _BITS)
        for lane in range(LANES):
            ones[field, lane] = words[word, lane] >> shift
