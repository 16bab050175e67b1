"""The chain: each entry is bound to its municipality, its number, and all entries before it. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.contracts.access import AccessEvent

START: Final = bytes(32)
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored."""

    municipality: str
    number: int
    event_id: str
    content: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which entry; `last` of a row of missing ones."""

    kind: Literal["changed", "missing", "not_anchored"]
    municipality: str
    number: int
    last: int

    def told(self) -> dict[str, object]:
        return {"kind": self.kind, "municipality": self.municipality, "number": self.number, "last": self.last}


def content_of(event: AccessEvent, reference: bytes) -> bytes:
    """Write what is chained of a look: all but whose data it was, which stands as a keyed digest."""
    return orjson.dumps(
        {
            "event_id": event.event_id,
            "at": event.at.isoformat(),
            "reference": reference.hex(),
            "what": event.what,
            "why": event.why,
            "who": event.who,
            "service": event.service,
        }
    )


def next_entry(municipality: str, before: tuple[int, bytes], event_id: str, content: bytes) -> Entry:
    """Chain an entry to the one before, given by its number and hash."""
    number = before[0] + 1
    return Entry(municipality, number, event_id, content, hash_of(municipality, number, content, before[1]))


def hash_of(municipality: str, number: int, content: bytes, before: bytes) -> bytes:
    """Hash an entry with the hash of the one before; lengths are fixed or told, so that nothing reads two ways."""
    head = f"{municipality}\x00{number}\x00{len(content)}\x00".encode()
    return hashlib.sha256(before + head + content).digest()


def faults(municipality: str, entries: Iterable[Entry], anchors: Mapping[int, frozenset[bytes]]) -> Iterator[Fault]:
    """Verify a chain.

    Args:
        municipality: whose chain.
        entries: all that are stored, by number.
        anchors: the hashes that were anchored, by number of the entry.

    Yields:
        Every entry that is not what was stored, that is missing, or whose anchor says another hash.
    """
    number = 0
    before: frozenset[bytes] = frozenset([START])
    for entry in entries:
        if entry.number != number + 1:
            yield Fault("missing", municipality, number + 1, entry.number - 1)
            before = anchors.get(entry.number - 1, frozenset())
        worked_out = {hash_of(municipality, entry.number, entry.content, one) for one in before}
        # Behind a gap that no anchor ends, the hash cannot be worked out, and counts as it stands.
        if before and entry.hash not in worked_out:
            yield Fault("changed", municipality, entry.number, entry.number)
        elif anchors.get(entry.number, frozenset([entry.hash])) != {entry.hash}:
            yield Fault("not_anchored", municipality, entry.number, entry.number)
        # Whether the content or the hash was changed, the next entry is bound to one of the two: only the changed one is named.
        number, before = entry.number, frozenset([entry.hash, *worked_out])
    highest = max(anchors, default=0)
    if highest > number:
        yield Fault("missing", municipality, number + 1, highest)
