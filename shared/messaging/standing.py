"""Which waiting rows of an outbox stand on the log already: sent by a relay that died, or failed, before it could delete them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from shared.messaging.log import read_since
from shared.messaging.topics import list_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from shared.messaging.envelope import Header

_T = TypeVar("_T")
_Name: TypeAlias = tuple[str, str]
"""Topic and key."""
_Record: TypeAlias = "tuple[tuple[tuple[str, bytes | None], ...], bytes | None]"
"""Headers and digest."""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A row that may have been sent.

    Attributes:
        topic: as the broker names it.
        may_vanish: the topic may have been deleted meanwhile; then the row stands nowhere.
        digest: SHA-256 of the value; None for a tombstone.
        added_at: by the database's clock.
    """

    row_id: int
    topic: str
    may_vanish: bool
    key: str
    headers: Sequence[Header]
    digest: bytes | None
    added_at: datetime


async def standing(bootstrap: str, rows: Sequence[WaitingRow], *, margin: timedelta) -> set[int]:
    """Give the ids of the rows that stand on the log, reading their topics since the oldest of their rows was written.

    Args:
        bootstrap: the brokers.
        rows: those of a key in the order of their ids.
        margin: how far the clock of a relay, which dates its records, may be behind the database's, which dates the rows.

    Raises:
        UnknownTopicOrPartitionError: one of the topics is not there.
    """
    waiting: dict[_Name, list[WaitingRow]] = defaultdict(list)
    since_ms: dict[str, int] = {}
    for row in await _with_topics(bootstrap, rows):
        waiting[row.topic, row.key].append(row)
        written_ms = int((row.added_at - margin).timestamp() * 1000)
        since_ms[row.topic] = min(written_ms, since_ms.get(row.topic, written_ms))
    on_log = await _on_log(bootstrap, since_ms, waiting)
    found: set[int] = set()
    for name, its_rows in waiting.items():
        count = overlap(on_log[name], [(tuple(row.headers), row.digest) for row in its_rows])
        found.update(row.row_id for row in its_rows[:count])
    return found


async def _with_topics(bootstrap: str, rows: Sequence[WaitingRow]) -> Sequence[WaitingRow]:
    if not any(row.may_vanish for row in rows):
        return rows
    there = set(await list_topics(bootstrap))
    return [row for row in rows if row.topic in there or not row.may_vanish]


async def _on_log(bootstrap: str, since_ms: Mapping[str, int], names: Iterable[_Name]) -> dict[_Name, list[_Record]]:
    found: dict[_Name, list[_Record]] = {name: [] for name in names}
    async for records in read_since(bootstrap, since_ms):
        for record in records:
            seen = found.get((record.at.topic, record.key or ""))
            if seen is not None:
                digest = None if record.value is None else hashlib.sha256(record.value).digest()
                seen.append((record.headers, digest))
    return found


def overlap(before: Sequence[_T], after: Sequence[_T]) -> int:
    """Say with how many of its items `after` begins as `before` ends, at the most.

    A relay sends the rows of a key in order and nobody else writes under it. So what it sent is the beginning of what waits, and
    the end of what the log has of the key. A row that stands further back, with something else behind it, is to be sent again:
    it was put into the outbox to have the last word.
    """
    for count in range(min(len(before), len(after)), 0, -1):
        if list(before[-count:]) == list(after[:count]):
            return count
    return 0
