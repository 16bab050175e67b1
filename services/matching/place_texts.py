"""The places of a record of `matches` as JSON text, put together from pieces that are written once.

Writing the answers out costs more than finding them, and most of an answer has been written before: a place stands on the lists of many
needs, and points and unknowns repeat.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from services.matching.domain.pair_points import unknown_codes, unpack_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.matching.domain.need_book import Position
    from services.matching.domain.tables import Array
    from services.matching.state import Cell, MatchingState
    from shared.contracts.settings import PartCode


class PlaceTexts:
    """Writes places in the order of the contract's fields (`shared.contracts.match.ScoredPlace`)."""

    def __init__(self, positions: Mapping[str, Position]) -> None:
        """Take the positions of the vacancies, which the epochs are read from.

        A version alone does not tell which of two is newer once intake was restored from a backup.
        """
        self._positions = positions
        self._frames: dict[int, tuple[int, bytes, bytes]] = {}

    def write(self, state: MatchingState, need_rows: Array) -> Iterator[bytes]:
        """Write the array of places of each of some live needs, best first; weighed together, which costs a third."""
        parts, listed = state.parts, state.cells_of(need_rows)
        for position in range(len(need_rows)):
            yield b"[%b]" % b",".join(self._place(state, parts, cell) for cell in listed.cells(position))

    def _place(self, state: MatchingState, parts: tuple[PartCode, ...], cell: Cell) -> bytes:
        row, edition, score, points, unknown = cell
        frame = self._frames.get(row)
        if frame is None or frame[0] != edition:
            frame = self._frames[row] = self._frame(state, row, edition)
        return b'%b%d,"points":%b,"unknown":%b%b' % (frame[1], score, _points(points, parts), _unknown(unknown), frame[2])

    def _frame(self, state: MatchingState, row: int, edition: int) -> tuple[int, bytes, bytes]:
        """Write what of a place is the same on every list: what stands before the score, and after the unknowns."""
        vacancy_id, version, opening = state.vacancy_at(row)
        head = orjson.dumps({"vacancy_id": vacancy_id, "vacancy_version": version, "opening": opening})
        return edition, b'%b,"score":' % head[:-1], b',"vacancy_epoch":%d}' % self._positions[vacancy_id][0]


@lru_cache(maxsize=65_536)
def _points(packed: int, parts: tuple[PartCode, ...]) -> bytes:
    return orjson.dumps(unpack_points(packed, parts))


@lru_cache(maxsize=16_384)
def _unknown(bits: int) -> bytes:
    return orjson.dumps(unknown_codes(bits))
