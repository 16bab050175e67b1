"""Sixty-four rows side by side: what stands row by row in a table is spread out field by field, so that an instruction judges many pairs.

A row that may pass is read once, word by word, which is the least that memory allows; the narrower fields are then cut out of the
words. Both sides of a pair lie in a block each, the one that asks in all lanes of its own, so that the same rules serve both ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.tables import row_of
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.prefetching import prefetch

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Row, Rows

LANES: Final = 64
WORDS: Final = 16
"""Of eight bytes, in a row of either table."""

WORDS_OF_ROW: Final = np.dtype([("words", np.uint64, (WORDS,))])
"""A row of either table, seen as its words."""

_AHEAD: Final = 32
"""Rows asked of memory before they are spread."""

_WORD: Final = 8
_BITS: Final = 8
_WIDTHS: Final = {4: ("fours", np.uint32), 2: ("twos", np.uint16), 1: ("ones", np.uint8)}
_BYTES_OF_A_BLOCK: Final = 4 * LANES * WORDS * _WORD


Block = Any
"""One side of up to 64 pairs: an array of one record that has each field of the row 64 times.

Beside them it has the same memory by width: `words` are the rows as they stand in the table, word by word, of which the first are the
fields of eight bytes themselves; behind them lie the narrower fields, `fours`, `twos` and `ones`. `rows` says which rows they are.
"""


def block_of(row: np.dtype[np.void]) -> Block:
    """Make an empty block for rows of a table. What is true or false is 1 or 0."""
    fields: dict[str, tuple[Any, int]] = {"words": ((np.uint64, (WORDS, LANES)), 0)}
    wide, narrow = 0, LANES * WORDS * _WORD
    starts, counts = dict.fromkeys(_WIDTHS, 0), dict.fromkeys(_WIDTHS, 0)
    for name in row.names or ():
        base, shape = row[name].subdtype or (row[name], ())
        values, width = int(np.prod(shape, dtype=np.int64)), base.itemsize
        start = wide if width == _WORD else narrow
        fields[name] = ((np.uint8 if base == np.bool_ else base, (*shape, LANES)), start)
        if width == _WORD:
            wide += values * LANES * width
        else:
            starts[width] = starts[width] if counts[width] else narrow
            counts[width] += values
            narrow += values * LANES * width
    for width, (name, type_) in _WIDTHS.items():
        fields[name] = ((type_, (counts[width], LANES)), starts[width])
    fields["rows"] = ((np.int32, (LANES,)), narrow)
    kind = np.dtype(
        {
            "names": list(fields),
            "formats": [format_ for format_, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
            "itemsize": _BYTES_OF_A_BLOCK,
        }
    )
    memory = np.zeros(2 * _BYTES_OF_A_BLOCK, dtype=np.uint8)
    return memory[-memory.ctypes.data % _BYTES_OF_A_BLOCK :][:_BYTES_OF_A_BLOCK].view(kind)


def block_of_needs() -> Block:
    return block_of(row_of(NeedColumns.COLUMNS))


def block_of_places() -> Block:
    return block_of(row_of(VacancyColumns.COLUMNS))


@compiled
def spread(rows: Rows, chosen: Array, start: Number, block: Block) -> Number:
    """Spread up to 64 of the chosen rows, from `start` on; gives how many."""
    size, into = min(LANES, len(chosen) - start), block[0]
    words, last = into.words, len(chosen) - 1
    for lane in range(size):
        prefetch(rows, np.int64(chosen[min(start + lane + _AHEAD, last)]))
        row = chosen[start + lane]
        read = rows[row].words
        into.rows[lane] = row
        for word in range(WORDS):
            words[word, lane] = read[word]
    _cut(into)
    return size


@compiled
def spread_one(rows: Rows, row: Number, block: Block) -> None:
    """Put one row into all lanes."""
    read, into = rows[row].words, block[0]
    for lane in range(LANES):
        into.rows[lane] = row
        for word in range(WORDS):
            into.words[word, lane] = read[word]
    _cut(into)


@compiled
def _cut(into: Row) -> None:
    """Cut the fields that are narrower than a word out of the words."""
    words, fours, twos, ones = into.words, into.fours, into.twos, into.ones
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
