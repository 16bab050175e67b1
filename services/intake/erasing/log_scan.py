"""A full read of the log for what must not be there any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.messaging.log import read_to_end
from shared.messaging.topics import PARTNER, list_topics

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.messaging.records import RawRecord
    from shared.messaging.topics import Topic, TopicNames, Topics

STATE_TOPICS: Final = ("need-profiles", "matches")
"""Where a need's own records stand, under its id."""


@dataclass(slots=True)
class Found:
    """What a topic holds of some ids.

    Attributes:
        read: how many records it has.
        bodies: records about one of them that say something.
        tombstones: records about one of them that say that it is gone.
        goes_by: when the last of them has aged out, where a topic forgets by age.
    """

    read: int = 0
    bodies: int = 0
    tombstones: int = 0
    goes_by: datetime | None = None

    @property
    def is_anything(self) -> bool:
        return bool(self.bodies or self.tombstones)

    def told(self) -> dict[str, object]:
        return {
            "read": self.read,
            "bodies": self.bodies,
            "tombstones": self.tombstones,
            "goes_by": None if self.goes_by is None else self.goes_by.date().isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Scan:
    """Of a whole log.

    Attributes:
        by_topic: logical names.
        last: of `matches` and `need-profiles`: by topic and key, the last record under one of the ids.
        partitions: the same: in which partitions of the topic one of the ids stands.
    """

    by_topic: Mapping[str, Found]
    last: Mapping[str, Mapping[str, RawRecord]]
    partitions: Mapping[str, frozenset[int]]


class LogScan:
    """Reads every topic of ours that there is, those of partners and dead letters too."""

    def __init__(self, bootstrap: str, names: TopicNames, topics: Topics) -> None:
        self._bootstrap = bootstrap
        self._names = names
        self._topics = topics

    async def look(self, ids: Collection[str]) -> Scan:
        """Look for ids in keys, bodies and headers."""
        needles = [one.encode() for one in ids]
        by_topic: dict[str, Found] = {}
        last: dict[str, dict[str, RawRecord]] = {}
        partitions: dict[str, set[int]] = {}
        for name, declared in await self._ours():
            found = by_topic[name] = Found()
            async for records in read_to_end(self._bootstrap, self._names.topic(name)):
                found.read += len(records)
                for record in (one for one in records if _is_about(one, needles)):
                    self._note(found, record, declared, name)
                    partitions.setdefault(name, set()).add(record.at.partition)
                    if name in STATE_TOPICS and record.key is not None:
                        last.setdefault(name, {})[record.key] = record
        return Scan(by_topic, last, {name: frozenset(numbers) for name, numbers in partitions.items()})

    def _note(self, found: Found, record: RawRecord, declared: Topic | None, name: str) -> None:
        if record.value is None:
            found.tombstones += 1
        else:
            found.bodies += 1
        kept_ms = self._topics.dead_letter_retention_ms if declared is None else declared.retention_ms
        if name in STATE_TOPICS or kept_ms is None:
            return
        written = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        goes_by = written + timedelta(milliseconds=kept_ms)
        found.goes_by = goes_by if found.goes_by is None else max(found.goes_by, goes_by)

    async def _ours(self) -> list[tuple[str, Topic | None]]:
        """List the logical names of topics that are there, each with its declaration; dead letters have none."""
        there = {self._names.logical(name) for name in await list_topics(self._bootstrap) if name.startswith(self._names.prefix)}
        ours: list[tuple[str, Topic | None]] = []
        for name in sorted(there):
            if name.endswith("-dlq"):
                ours.append((name, None))
                continue
            declared = next((topic for topic in self._topics.topics if _is_of(name, topic)), None)
            if declared is not None:
                ours.append((name, declared))
        return ours


def _is_of(name: str, topic: Topic) -> bool:
    return name.startswith(topic.name.removesuffix(PARTNER)) if topic.is_partner else name == topic.name


def _is_about(record: RawRecord, needles: Collection[bytes]) -> bool:
    parts = [record.key_bytes or (record.key or "").encode(), record.value or b"", *(value or b"" for _, value in record.headers)]
    return any(needle in part for needle in needles for part in parts)
