"""Intake inside a test: the service on real servers, a clock that the test moves, and the log to look at."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from services.intake.app import build_app
from services.intake.settings import IntakeSettings
from services.intake.timers import Timers
from shared.contracts.receipt import Receipt
from shared.messaging.log import read_to_end
from shared.messaging.producing import Producer
from shared.messaging.records import RawRecord
from shared.messaging.security import settings_of
from shared.messaging.topics import TopicNames
from tests.support.citizens import Keys
from tests.support.running import RunningService, running
from tests.support.waiting import eventually

OFFER: dict[str, Any] = {
    "name": "Skovly",
    "municipality": "0751",
    "kinds": ["SEL-103"],
    "sections": ["SEL-103"],
    "point": {"latitude": 56.15, "longitude": 10.2},
    "address": "Skovvej 1, 8000 Aarhus C",
    "contact": {"phone": "86 12 34 56", "email": "skovly@example.dk"},
}
VACANCY: dict[str, Any] = {
    "offer_id": "skovly",
    "title_da": "To pladser i værkstedet",
    "sections": ["SEL-103"],
    "places_free": 2,
    "places_total": 20,
    "contact": {"phone": "86 12 34 56", "email": "skovly@example.dk"},
}
NEED: dict[str, Any] = {
    "source_reference": "case-42",
    "handlekommune": "0751",
    "caseworker": "sb-0751-7",
    "sections": [{"section": "SEL-103", "basis": "decided"}],
    "primary_target_group": "122f3f8e-84a0-476f-b9c5-0e40b1dcf113",
    "birth_year": 1990,
    "points_of_reference": [{"easting_m": 574549, "northing_m": 6223423}],
}


@dataclass
class Clock:
    """A clock that goes, and that a test moves on by days."""

    moved: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


@dataclass(frozen=True)
class IntakeUnderTest:
    """A running intake, and what a test wants to do with it and to see of it."""

    service: RunningService
    bootstrap: str
    names: TopicNames
    dsn: str
    clock: Clock
    producer: Producer
    state: dict[str, Any]

    @property
    def client(self) -> httpx2.AsyncClient:
        return self.service.client

    def days_pass(self, days: int) -> None:
        self.clock.moved += timedelta(days=days)

    async def timers_look(self) -> None:
        await Timers(self.state["intake"], self.state["observing"], self.clock, every_seconds=60).look()

    async def published(self, topic: str, key: str, *, count: int = 1) -> list[RawRecord]:
        """Wait for so many records under a key."""

        async def look() -> list[RawRecord]:
            return [record for record in await records_of(self, topic) if record.key == key]

        return await eventually(look, until=lambda found: len(found) >= count)

    async def partner(
        self, name: str, *, offers: list[str], kinds: list[str], municipalities: tuple[str, ...] = ("0751",)
    ) -> None:
        declared = {"partner": name, "offers": offers, "kinds": kinds, "municipalities": municipalities}
        answer = await self.client.post("/operator/partners", json=declared)
        assert answer.status_code in {200, 201}, answer.text

    async def submit(self, partner: str, kind: str, body: object, **attributes: str) -> None:
        """Send a submission, well formed but for what the test says otherwise."""
        given = {
            "ce_specversion": "1.0",
            "ce_id": uuid4().hex,
            "ce_source": partner,
            "ce_type": f"dk.ledigplads.{kind}.v1",
        } | {f"ce_{name}": value for name, value in attributes.items() if name != "key"}
        await self.producer.publish(
            self.names.topic(f"submissions-{partner}"),
            key=attributes.get("key"),
            value=body if isinstance(body, bytes) else orjson.dumps(body),
            headers=[(name, value.encode()) for name, value in given.items()],
        )

    async def receipts(self, partner: str, count: int) -> list[Receipt]:
        """Wait for so many receipts."""

        async def look() -> list[RawRecord]:
            return await records_of(self, f"receipts-{partner}")

        found = await eventually(look, until=lambda found: len(found) >= count, within_seconds=15)
        return [Receipt.model_validate_json(record.value or b"") for record in found]


def body_of(record: RawRecord) -> dict[str, Any]:
    """Read the JSON of a record; a tombstone has none."""
    body: dict[str, Any] = orjson.loads(record.value or b"null")
    return body


async def records_of(intake: IntakeUnderTest, topic: str) -> list[RawRecord]:
    """Read a topic from beginning to end."""
    batches = read_to_end(intake.bootstrap, intake.names.topic(topic))
    return [record async for batch in batches for record in batch]


@asynccontextmanager
async def running_intake(
    bootstrap: str,
    names: TopicNames,
    dsn: str,
    topics_file: Path,
    clock: Callable[[], datetime] | None = None,
    *,
    keys: Keys | None = None,
) -> AsyncIterator[IntakeUnderTest]:
    """Run intake until the block is left; with `keys` it can keep citizens' data."""
    moving = clock if isinstance(clock, Clock) else Clock()
    settings = IntakeSettings(
        **settings_of(bootstrap),
        topic_prefix=names.prefix,
        topics_file=topics_file,
        port=8001,
        intake_postgres_dsn=dsn,
        intake_keys_postgres_dsn=None if keys is None else keys.dsn,
        intake_master_keys_file=None if keys is None else keys.master_keys,
    )
    state: dict[str, Any] = {}
    app = build_app(settings, moving)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def watched(starting: Any) -> AsyncIterator[dict[str, Any]]:
        async with inner(starting) as given:
            state.update(given or {})
            yield dict(given or {})

    app.router.lifespan_context = watched
    async with running(app) as service, Producer(bootstrap) as producer:
        yield IntakeUnderTest(service, bootstrap, names, dsn, moving, producer, state)
