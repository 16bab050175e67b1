"""The log as matching meets it: what intake would publish, garbage, and what stands in `matches`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from services.matching.app import build_app
from services.matching.owners import partition_number
from services.matching.settings import MatchingSettings
from shared.contracts.match import CLAIM_KEY, NOT_CANONICAL, Match
from shared.contracts.need import NeedProfile
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.log import read_to_end
from shared.messaging.producing import Producer
from shared.messaging.records import Coordinates, RawRecord
from shared.messaging.security import settings_of
from shared.messaging.topics import TopicNames, Topics
from tests.support.matching import TODAY, first_policy
from tests.support.running import RunningService, running

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SaidMatch:
    """The last record of a key in `matches`, or None in place of the match for a tombstone."""

    match: Match | None
    envelope: Envelope
    at: Coordinates


class MatchingLog:
    """Writes what matching reads, and reads what it writes."""

    def __init__(self, bootstrap: str, names: TopicNames, topics: Topics, producer: Producer) -> None:
        self.bootstrap = bootstrap
        self.names = names
        self.partitions = topics.named("matches").partitions
        self._producer = producer

    async def state(
        self,
        topic: str,
        key: str,
        body: BaseModel | None,
        position: tuple[int, int],
        correlation_id: str = "test",
        *,
        time: datetime = NOON,
    ) -> Coordinates:
        entity = {"vacancies": "vacancy", "need-profiles": "need-profile"}.get(topic, key)
        envelope = state_envelope(
            entity=entity, subject=key, position=position, time=time, source="intake", correlationid=correlation_id
        )
        value = None if body is None else body.model_dump_json().encode()
        return await self._producer.publish(self.names.topic(topic), key=key, value=value, headers=envelope.to_headers())

    async def settings(self, policy: Policy | None = None, day: date = TODAY, version: int = 1, time: datetime = NOON) -> None:
        await self.state("settings", POLICY_KEY, policy or first_policy(), (1, version), time=time)
        await self.state("settings", TODAY_KEY, Today(day=day), (1, version), time=time)

    async def vacancies(self, *vacancies: Vacancy, correlation_id: str = "test", time: datetime = NOON) -> None:
        await asyncio.gather(
            *(self.state("vacancies", one.vacancy_id, one, (1, one.version), correlation_id, time=time) for one in vacancies)
        )

    async def needs(self, *needs: NeedProfile) -> None:
        await asyncio.gather(*(self.state("need-profiles", one.need_id, one, (1, one.version)) for one in needs))

    async def raw(self, topic: str, key: str, value: bytes | None, **options: Any) -> Coordinates:
        return await self._producer.publish(self.names.topic(topic), key=key, value=value, **options)

    async def stale_match(self, match: Match, epoch: int) -> Coordinates:
        """What a worker writes that was paused while another took its partition."""
        envelope = state_envelope(
            entity="match", subject=match.need_id, position=(epoch, 99), time=NOON, source="matching", correlationid="stale"
        )
        number = partition_number(match.need_id, self.partitions)
        return await self.raw(
            "matches", match.need_id, match.model_dump_json().encode(), headers=envelope.to_headers(), partition=number
        )

    async def records(self, topic: str = "matches") -> list[RawRecord]:
        return [record async for batch in read_to_end(self.bootstrap, self.names.topic(topic)) for record in batch]

    async def said(self) -> dict[str, SaidMatch]:
        """The last record per need, claims left out, as compaction would leave it."""
        said = {}
        for record in await self.records():
            if record.key is not None and record.key != CLAIM_KEY and record.headers:
                match = None if record.value is None else Match.model_validate_json(record.value)
                said[record.key] = SaidMatch(match, Envelope.from_headers(record.headers), record.at)
        return said

    async def canonical(self) -> dict[str, bytes | None]:
        return {key: canonical(one.match) for key, one in (await self.said()).items()}

    async def places(self, need_id: str) -> list[str] | None:
        """The ids on a need's list, best first; None while there is no record."""
        said = (await self.said()).get(need_id)
        return None if said is None or said.match is None else [place.vacancy_id for place in said.match.places]

    async def written(self) -> int:
        """How many records other than claims were ever written."""
        return sum(record.key != CLAIM_KEY for record in await self.records())


def canonical(match: Match | None) -> bytes | None:
    return None if match is None else orjson.dumps(match.model_dump(exclude=set(NOT_CANONICAL), mode="json"))


def worker_settings(bootstrap: str, names: TopicNames, topics_file: Path, worker: int = 1) -> MatchingSettings:
    return MatchingSettings(
        **settings_of(bootstrap),
        topic_prefix=names.prefix,
        topics_file=topics_file,
        port=1,
        matching_worker=worker,
        matching_session_timeout_ms=6_000,
        matching_reclaim_seconds=1,
    )


@asynccontextmanager
async def running_worker(settings: MatchingSettings) -> AsyncIterator[RunningService]:
    async with running(build_app(settings)) as service:
        yield service
