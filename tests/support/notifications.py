"""A world around the notifications service: a log to write to, a mail server, and a client for its streams."""

from __future__ import annotations

import asyncio
import email
import email.policy
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiosmtpd.smtp import SMTP

from services.notifications.app import build_app
from services.notifications.settings import NotificationsSettings
from shared.contracts.match import CLAIM_KEY, Claim, Match, ScoredPlace
from shared.contracts.vacancy import Contact, Vacancy
from shared.messaging.envelope import state_envelope
from shared.messaging.groups import committed_offsets
from shared.messaging.log import end_offsets
from shared.messaging.security import client_options, settings_of
from tests.support.running import RunningService, running
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from email.message import EmailMessage
    from pathlib import Path

    from pydantic import BaseModel

    from shared.messaging.producing import Producer
    from shared.messaging.records import Coordinates
    from shared.messaging.topics import TopicNames
    from shared.messaging.versions import Position

LOOPBACK = "127.0.0.1"
KIRSTEN = "person-kirsten"
OLAV = "person-olav"
PUBLIC_URL = "http://ledigplads.test"


def vacancy(vacancy_id: str = "vac-1", *, version: int = 1, opening: int = 1, status: str = "open", **other: Any) -> Vacancy:
    """A workshop in Viborg."""
    return Vacancy.model_validate(
        {
            "vacancy_id": vacancy_id,
            "offer_id": "offer-1",
            "offer_name": "Værkstedet Åen",
            "title_da": "Plads på montageholdet",
            "sections": ("SEL-103",),
            "places_free": 2,
            "contact": Contact(phone="86 11 22 33"),
            "version": version,
            "status": status,
            "opening": opening,
            "municipality": "0791",
            "landsdel": "Vestjylland",
            "confirmed_at": "2026-11-20T09:00:00Z",
            "expires_at": "2027-01-20T09:00:00Z",
            "came_in_by": "http",
        }
        | other
    )


def place(
    vacancy_id: str = "vac-1",
    *,
    version: int = 1,
    epoch: int | None = None,
    opening: int = 1,
    points: Mapping[str, int] | None = None,
) -> ScoredPlace:
    given = dict(points or {"services": 40, "target_group": 20, "travel": 15, "start": 12})
    return ScoredPlace(
        vacancy_id=vacancy_id,
        vacancy_version=version,
        vacancy_epoch=epoch,
        opening=opening,
        score=sum(given.values()),
        points=given,
        unknown=("price",),
    )


def match(*places: ScoredPlace, need_id: str = "need-1", caseworker: str | None = KIRSTEN, **other: Any) -> Match:
    return Match.model_validate(
        {
            "need_id": need_id,
            "need_version": 1,
            "places": places,
            "handlekommune": "0791",
            "caseworker": caseworker,
            "urgency": "acute",
            "policy": "policy-1",
            "day": date(2026, 11, 25),
            "worker": "matching-1",
        }
        | other
    )


@dataclass
class Log:
    """Writes to the topics as intake and matching do."""

    producer: Producer
    names: TopicNames
    versions: dict[str, int] = field(default_factory=dict)

    async def vacancy(self, body: Vacancy, *, epoch: int = 1) -> Coordinates:
        return await self._write("vacancies", "vacancy", body.vacancy_id, (epoch, body.version), body)

    async def vacancy_gone(self, vacancy_id: str, version: int) -> Coordinates:
        return await self._write("vacancies", "vacancy", vacancy_id, (1, version), None)

    async def match(
        self, body: Match, *, epoch: int = 1, version: int | None = None, time: datetime | None = None, partition: int = 0
    ) -> Coordinates:
        """Write the next version of a need's record, or the one that is given."""
        position = (epoch, version or self._next(body.need_id))
        return await self._write("matches", "match", body.need_id, position, body, time=time, partition=partition)

    async def no_match(self, need_id: str, *, partition: int = 0) -> Coordinates:
        return await self._write("matches", "match", need_id, (1, self._next(need_id)), None, partition=partition)

    async def claim(self, epoch: int, *, partition: int = 0) -> Coordinates:
        body = Claim(worker="matching-2", partition=partition)
        return await self._write("matches", "match-claim", CLAIM_KEY, (epoch, 1), body, partition=partition)

    def _next(self, need_id: str) -> int:
        self.versions[need_id] = self.versions.get(need_id, 0) + 1
        return self.versions[need_id]

    async def _write(
        self,
        topic: str,
        entity: str,
        subject: str,
        position: Position,
        body: BaseModel | None,
        *,
        time: datetime | None = None,
        partition: int | None = None,
    ) -> Coordinates:
        envelope = state_envelope(
            entity=entity,
            subject=subject,
            position=position,
            time=time or datetime.now(UTC),
            source="test",
            correlationid=f"corr-{subject}-{position[1]}",
        )
        return await self.producer.publish(
            self.names.topic(topic),
            key=subject.encode(),
            value=None if body is None else body.model_dump_json().encode(),
            headers=envelope.to_headers(),
            partition=partition,
        )


@dataclass
class MailServer:
    """A mail server in the test's own loop; `refuses_with` is what it answers to a message instead of taking it."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    refuses_with: str | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses_with is not None:
            return self.refuses_with
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(message)
        return "250 OK"


@asynccontextmanager
async def mail_server(port: int) -> AsyncIterator[MailServer]:
    handler = MailServer(port)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler, enable_SMTPUTF8=True), LOOPBACK, port)
    try:
        yield handler
    finally:
        server.close()
        await server.wait_closed()


@dataclass(frozen=True)
class World:
    """What a service needs around it, and ways to look at it from outside."""

    bootstrap_servers: str
    names: TopicNames
    topics_file: Path
    dsn: str
    smtp_port: int
    log: Log

    def settings(self) -> NotificationsSettings:
        return NotificationsSettings(
            **settings_of(self.bootstrap_servers),
            topic_prefix=self.names.prefix,
            topics_file=self.topics_file,
            port=1,
            public_url=PUBLIC_URL,
            notifications_postgres_dsn=self.dsn,
            smtp_port=self.smtp_port,
        )

    @asynccontextmanager
    async def service(self, *, port: int | None = None, days_later: int = 0) -> AsyncIterator[Caseworker]:
        """A running replica, by a clock that is ahead by some days."""
        app = build_app(self.settings(), clock=lambda: datetime.now(UTC) + timedelta(days=days_later))
        async with running(app, port=port) as service:
            yield Caseworker(service)

    async def delete_all_records(self) -> None:
        """Take everything off the compacted topics, as compaction does with what was superseded or erased long ago."""
        admin = AIOKafkaAdminClient(**client_options(self.bootstrap_servers))
        await admin.start()
        try:
            for topic in map(self.names.topic, ("vacancies", "matches")):
                # Kafka deletes records at once from topics with the policy `delete` only.
                await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"cleanup.policy": "delete"})])
                ends = await end_offsets(self.bootstrap_servers, topic)
                await admin.delete_records({TopicPartition(topic, number): RecordsToDelete(end) for number, end in ends.items()})
        finally:
            await admin.close()

    async def is_taken(self, topic: str) -> bool:
        """Whether the group has committed all that the topic holds."""
        ends = await end_offsets(self.bootstrap_servers, self.names.topic(topic))
        done = await committed_offsets(self.bootstrap_servers, self.names.group("notifications"), self.names.topic(topic))
        return all(done.get(partition, 0) >= end for partition, end in ends.items())

    async def forget_the_group(self) -> None:
        """Make the group begin again at the first records, as after `kafka-consumer-groups --delete`."""
        consumer = AIOKafkaConsumer(
            **client_options(self.bootstrap_servers), group_id=self.names.group("notifications"), enable_auto_commit=False
        )
        await consumer.start()
        places = [
            TopicPartition(self.names.topic(topic), partition) for topic in ("vacancies", "matches") for partition in (0, 1)
        ]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
        await consumer.stop()


@dataclass(frozen=True)
class Caseworker:
    """Asks the service what a caseworker or an operator would."""

    service: RunningService

    async def alerts(self, person: str | None = None) -> list[dict[str, Any]]:
        """Read the alerts of one person, or of both, each asking for his own."""
        found = []
        for reader in (KIRSTEN, OLAV, "unassigned-0791") if person is None else (person,):
            answer = await self.service.client.get("/notifications/alerts", params={"person": reader})
            found += [orjson.loads(line) for line in answer.raise_for_status().content.splitlines()]
        return sorted(found, key=itemgetter("alert_id"))

    async def counts(self) -> dict[str, int]:
        answer = await self.service.client.get("/notifications/operator/counts")
        counted: dict[str, int] = answer.raise_for_status().json()
        return counted

    async def has_mail(self, person: str = KIRSTEN, mail: str = "kirsten@kommune.test") -> None:
        answer = await self.service.client.put(
            f"/notifications/operator/people/{person}", json={"mail": mail, "name": "Kirsten Holm", "municipality": "0791"}
        )
        answer.raise_for_status()

    async def alerted(self, count: int, person: str | None = None) -> list[dict[str, Any]]:
        """Wait for so many alerts."""
        return await eventually(lambda: self.alerts(person), until=lambda alerts: len(alerts) == count)

    async def has_caught_up(self, world: World) -> None:
        """Wait until everything that is in the topics has been taken: what did not happen by then will not happen."""

        async def all_is_taken() -> bool:
            return all([await world.is_taken(topic) for topic in ("vacancies", "matches")])

        await eventually(all_is_taken)


@asynccontextmanager
async def stream_of(
    service: RunningService, person: str, *, last_event_id: int | None = None, **query: str
) -> AsyncIterator[EventStream]:
    """Open a stream of server-sent events as a browser does."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    request = service.client.stream("GET", "/notifications/stream", params={"person": person} | query, headers=headers)
    async with request as answer:
        answer.raise_for_status()
        yield EventStream(answer.aiter_lines())


@dataclass
class EventStream:
    """Events of a stream, one by one."""

    lines: AsyncIterator[str]

    async def next(self) -> tuple[int, dict[str, Any]]:
        """Give (id, data) of the next alert."""
        found: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self.lines:
                if not line and "data" in found:
                    return int(found["id"]), orjson.loads(found["data"])
                name, _, value = line.partition(": ")
                if name:
                    found[name] = value
        raise StreamEnded

    async def until_it_ends(self) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """Give what comes before the service ends the stream."""
        with suppress(StreamEnded):
            while True:
                yield await self.next()


class StreamEnded(Exception):  # noqa: N818 - reads as what happened
    """The service has ended the stream."""
