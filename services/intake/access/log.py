"""The access log: looks come in from the topic, are chained, and the head of each chain is anchored on another topic."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import ValidationError

from services.intake.access.chain import Fault, content_of, faults, next_entry
from services.intake.publishing import SOURCE
from shared.contracts.access import ANCHOR_TYPE, AccessAnchor
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.messaging.log import read_to_end
from shared.messaging.outbox import OutboxMessage
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from services.intake.access.chain import Entry
    from services.intake.access.store import AccessStore
    from services.intake.citizens.vault import Vault
    from services.intake.store import Store
    from shared.contracts.access import AccessEvent
    from shared.database import Connection
    from shared.messaging.topics import TopicNames

ANCHORS: Final = "access-anchors"


class AccessLog:
    """Appends looks, shows them to whom they are about, and verifies the chains."""

    def __init__(
        self, store: Store, access: AccessStore, vault: Vault | None, clock: Callable[[], datetime], anchors: Anchors
    ) -> None:
        self._store = store
        self._access = access
        self._vault = vault
        self._clock = clock
        self._anchors = anchors

    async def append(self, events: Sequence[AccessEvent]) -> None:
        """Chain looks; one that is there already is not chained twice."""
        by_municipality: dict[str, dict[str, AccessEvent]] = {}
        for event in events:
            by_municipality.setdefault(event.municipality, {}).setdefault(event.event_id, event)
        for municipality, looks in sorted(by_municipality.items()):
            await self._store.in_transaction(partial(self._append, municipality=municipality, looks=looks))

    async def _append(self, connection: Connection, *, municipality: str, looks: dict[str, AccessEvent]) -> None:
        await self._access.lock(connection, municipality)
        known = await self._access.known(connection, municipality, looks)
        head = await self._access.head(connection, municipality)
        entries: list[Entry] = []
        new = [look for event_id, look in looks.items() if event_id not in known]
        for look in new:
            entry = next_entry(municipality, head, look.event_id, content_of(look, self._reference(look.subject)))
            entries.append(entry)
            head = entry.number, entry.hash
        if not entries:
            return
        erased = set() if self._vault is None else await self._vault.erased_of({look.subject for look in new})
        subjects = [None if look.subject in erased else look.subject for look in new]
        await self._access.append(connection, entries, subjects)
        await outbox.add(connection, [self._anchor(entries[-1])])

    def _reference(self, subject: str) -> bytes:
        """Name somebody by a digest under a key that is in no database; ids are random, so a plain digest says as little."""
        return hashlib.sha256(subject.encode()).digest() if self._vault is None else self._vault.masters.reference(subject)

    def _anchor(self, entry: Entry) -> OutboxMessage:
        envelope = Envelope(
            id=f"{entry.municipality}/1/{entry.number}",
            source=SOURCE,
            type=ANCHOR_TYPE,
            subject=entry.municipality,
            time=self._clock(),
            dataschema="urn:ledigplads:schema:access-anchor:v1",
            partitionkey=entry.municipality,
            traceparent=None,
            correlationid=new_correlation_id(),
        )
        anchor = AccessAnchor(municipality=entry.municipality, number=entry.number, hash=entry.hash.hex())
        return OutboxMessage(ANCHORS, entry.municipality, envelope.to_headers(), anchor.model_dump_json().encode())

    async def of_citizen(self, municipality: str, subjects: Sequence[str]) -> list[dict[str, Any]]:
        """Give what a citizen is shown: what, when and why, and which service; not who."""
        looks = await self._access.of_subjects(municipality, subjects)
        return [{name: look[name] for name in ("at", "what", "why", "service")} for look in looks]

    async def verify(self) -> dict[str, Any]:
        """Work every chain out again and hold it against its anchors."""
        anchors = await self._anchors.read()
        found: list[Fault] = []
        counts: dict[str, int] = {}
        for municipality in sorted({*await self._access.municipalities(), *anchors}):
            entries = [entry async for entry in self._access.entries(municipality)]
            counts[municipality] = len(entries)
            found += faults(municipality, entries, anchors.get(municipality, {}))
        return {
            "entries": counts,
            "anchors": {municipality: len(numbers) for municipality, numbers in anchors.items()},
            "faults": [fault.told() for fault in found],
        }

    async def exported(self, municipality: str) -> AsyncIterator[bytes]:
        """Write a chain for supervision: a line of JSON per entry, with the hash; the citizen by a keyed digest."""
        async for entry in self._access.entries(municipality):
            told = {"number": entry.number, "hash": entry.hash.hex(), **orjson.loads(entry.content)}
            yield orjson.dumps(told) + b"\n"


class Anchors:
    """Reads the anchors: on the log, where the database's role cannot write, nor change what was written."""

    def __init__(self, bootstrap: str, names: TopicNames) -> None:
        self._bootstrap = bootstrap
        self._topic = names.topic(ANCHORS)

    async def read(self) -> dict[str, dict[int, frozenset[bytes]]]:
        """Give the hashes that were anchored, by municipality and number; more than one for a number is a fault of its own."""
        found: dict[str, dict[int, frozenset[bytes]]] = {}
        async for records in read_to_end(self._bootstrap, self._topic):
            for record in records:
                try:
                    anchor = AccessAnchor.model_validate_json(record.value or b"")
                except ValidationError:
                    continue
                numbers = found.setdefault(anchor.municipality, {})
                numbers[anchor.number] = numbers.get(anchor.number, frozenset()) | {bytes.fromhex(anchor.hash)}
        return found
