"""What stands on intake's own state topics, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from services.intake.publishing import OWN_TOPICS
from shared.messaging.envelope import Envelope, MalformedEnvelope
from shared.messaging.log import read_to_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.messaging.records import Coordinates, RawRecord
    from shared.messaging.topics import TopicNames
    from shared.messaging.versions import Position

_PLAUSIBLE: Final = 1_000_000_000
"""Epochs and versions beyond this are garbage: lifting ours above them would leave no room."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The last record under a key: a fingerprint of envelope and bytes, since a topic may hold a million of them."""

    fingerprint: int
    position: Position | None
    tombstone: bool
    partition: int
    offset: int

    def is_at(self, place: Coordinates) -> bool:
        """Say whether this is the record that stands there."""
        return (self.partition, self.offset) == (place.partition, place.offset)


@dataclass(slots=True)
class Reading:
    """What a topic holds now."""

    read: int = 0
    unreadable: int = 0
    last: dict[str, Seen] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    """By partition, the offset after the last record."""

    @property
    def highest_epoch(self) -> int:
        return max((seen.position[0] for seen in self.last.values() if seen.position), default=0)

    def take(self, record: RawRecord) -> None:
        """Remember a record; those without a key cannot stand in for anything."""
        self.read += 1
        self.ends[record.at.partition] = record.at.offset + 1
        found = envelope_of(record)
        if found is None:
            self.unreadable += 1
        if record.key is not None:
            position = plausible_position(found)
            tombstone, at = record.value is None, record.at
            self.last[record.key] = Seen(fingerprint(found, record.value), position, tombstone, at.partition, at.offset)


async def read_own(bootstrap: str, names: TopicNames, topics: Iterable[str] = OWN_TOPICS) -> dict[str, Reading]:
    """Read topics, by their logical names, from beginning to end."""
    readings: dict[str, Reading] = {}
    for topic in topics:
        reading = readings[topic] = Reading()
        async for records in read_to_end(bootstrap, names.topic(topic)):
            for record in records:
                reading.take(record)
    return readings


def envelope_of(record: RawRecord) -> Envelope | None:
    """Read the envelope of a state record; None where there is none that says a position."""
    try:
        found = Envelope.from_headers(record.headers)
        _ = found.position
    except MalformedEnvelope:
        return None
    return found


def plausible_position(said: Envelope | None) -> Position | None:
    """Give the position of a record, if one of ours could ever have it."""
    return said.position if said is not None and max(said.position) <= _PLAUSIBLE else None


def fingerprint(said: Envelope | None, value: bytes | None) -> int:
    """Give a number that two records share only if they say the same."""
    return hash((said, value))
