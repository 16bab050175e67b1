"""What the log holds and this database does not know: it comes from a backup, or is another one than the log was written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.intake.published_log import Reading, envelope_of
from services.intake.publishing import OWN_TOPICS, SOURCE
from shared.messaging.log import read_from

if TYPE_CHECKING:
    from services.intake.restoring.store import Place, RestoringStore
    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames


@dataclass(frozen=True, slots=True)
class Missing:
    """By topic, how many keys the log knows better; tombstones of what was never stored are none."""

    later: dict[str, int] = field(default_factory=dict)
    """The database has an older version."""
    unknown: dict[str, int] = field(default_factory=dict)
    """The database has nothing."""

    def __bool__(self) -> bool:
        return bool(self.later or self.unknown)

    def __str__(self) -> str:
        counts = [f"{count} later on {topic}" for topic, count in self.later.items()]
        return ", ".join([*counts, *(f"{count} unknown on {topic}" for topic, count in self.unknown.items())])


async def what_is_missing(bootstrap: str, names: TopicNames, store: RestoringStore) -> Missing:
    """Read on from where the log was last known, some seconds before this service ended, and compare with the tables.

    Everything that intake publishes was committed before, so a database that has lost nothing knows all that the log holds. Where
    it does, the next start reads on from here.
    """
    marks = await store.marks()
    starts = {names.topic(topic): marks.get(topic, {}) for topic in OWN_TOPICS}
    ends: dict[Place, int] = {}
    later: dict[str, dict[str, bool]] = {topic: {} for topic in OWN_TOPICS}
    async for records in read_from(bootstrap, starts):
        for topic, reading in _by_topic(records, names).items():
            for key in reading.last:
                later[topic].pop(key, None)  # the last record under a key is what counts
            later[topic] |= await store.later(topic, reading.last)
        ends |= {(names.logical(record.at.topic), record.at.partition): record.at.offset + 1 for record in records}
    missing = Missing(
        later={topic: count for topic, keys in later.items() if (count := sum(keys.values()))},
        unknown={topic: count for topic, keys in later.items() if (count := len(keys) - sum(keys.values()))},
    )
    if not missing and ends:
        await store.save_marks(ends)
    return missing


def _by_topic(records: list[RawRecord], names: TopicNames) -> dict[str, Reading]:
    """Take what intake itself has written; garbage is for `republish`."""
    readings: dict[str, Reading] = {}
    for record in records:
        said = envelope_of(record)
        if said is not None and said.source == SOURCE:
            readings.setdefault(names.logical(record.at.topic), Reading()).take(record)
    return readings
