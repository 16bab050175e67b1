"""A market on the log, as intake would have published it: settings, vacancies and needs, and what then happens to them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from aiokafka import AIOKafkaProducer

from services.matching.owners import partition_number
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Today
from shared.messaging.envelope import state_envelope
from shared.messaging.security import client_options
from tests.benchmarks.need_bodies import NeedBodies
from tests.benchmarks.scoring.places import Places
from tests.support.matching import TODAY, full_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.contracts.vacancy import Vacancy
    from shared.messaging.envelope import Header
    from tests.benchmarks.workshop import Workshop

_BEGAN: Final = datetime(2026, 11, 1, 8, tzinfo=UTC)
_BATCH_BYTES: Final = 262_144
_SENT_AT_ONCE: Final = 2_000

_Record = tuple[str, bytes, bytes | None, list["Header"]]
"""Topic, key, value, headers."""


@dataclass(frozen=True)
class MarketLog:
    """Writes to the topics of a workshop."""

    place: Workshop
    seed: int

    async def begin(self, needs: int, vacancies: int) -> None:
        """Publish a policy, a day, so many open vacancies and so many open needs."""
        await self._write(self._settings(version=1))
        await self._write(self._vacancy(one, version=1) for one in Places(self.seed).ordinary(_vacancy_ids(0, vacancies)))
        await self.add_needs(needs, vacancies)

    async def add_needs(self, needs: int, vacancies: int) -> None:
        await self._write(self._needs(needs, _vacancy_ids(0, vacancies)))

    async def go_on(self, vacancies: int, events: int) -> None:
        """Publish `events` more vacancies, change as many, withdraw as many, and go over to another policy."""
        places = Places(self.seed + 1)
        known = list(islice(Places(self.seed).ordinary(_vacancy_ids(0, vacancies)), 2 * events))
        new = places.ordinary(_vacancy_ids(vacancies, events))
        changed = [places.changed(one) for one in known[:events]]
        withdrawn = [one.model_copy(update={"version": 2, "status": "closed"}) for one in known[events:]]
        await self._write(self._vacancy(one, version=one.version) for one in (*new, *changed, *withdrawn))
        await self._write(self._settings(version=2))

    def _settings(self, version: int) -> Iterator[_Record]:
        policy = full_policy() if version == 1 else full_policy(version="2026-11-25.2", threshold=31)
        for key, body in ((POLICY_KEY, policy), (TODAY_KEY, Today(day=TODAY))):
            yield self._record("settings", key, key, body.model_dump_json().encode(), version)

    def _vacancy(self, vacancy: Vacancy, version: int) -> _Record:
        body = vacancy.model_dump_json().encode()
        return self._record("vacancies", "vacancy", vacancy.vacancy_id, body, version)

    def _needs(self, count: int, vacancy_ids: list[str]) -> Iterator[_Record]:
        for need_id, body in NeedBodies(self.seed, vacancy_ids).drawn(count):
            yield self._record("need-profiles", "need-profile", need_id, body, 1)

    def _record(self, topic: str, entity: str, subject: str, body: bytes, version: int) -> _Record:
        envelope = state_envelope(
            entity=entity,
            subject=subject,
            position=(1, version),
            time=_BEGAN + timedelta(days=version),
            source="intake",
            correlationid=subject,
        )
        return self.place.names.topic(topic), subject.encode(), body, envelope.to_headers()

    async def _write(self, records: Iterable[_Record]) -> None:
        counts = {self.place.names.topic(one.name): one.partitions for one in self.place.declared.topics if not one.is_partner}
        producer = AIOKafkaProducer(
            **client_options(self.place.bootstrap_servers), enable_idempotence=True, linger_ms=0, max_batch_size=_BATCH_BYTES
        )
        await producer.start()
        try:
            remaining = iter(records)
            while some := list(islice(remaining, _SENT_AT_ONCE)):
                sent = [
                    await producer.send(
                        topic, value, key, partition=partition_number(key.decode(), counts[topic]), headers=headers
                    )
                    for topic, key, value, headers in some
                ]
                await asyncio.gather(*sent)
        finally:
            await producer.stop()


def _vacancy_ids(first: int, count: int) -> list[str]:
    return [f"0191{number:04x}-0000-7000-9000-{number:012x}" for number in range(first, first + count)]
