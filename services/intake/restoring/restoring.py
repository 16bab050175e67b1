"""A database from a backup, and the log that went on: what came after the backup is taken back, and nothing is said twice or lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from services.intake.published_log import read_own
from services.intake.publishing import ENTITY_OF_TOPIC, OWN_TOPICS
from services.intake.restoring.missing import what_is_missing
from services.intake.restoring.submissions import (
    names_of,
    partners_with_topics,
    remember_answers,
    rewind,
    wait_until_nobody_reads,
)
from services.intake.subscribers import SUBMISSIONS
from shared.messaging.topics import PARTNER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.intake.published_log import Reading
    from services.intake.republishing import Report, Republishing
    from services.intake.restoring.adoption import Adopted, Adoption
    from services.intake.restoring.missing import Missing
    from services.intake.restoring.store import RestoringStore
    from services.intake.store import Store
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

_SESSION_SECONDS: Final = 20.0
"""A member of the group that was killed is counted for ten."""
_CALLED_BY_PARTNERS: Final = ("vacancies", "need-profiles")


class StillRead(Exception):  # noqa: N818 - the message says the rest
    """Another intake is still in the consumer group: it publishes and reads while this one would put things in order."""


class UnknownPartners(Exception):  # noqa: N818 - the message says the rest
    """There are topics of partners that the backup does not know; what they submit would be passed over."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done, or would do."""

    epoch: int
    adopted: Mapping[str, Adopted] = field(default_factory=dict)
    published: Mapping[str, Report] = field(default_factory=dict)
    waiting_dropped: int = 0
    answers_learned: int = 0
    partitions_rewound: int = 0
    unknown_partners: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Write it as JSON; ids of offers and vacancies, and counts: nothing about a citizen."""
        return {
            "epoch": self.epoch,
            "adopted": {topic: adopted.told() for topic, adopted in self.adopted.items()},
            "published": {topic: report.published for topic, report in self.published.items()},
            "waiting_dropped": self.waiting_dropped,
            "answers_learned": self.answers_learned,
            "partitions_rewound": self.partitions_rewound,
            "unknown_partners": list(self.unknown_partners),
        }


class Restoring:
    """Finds out whether the database has lost what the log still has, and puts the two together again."""

    def __init__(
        self,
        *,
        store: Store,
        restoring: RestoringStore,
        adoption: Adoption,
        republishing: Republishing,
        bootstrap: str,
        names: TopicNames,
    ) -> None:
        self._store = store
        self._restoring = restoring
        self._adoption = adoption
        self._republishing = republishing
        self._bootstrap = bootstrap
        self._names = names

    async def reason_to_hold(self) -> str | None:
        """Say why intake must not begin; None if it may."""
        if await self._restoring.is_restoring():
            return "putting this database in order after a backup has begun and not ended"
        missing: Missing = await what_is_missing(self._bootstrap, self._names, self._restoring)
        return f"the log holds what this database does not know: {missing}" if missing else None

    async def look(self) -> dict[str, Any]:
        """Say what a restore would find; nothing is changed."""
        readings = await read_own(self._bootstrap, self._names)
        later = {topic: await self._restoring.later(topic, reading.last) for topic, reading in readings.items()}
        return {
            "read": {topic: reading.read for topic, reading in readings.items()},
            "unreadable": {topic: reading.unreadable for topic, reading in readings.items()},
            "later": {topic: sum(keys.values()) for topic, keys in later.items()},
            "new": {topic: len(keys) - sum(keys.values()) for topic, keys in later.items()},
            "erased": {
                topic: sum(readings[topic].last[key].tombstone and known for key, known in keys.items())
                for topic, keys in later.items()
            },
            "unknown_partners": sorted(await self._unknown_partners()),
        }

    async def restore(self, *, backup_wins: bool, without_partners: bool) -> Restored:
        """Put database and log together again. Nothing else of intake may run meanwhile, here or elsewhere.

        What the log has of later than the backup is taken into the tables, under the version that it has there. Then the log is made
        to say what the tables say, where it does not. Last, the partners' topics are read on from what the backup had answered; what
        has a receipt on the log does nothing again.

        Args:
            backup_wins: take nothing over but what was erased: all is as in the backup, published in the new epoch, and what it does
                not know is buried.
            without_partners: go on although there are topics of partners that the backup does not know.

        Raises:
            StillRead: another intake runs.
            UnknownPartners: naming them.
        """
        if not await wait_until_nobody_reads(self._bootstrap, self._names, within_seconds=_SESSION_SECONDS):
            raise StillRead
        unknown_partners = await self._unknown_partners()
        if unknown_partners and not without_partners:
            raise UnknownPartners(", ".join(sorted(unknown_partners)))
        await self._restoring.set_restoring(restoring=True)
        readings = await read_own(self._bootstrap, self._names)
        epoch = await self._store.raise_epoch(max(reading.highest_epoch for reading in readings.values()))
        log.warning("epoch_raised", epoch=epoch)
        partners = await self._partners_with_topics()
        topics = [self._names.topic(SUBMISSIONS.replace(PARTNER, partner)) for partner in partners]
        answered = await self._restoring.last_answered(topics)
        waiting_dropped = await self._restoring.drop_waiting(OWN_TOPICS)
        adopted = await self._adopt(readings, partners, only_erasures=backup_wins)
        published = await self._republishing.mend(readings, epoch=epoch if backup_wins else 0)
        learned = await remember_answers(self._bootstrap, self._names, partners, self._restoring)
        rewound = await rewind(self._bootstrap, self._names, partners, answered)
        await self._restoring.save_marks(
            {(topic, place): end for topic, reading in readings.items() for place, end in reading.ends.items()}
        )
        await self._restoring.set_restoring(restoring=False)
        done = Restored(epoch, adopted, published, waiting_dropped, learned, rewound, tuple(sorted(unknown_partners)))
        log.warning("restored", backup_wins=backup_wins, epoch=epoch, waiting_dropped=waiting_dropped, partitions_rewound=rewound)
        return done

    async def _adopt(self, readings: Mapping[str, Reading], partners: set[str], *, only_erasures: bool) -> dict[str, Adopted]:
        later = {topic: await self._restoring.later(topic, readings[topic].last) for topic in ENTITY_OF_TOPIC}
        known = readings["settings"]
        await self._adoption.adopt_settings(known, await self._restoring.later("settings", known.last))
        new = {key for topic in _CALLED_BY_PARTNERS for key, known in later[topic].items() if not known}
        called = await names_of(self._bootstrap, self._names, partners, new) if new and not only_erasures else {}
        return {
            topic: await self._adoption.adopt(topic, readings[topic], keys, called, only_erasures=only_erasures)
            for topic, keys in later.items()
        }

    async def _partners_with_topics(self) -> set[str]:
        return {partner.name for partner in await self._store.partners()} & await partners_with_topics(
            self._bootstrap, self._names
        )

    async def _unknown_partners(self) -> set[str]:
        known = {partner.name for partner in await self._store.partners()}
        return await partners_with_topics(self._bootstrap, self._names) - known
