"""What a worker keeps of each need of a partition beside its row in the columns.

Where it stands on the log, what was said of it, and what its record carries beside the places: some 55 bytes, its id included, and no
Python object.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.matching.domain.tables import Array

Position = tuple[int, int]
"""(epoch, version): as in shared.messaging.versions, which is no business of the domain."""

GONE: Final = 0
"""In place of a digest: nothing stands on the log, or a tombstone."""

_VERSION_BITS: Final = 40
_EPOCH_BITS: Final = 22
_UNSEEN: Final = -1
_WIDE: Final = -2
"""The position or the version is too large for its column: it is kept beside."""

_MOST_OF_32_BITS: Final = 2**31 - 1
_OPEN: Final = 1
_WAITS: Final = 2


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """Of an open need, what its record of `matches` carries beside the places.

    Attributes:
        version: of the need profile.
        whom: handlekommune, team, caseworker and urgency as JSON text; many needs share it.
        waiting_since: the day as its ordinal; 0: not stated.
        deadline: as JSON text; many needs share it.
    """

    version: int
    whom: bytes
    waiting_since: int
    deadline: bytes


class Texts:
    """Texts that many needs share, each kept once and known by a number. They name people at work and dates, no citizen, and stay."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._texts: list[bytes] = []

    def number_of(self, text: bytes) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number

    def __getitem__(self, number: int) -> bytes:
        return self._texts[number]


class NeedBook(Mapping[str, OpenNeed]):
    """The open needs; and a line, too, for each other need that was ever met."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._lines = Ids()
        self._position, self._said = array("q"), array("q")
        self._version, self._whom, self._waiting_since, self._deadline = array("i"), array("i"), array("i"), array("i")
        self._marks = array("B")
        self._wide_positions: dict[int, Position] = {}
        self._wide_versions: dict[int, int] = {}
        self._open = 0
        self.waiting = 0
        """How many are marked as waiting."""

    # --- positions ---------------------------------------------------------------------------------------------------

    def position(self, need_id: str) -> Position | None:
        """Give the last position seen of a need."""
        line = self._lines.get(need_id)
        if line is None or (packed := self._position[line]) == _UNSEEN:
            return None
        return self._wide_positions[line] if packed == _WIDE else (packed >> _VERSION_BITS, packed & (1 << _VERSION_BITS) - 1)

    def put_position(self, need_id: str, position: Position) -> None:
        epoch, version = position
        line = self._line(need_id)
        if epoch >> _EPOCH_BITS or version >> _VERSION_BITS:
            self._position[line], self._wide_positions[line] = _WIDE, position
        else:
            self._position[line] = epoch << _VERSION_BITS | version

    # --- open needs --------------------------------------------------------------------------------------------------

    def __getitem__(self, need_id: str) -> OpenNeed:
        line = self._lines.get(need_id)
        if line is None or not self._marks[line] & _OPEN:
            raise KeyError(need_id)
        version = self._version[line]
        return OpenNeed(
            self._wide_versions[line] if version == _WIDE else version,
            self._texts[self._whom[line]],
            self._waiting_since[line],
            self._texts[self._deadline[line]],
        )

    def __contains__(self, need_id: object) -> bool:
        line = self._lines.get(need_id) if isinstance(need_id, str) else None
        return line is not None and bool(self._marks[line] & _OPEN)

    def __len__(self) -> int:
        return self._open

    def __iter__(self) -> Iterator[str]:
        return self._ids_of(np.flatnonzero(self._marked(_OPEN)))

    def put_open(self, need_id: str, need: OpenNeed) -> None:
        line = self._line(need_id)
        if not self._marks[line] & _OPEN:
            self._marks[line] |= _OPEN
            self._open += 1
        self._version[line] = need.version if need.version <= _MOST_OF_32_BITS else _WIDE
        if need.version > _MOST_OF_32_BITS:
            self._wide_versions[line] = need.version
        self._whom[line], self._deadline[line] = self._texts.number_of(need.whom), self._texts.number_of(need.deadline)
        self._waiting_since[line] = need.waiting_since

    def close(self, need_id: str) -> bool:
        """Forget that a need is open; say whether it was."""
        line = self._lines.get(need_id)
        if line is None or not self._marks[line] & _OPEN:
            return False
        self._marks[line] &= ~_OPEN
        self._open -= 1
        return True

    # --- what was said -----------------------------------------------------------------------------------------------

    def said(self, need_id: str) -> int:
        """Give the digest of the last rightful record."""
        line = self._lines.get(need_id)
        return GONE if line is None else self._said[line]

    def put_said(self, need_id: str, digest: int) -> None:
        self._said[self._line(need_id)] = digest

    # --- who waits ---------------------------------------------------------------------------------------------------

    def waits(self, need_id: str) -> bool:
        line = self._lines.get(need_id)
        return line is not None and bool(self._marks[line] & _WAITS)

    def wait(self, need_id: str) -> None:
        line = self._line(need_id)
        self.waiting += not self._marks[line] & _WAITS
        self._marks[line] |= _WAITS

    def wait_no_more(self, need_id: str) -> bool:
        """Take the mark off; say whether it was there."""
        if not self.waits(need_id):
            return False
        self._marks[self._lines[need_id]] &= ~_WAITS
        self.waiting -= 1
        return True

    def all_open_wait(self) -> None:
        self._wait_where(self._marked(_OPEN) != 0)

    def all_known_wait(self) -> None:
        """Mark the open ones, and those of which a record stands on the log."""
        self._wait_where((self._marked(_OPEN) != 0) | (np.frombuffer(self._said, dtype=np.int64) != GONE))

    def waiting_ids(self) -> Iterator[str]:
        """Give those that wait now, in the order in which they were first met."""
        if self.waiting:
            yield from self._ids_of(np.flatnonzero(self._marked(_WAITS)))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _line(self, need_id: str) -> int:
        line = self._lines.take(need_id)
        if line == len(self._marks):
            self._position.append(_UNSEEN)
            self._said.append(GONE)
            for column in (self._version, self._whom, self._waiting_since, self._deadline):
                column.append(0)
            self._marks.append(0)
        return line

    def _marked(self, mark: int) -> Array:
        """Give which lines have a mark. The copy matters: a column that is looked into cannot grow."""
        return np.frombuffer(self._marks, dtype=np.uint8) & mark

    def _wait_where(self, lines: Array) -> None:
        marks = np.frombuffer(self._marks, dtype=np.uint8)
        marks[lines] |= _WAITS
        self.waiting = int(np.count_nonzero(marks & _WAITS))

    def _ids_of(self, lines: Array) -> Iterator[str]:
        return map(self._lines.id_of, lines.tolist())
