"""The log against the table: what stands on our own state topics is read back, and mended where it is not what we hold.

Garbage may have displaced a good record, or a topic may have been lost. (A database from a backup: see `restoring`.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from services.intake.published_log import fingerprint, read_own
from services.intake.publishing import ENTITY_OF_TOPIC, OWN_TOPICS, envelope
from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging import outbox
from shared.messaging.outbox import OutboxMessage
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from services.intake.published_log import Reading, Seen
    from services.intake.store import Published, Store
    from shared.contracts.common import Contract
    from shared.database import Connection
    from shared.messaging.topics import TopicNames
    from shared.messaging.versions import Position

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_TABLES: Final = {"offers": "offers", "vacancies": "vacancies", "need-profiles": "needs", "settings": "settings"}
_CONTRACTS: Final[dict[str, type[Contract]]] = {"offers": Offer, "vacancies": Vacancy, "need-profiles": NeedProfile}


class UnknownTopic(Exception):  # noqa: N818 - the message says the rest
    """The topic is none of those that intake publishes its state on."""


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
        readings = await read_own(self._bootstrap, self._names, [topic] if topic else OWN_TOPICS)
        return {name: await self._mend(name, reading, only=key) for name, reading in readings.items()}

    async def mend(self, readings: Mapping[str, Reading], *, epoch: int = 0) -> dict[str, Report]:
        """Publish again what differs from what was read.

        Args:
            readings: by topic; nothing has been published since.
            epoch: everything is lifted into it, and so differs.
        """
        return {name: await self._mend(name, reading, epoch=epoch) for name, reading in readings.items()}

    async def _mend(self, topic: str, reading: Reading, *, only: str | None = None, epoch: int = 0) -> Report:
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
        self, connection: Connection, topic: str, page: Sequence[Published], reading: Reading, epoch: int
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
            if seen is None or seen.fingerprint != fingerprint(said, record.body):
                messages.append(OutboxMessage(topic, record.key, said.to_headers(), record.body))
        if lifted:
            await self._store.move(connection, _TABLES[topic], lifted)
        await outbox.add(connection, messages)
        return len(messages)

    async def _bury(self, topic: str, strays: dict[str, Seen]) -> int:
        """Put a tombstone over keys that are not ours: garbage, or written after the backup that this database comes from."""
        now = self._clock()
        alive = [(key, seen.position or (0, 0)) for key, seen in strays.items() if not seen.tombstone]

        async def work(connection: Connection) -> None:
            epoch = await self._store.epoch(connection)
            messages = []
            for key, seen in alive:
                # Version 0 leaves room: an offer's id is chosen by whoever registers it, and may come for the first time tomorrow.
                where = (epoch, 0) if seen < (epoch, 0) else (seen[0], seen[1] + 1)
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
