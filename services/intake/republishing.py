"""The log against the table: what stands on our own state topics is read back, and mended where it is not what we hold.

Garbage may have displaced a good record, a topic may have been lost, or this database may come from a backup older than the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from services.intake.publishing import ENTITY_OF_TOPIC, OWN_TOPICS, envelope
from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging import outbox
from shared.messaging.envelope import Envelope, MalformedEnvelope
from shared.messaging.log import read_to_end
from shared.messaging.outbox import OutboxMessage
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from services.intake.store import Published, Store
    from shared.contracts.common import Contract
    from shared.database import Connection
    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames
    from shared.messaging.versions import Position

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_TABLES: Final = {"offers": "offers", "vacancies": "vacancies", "need-profiles": "needs", "settings": "settings"}
_CONTRACTS: Final[dict[str, type[Contract]]] = {"offers": Offer, "vacancies": Vacancy, "need-profiles": NeedProfile}
_PLAUSIBLE: Final = 1_000_000_000
"""Epochs and versions beyond this are garbage: lifting ours above them would leave no room."""


class UnknownTopic(Exception):  # noqa: N818 - the message says the rest
    """The topic is none of those that intake publishes its state on."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The last record under a key: a fingerprint of envelope and bytes, since a topic may hold a million of them."""

    fingerprint: int
    position: Position | None
    tombstone: bool


@dataclass(slots=True)
class _Reading:
    """What a topic holds now."""

    read: int = 0
    unreadable: int = 0
    last: dict[str, _Seen] = field(default_factory=dict)

    @property
    def highest_epoch(self) -> int:
        return max((seen.position[0] for seen in self.last.values() if seen.position), default=0)

    def take(self, record: RawRecord) -> None:
        """Remember a record; those without a key cannot stand in for anything."""
        self.read += 1
        try:
            found: Envelope | None = Envelope.from_headers(record.headers)
            position = found.position if found else None
        except MalformedEnvelope:
            found = position = None
            self.unreadable += 1
        if position is not None and max(position) > _PLAUSIBLE:
            position = None
        if record.key is not None:
            self.last[record.key] = _Seen(_fingerprint(found, record.value), position, record.value is None)


@dataclass(frozen=True, slots=True)
class Report:
    """What was read of a topic, and how many records were published again."""

    read: int
    unreadable: int
    published: int


class Republishing:
    """Makes the log say what the table says; everything goes through the outbox, under the row's lock."""

    def __init__(self, store: Store, bootstrap: str, names: TopicNames, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._bootstrap = bootstrap
        self._names = names
        self._clock = clock

    async def republish(self, topic: str | None = None, key: str | None = None) -> dict[str, Report]:
        """Publish again what differs or is missing.

        Args:
            topic: one of intake's own, by its logical name; all of them by default.
            key: only what stands under this key.

        Raises:
            UnknownTopic: the topic is not one of intake's own.
        """
        if topic is not None and topic not in OWN_TOPICS:
            raise UnknownTopic(f"Intake publishes its state on {', '.join(OWN_TOPICS)}.")
        readings = await self._read([topic] if topic else OWN_TOPICS)
        return {name: await self._mend(name, reading, only=key) for name, reading in readings.items()}

    async def restored(self) -> tuple[int, dict[str, Report]]:
        """Begin a new epoch after a restore from a backup, above all that the log has seen, and publish everything under it."""
        readings = await self._read(OWN_TOPICS)
        epoch = await self._store.raise_epoch(max(reading.highest_epoch for reading in readings.values()))
        log.warning("epoch_raised", epoch=epoch)
        return epoch, {name: await self._mend(name, reading, epoch=epoch) for name, reading in readings.items()}

    async def _read(self, topics: Iterable[str]) -> dict[str, _Reading]:
        readings: dict[str, _Reading] = {}
        for topic in topics:
            reading = readings[topic] = _Reading()
            async for records in read_to_end(self._bootstrap, self._names.topic(topic)):
                for record in records:
                    reading.take(record)
        return readings

    async def _mend(self, topic: str, reading: _Reading, *, only: str | None = None, epoch: int = 0) -> Report:
        """Go through the table page by page, then through the keys of the log that are in no table of ours."""
        published, after = 0, ""
        strays = {key: seen for key, seen in reading.last.items() if only is None or key == only}
        while True:

            async def work(connection: Connection, after: str = after) -> tuple[list[Published], int]:
                page = await self._store.page_published(connection, _TABLES[topic], after, only, _PAGE)
                return page, await self._mend_page(connection, topic, page, reading, epoch)

            page, mended = await self._store.in_transaction(work)
            published += mended
            for record in page:
                strays.pop(record.key, None)
            if len(page) < _PAGE:
                break
            after = page[-1].key
        published += await self._bury(topic, strays)
        log.info("republished", topic=topic, read=reading.read, unreadable=reading.unreadable, published=published)
        return Report(reading.read, reading.unreadable, published)

    async def _mend_page(
        self, connection: Connection, topic: str, page: Sequence[Published], reading: _Reading, epoch: int
    ) -> int:
        lifted, messages = [], []
        for stored in page:
            seen = reading.last.get(stored.key)
            record = _lifted(topic, stored, seen.position if seen else None, epoch)
            if record != stored:
                lifted.append(record)
            where = (record.epoch, record.version)
            said = envelope(topic, record.key, where, record.changed_at, record.correlation_id)
            if seen is None and record.body is None:
                continue  # erased, and its tombstone is compacted away
            if seen is None or seen.fingerprint != _fingerprint(said, record.body):
                messages.append(OutboxMessage(topic, record.key, said.to_headers(), record.body))
        if lifted:
            await self._store.move(connection, _TABLES[topic], lifted)
        await outbox.add(connection, messages)
        return len(messages)

    async def _bury(self, topic: str, strays: dict[str, _Seen]) -> int:
        """Put a tombstone over keys that are not ours: garbage, or written after the backup that this database comes from."""
        now = self._clock()
        alive = [(key, seen.position or (0, 0)) for key, seen in strays.items() if not seen.tombstone]

        async def work(connection: Connection) -> None:
            epoch = await self._store.epoch(connection)
            messages = []
            for key, (seen_epoch, seen_version) in alive:
                where = (max(epoch, seen_epoch), seen_version + 1)
                headers = envelope(topic, key, where, now, new_correlation_id()).to_headers()
                messages.append(OutboxMessage(topic, key, headers, None))
            await outbox.add(connection, messages)

        if alive:
            await self._store.in_transaction(work)
        return len(alive)


def _lifted(topic: str, stored: Published, seen: Position | None, epoch: int) -> Published:
    """Lift a record into the epoch, and over a position that somebody else has written; else it stays as it is."""
    where = max(stored.epoch, epoch), stored.version
    if seen is not None and seen > where:
        where = max(seen[0], where[0]), seen[1] + 1
    if where == (stored.epoch, stored.version):
        return stored
    body = stored.body
    if body is not None and topic in ENTITY_OF_TOPIC and where[1] != stored.version:
        published = _CONTRACTS[topic].model_validate_json(body)
        body = published.model_copy(update={"version": where[1]}).model_dump_json().encode()
    return replace(stored, epoch=where[0], version=where[1], body=body)


def _fingerprint(said: Envelope | None, value: bytes | None) -> int:
    return hash((said, value))
