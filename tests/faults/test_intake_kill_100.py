"""Intake is killed a hundred times at random moments under load: what it accepted stands on the log once, and in order."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import httpx2
import orjson
import pytest

from shared.messaging.log import end_offsets, read_to_end
from shared.messaging.outbox import decode_headers
from shared.messaging.producing import Producer
from shared.messaging.security import environment_of
from tests.support.forking import ForkedService
from tests.support.intake import NEED, OFFER, VACANCY
from tests.support.waiting import eventually, stays

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

_KILLS = int(os.environ.get("LEDIGPLADS_TEST_KILLS", "100"))
_LONGEST_LIFE_SECONDS = 1.2
_WRITERS = 8
_PARTNER = "skov"
_STATE = {"offers": ("offer", "offer_id"), "vacancies": ("vacancy", "vacancy_id"), "need-profiles": ("need", "need_id")}
_TOPICS = (*_STATE, "settings", f"receipts-{_PARTNER}")

Sent = tuple[str, str, str]
"""Topic, key and ce_id."""


@dataclass
class TheLog:
    """What stands on intake's topics, read on from where it was read last."""

    bootstrap: str
    names: TopicNames
    standing: Counter[Sent] = field(default_factory=Counter)
    by_key: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _read: dict[str, dict[int, int]] = field(default_factory=dict)

    async def read_on(self) -> None:
        for topic in _TOPICS:
            on_broker = self.names.topic(topic)
            ends = await end_offsets(self.bootstrap, on_broker)
            before = self._read.get(topic, {})
            if all(before.get(partition, 0) == end for partition, end in ends.items()):
                continue
            async for records in read_to_end(self.bootstrap, on_broker, start=before):
                for record in records:
                    self._take(topic, record)
                    self._read.setdefault(topic, {})[record.at.partition] = record.at.offset + 1

    def _take(self, topic: str, record: RawRecord) -> None:
        key, ce_id = record.key or "", (dict(record.headers).get("ce_id") or b"").decode()
        self.standing[topic, key, ce_id] += 1
        self.by_key[topic, key].append(ce_id)


@dataclass
class Fallen:
    """Where the kills fell: each is counted for every thing that it interrupted."""

    kills: int = 0
    between_commit_and_publish: int = 0
    between_publish_and_delete: int = 0
    rows_not_yet_published: int = 0
    rows_published_and_not_deleted: int = 0

    def note(self, waiting: list[Sent], log: TheLog) -> None:
        published = sum(sent in log.standing for sent in waiting)
        self.kills += 1
        self.between_commit_and_publish += published < len(waiting)
        self.between_publish_and_delete += published > 0
        self.rows_not_yet_published += len(waiting) - published
        self.rows_published_and_not_deleted += published


class Load:
    """Callers that go on whatever happens, each with a vacancy, a need and a partner's submissions of its own."""

    def __init__(self, service: ForkedService, producer: Producer, names: TopicNames) -> None:
        self._service = service
        self._producer = producer
        self._names = names
        self.up = asyncio.Event()
        self.accepted: set[tuple[str, int]] = set()
        """(entity id, version) of each answer with 2xx."""
        self.submitted: list[str] = []

    async def write(self, number: int) -> None:
        vacancy = VACANCY | {"reference": f"bed-{number}"}
        need = NEED | {"source_reference": f"case-{number}"}
        turn = 0
        while True:
            turn += 1
            await self.up.wait()
            with suppress(httpx2.TransportError):
                await self._call("POST", "/vacancies", vacancy | {"places_free": turn % 20})
                await self._call("POST", "/needs", need | {"urgency": ("acute", "soon", "normal")[turn % 3]})
                if turn % 7 == 0:
                    await self._call("PUT", f"/offers/own-{number}", OFFER | {"name": f"Skovly {turn}"})
                if turn % 3 == 0:
                    await self._submit(number, turn)

    async def _call(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        answer = await self._service.client.request(method, path, json=body)
        assert answer.is_success, answer.text
        told = answer.json()
        self.accepted.add((told.get("vacancy_id") or told.get("need_id") or told["offer_id"], told["version"]))

    async def _submit(self, number: int, turn: int) -> None:
        """Submit by Kafka, and have the record read at once: the group needs ten seconds after a kill, and then reads it again."""
        submission = uuid4().hex
        body = VACANCY | {"reference": f"submitted-{number}", "places_free": turn % 20}
        headers = {
            "ce_specversion": "1.0",
            "ce_id": submission,
            "ce_source": _PARTNER,
            "ce_type": "dk.ledigplads.vacancy.submitted.v1",
        }
        at = await self._producer.publish(
            self._names.topic(f"submissions-{_PARTNER}"),
            key=f"submitted-{number}",
            value=orjson.dumps(body),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )
        self.submitted.append(f"receipt/{at.topic}/{at.partition}/{at.offset}")
        place = {"topic": at.topic, "partition": at.partition, "offset": at.offset}
        (await self._service.client.post("/operator/replay", json=place)).raise_for_status()


@pytest.fixture
async def service(  # noqa: PLR0917 - fixtures, by name
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str, tmp_path: Path
) -> AsyncIterator[ForkedService]:
    assert topics.topics
    environment = {
        **environment_of(kafka.bootstrap_servers),
        "LEDIGPLADS_TOPIC_PREFIX": names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
        "LEDIGPLADS_INTAKE_POSTGRES_DSN": intake_dsn,
    }
    async with ForkedService("services.intake", environment, log=tmp_path / "intake.log") as forked:
        yield forked


async def test_killed_a_hundred_times_each_accepted_change_is_on_its_topic_once_per_version_and_in_order(
    service: ForkedService, kafka: Kafka, names: TopicNames, intake_dsn: str
) -> None:
    chance = random.Random(4)
    log = TheLog(kafka.bootstrap_servers, names)
    fallen = Fallen()
    await service.start()
    await _declare(service)
    async with Producer(kafka.bootstrap_servers) as producer, _connected(intake_dsn) as database:
        load = Load(service, producer, names)
        writers = [asyncio.create_task(load.write(number)) for number in range(_WRITERS)]
        for _ in range(_KILLS):
            load.up.set()
            lives_seconds = chance.uniform(0, _LONGEST_LIFE_SECONDS)
            await stays(lambda: not any(writer.done() for writer in writers), for_seconds=lives_seconds)
            load.up.clear()
            await service.kill()
            await eventually(lambda: _nobody_else_is_connected(database))
            await log.read_on()
            fallen.note(await _waiting(database), log)
            await service.start()
        await _end(writers)
        await eventually(lambda: _waiting(database), until=lambda waiting: not waiting, within_seconds=60)
        await eventually(lambda: _all_are_answered(database, load), within_seconds=60)
        await eventually(lambda: _waiting(database), until=lambda waiting: not waiting, within_seconds=60)
        await log.read_on()
        print(f"{fallen}, {len(load.accepted)} accepted, {len(load.submitted)} submitted")  # noqa: T201 - figures of the run

        assert [sent for sent, times in log.standing.items() if times > 1] == []
        versions = await _each_key_has_all_its_versions_in_order(database, log)
        assert load.accepted <= versions
        receipts = [ce_id for (topic, _), ids in log.by_key.items() for ce_id in ids if topic.startswith("receipts-")]
        assert sorted(receipts) == sorted(load.submitted)
    # The books of a test that killed nothing at work are always right.
    assert fallen.between_commit_and_publish >= _KILLS // 4
    assert fallen.between_publish_and_delete >= _KILLS // 10
    assert len(load.accepted) > 10 * _KILLS


async def _declare(service: ForkedService) -> None:
    for offer in ("skovly", *(f"own-{number}" for number in range(_WRITERS))):
        (await service.client.put(f"/offers/{offer}", json=OFFER)).raise_for_status()
    partner = {"partner": _PARTNER, "offers": ["skovly"], "kinds": ["vacancy"]}
    (await service.client.post("/operator/partners", json=partner)).raise_for_status()


def _connected(dsn: str) -> Any:
    return asyncpg.create_pool(dsn, min_size=1, max_size=1)


async def _nobody_else_is_connected(database: asyncpg.Pool) -> bool:
    """PostgreSQL finishes the statement in hand of a client that is gone; what commits, commits before this is true."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return not await database.fetchval(others)


async def _waiting(database: asyncpg.Pool) -> list[Sent]:
    rows = await database.fetch("SELECT topic, key, headers FROM outbox")
    return [(row["topic"], row["key"], dict(decode_headers(row["headers"]))["ce_id"].decode()) for row in rows]


async def _all_are_answered(database: asyncpg.Pool, load: Load) -> bool:
    return bool(await database.fetchval("SELECT count(*) FROM submission") == len(load.submitted))


async def _end(writers: list[asyncio.Task[None]]) -> None:
    for writer in writers:
        writer.cancel()
    for ended in await asyncio.gather(*writers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended


async def _each_key_has_all_its_versions_in_order(database: asyncpg.Pool, log: TheLog) -> set[tuple[str, int]]:
    """Compare the log with the tables; gives all (entity id, version)."""
    found: set[tuple[str, int]] = set()
    for topic, (table, key) in _STATE.items():
        rows = await database.fetch(f"SELECT {key} AS key, version FROM {table}")  # noqa: S608 - our own names
        assert rows
        for row in rows:
            expected = [f"{row['key']}/1/{version}" for version in range(1, row["version"] + 1)]
            assert log.by_key[topic, row["key"]] == expected, f"{topic} {row['key']}"
            found |= {(row["key"], version) for version in range(1, row["version"] + 1)}
    return found
