"""The live inbox and the mails: against a real Kafka, a real PostgreSQL, and a mail server in the test's loop."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import orjson
import pytest

from deploy.embedded.ports import free_port
from services.notifications import live as live_module
from shared.messaging.producing import Producer
from shared.messaging.security import environment_of
from shared.messaging.topics import TopicNames, Topics
from tests.support.asking import AsWhoeverMay
from tests.support.backends import Kafka
from tests.support.notifications import KIRSTEN, Log, World, mail_server, match, place, stream_of, vacancy
from tests.support.processes import ServiceProcess
from tests.support.waiting import eventually


@pytest.fixture
async def world(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, notifications_dsn: str
) -> AsyncIterator[World]:
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        yield World(kafka.bootstrap_servers, names, topics_file, notifications_dsn, free_port(), Log(producer, names))


async def test_a_mail_server_that_was_away_gets_exactly_one_mail_per_match_record(world: World) -> None:
    async with world.service() as service:
        await service.has_mail()
        await world.log.vacancy(vacancy("vac-1"))
        await world.log.vacancy(vacancy("vac-2", title_da="Plads i køkkenet"))
        await service.has_caught_up(world)
        await world.log.match(match(place("vac-1"), place("vac-2")))
        alerts = await service.alerted(2)
        await eventually(service.counts, until=lambda counts: counts["deliveries_waiting"] == 1)
        async with mail_server(world.smtp_port) as server:
            await eventually(service.counts, until=lambda counts: counts["deliveries_delivered"] == 1)
            [mail] = server.messages
            await world.log.match(match(place("vac-1"), place("vac-2"), need_version=2))
            await service.has_caught_up(world)
            assert len(server.messages) == 1
    assert mail["To"] == "kirsten@kommune.test"
    assert mail["X-Ledigplads-Need"] == "need-1"
    assert mail["X-Ledigplads-Alerts"] == ",".join(str(alert["alert_id"]) for alert in reversed(alerts))
    assert mail["Message-ID"].endswith("@ledigplads.test>")
    text = mail.get_content()
    assert text.index("Der er ledige pladser") < text.index("There are places")
    assert "Plads i køkkenet" in text
    assert "http://ledigplads.test/notifications/?person=person-kirsten" in text


async def test_two_replicas_send_each_mail_once(world: World) -> None:
    async with mail_server(world.smtp_port) as server, world.service() as one, world.service():
        await one.has_mail()
        for number in range(30):
            await world.log.vacancy(vacancy(f"vac-{number}"))
            await world.log.match(match(place(f"vac-{number}"), need_id=f"need-{number}"), partition=number % 2)
        await eventually(one.counts, until=lambda counts: counts["deliveries_delivered"] == 30)
        assert len({message["Message-ID"] for message in server.messages}) == len(server.messages) == 30


async def test_a_mail_that_is_refused_for_good_is_given_up_and_one_refused_for_now_is_not(world: World) -> None:
    async with mail_server(world.smtp_port) as server, world.service() as service:
        await service.has_mail()
        await world.log.vacancy(vacancy())
        server.refuses_with = "550 No such mailbox"
        await world.log.match(match(place(), need_id="need-1"))
        await eventually(service.counts, until=lambda counts: counts["deliveries_given_up"] == 1)
        server.refuses_with = "451 Try again later"
        await world.log.match(match(place(), need_id="need-2"))
        await eventually(service.counts, until=lambda counts: counts["deliveries_waiting"] == 1)
        server.refuses_with = None
        await eventually(service.counts, until=lambda counts: counts["deliveries_delivered"] == 1)
        assert [message["X-Ledigplads-Need"] for message in server.messages] == ["need-2"]


async def test_a_stream_hears_of_an_alert_as_it_comes_and_only_of_its_persons(world: World) -> None:
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await service.has_caught_up(world)
        async with stream_of(service.service, KIRSTEN) as stream:
            await world.log.match(match(place(), need_id="need-1", caseworker="person-olav"))
            await world.log.match(match(place(), need_id="need-2"))
            id_, alert = await stream.next()
    assert alert["need_id"] == "need-2"
    assert alert["alert_id"] == id_


async def test_a_stream_resumes_from_its_last_event_id_without_gap_or_repeat(world: World) -> None:
    """While alerts keep coming, a client leaves and comes back again and again."""
    count = 60
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await service.has_caught_up(world)

        async def keep_writing() -> None:
            for number in range(count):
                await world.log.match(match(place(), need_id=f"need-{number}"), partition=number % 2)

        writing = asyncio.create_task(keep_writing())
        heard: list[str] = []
        last = 0
        while len(heard) < count:
            async with stream_of(service.service, KIRSTEN, last_event_id=last) as stream:
                for _ in range(min(7, count - len(heard))):
                    last, alert = await stream.next()
                    heard.append(alert["need_id"])
        await writing
    assert sorted(heard) == sorted(f"need-{number}" for number in range(count))


async def test_a_client_that_does_not_keep_up_is_let_go_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_MOST_UNREAD", 5)
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await service.has_caught_up(world)
        async with stream_of(service.service, KIRSTEN, after="0") as stream:
            # All at once: a service that takes them one by one gives the client time to read each.
            await asyncio.gather(*[world.log.match(match(place(), need_id=f"need-{number}")) for number in range(40)])
            await service.alerted(40)
            heard = [event async for event in stream.until_it_ends()]
        if heard:
            async with stream_of(service.service, KIRSTEN, last_event_id=heard[-1][0]) as stream:
                heard.extend([await stream.next() for _ in range(40 - len(heard))])
    assert len({id_ for id_, _ in heard}) == 40


async def test_lines_can_be_followed(world: World) -> None:
    await world.log.vacancy(vacancy())
    await world.log.match(match(place(), need_id="need-1"))
    async with world.service() as service:
        await service.alerted(1)
        async with service.service.client.stream(
            "GET", "/notifications/alerts", params={"person": KIRSTEN, "follow": "1"}
        ) as answer:
            lines = answer.aiter_lines()
            assert orjson.loads(await anext(lines))["need_id"] == "need-1"
            await world.log.match(match(place(), need_id="need-2"))
            async with asyncio.timeout(5):
                assert orjson.loads(await anext(lines))["need_id"] == "need-2"


async def test_the_process_migrates_a_new_database_serves_and_ends_promptly_though_streams_are_open(
    world: World, empty_dsn: str, tmp_path: Path
) -> None:
    environment = {
        **environment_of(world.bootstrap_servers),
        "LEDIGPLADS_TOPIC_PREFIX": world.names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(world.topics_file),
        "LEDIGPLADS_NOTIFICATIONS_POSTGRES_DSN": empty_dsn,
        "LEDIGPLADS_SMTP_PORT": str(world.smtp_port),
    }
    log = tmp_path / "notifications.log"
    migrating = ServiceProcess("services.notifications", environment, log=log, arguments=("migrate",))
    await migrating.start(ready_within_seconds=None)
    assert await eventually(lambda: migrating.exit_code, until=lambda code: code is not None) == 0
    await migrating.stop()
    async with (
        ServiceProcess("services.notifications", environment, log=log) as service,
        httpx2.AsyncClient(base_url=service.url, timeout=15, auth=AsWhoeverMay()) as client,
    ):
        stream = await client.send(client.build_request("GET", f"/notifications/stream?person={KIRSTEN}"), stream=True)
        lines = await client.send(client.build_request("GET", "/notifications/alerts?follow=1"), stream=True)
        began = time.monotonic()
        assert await service.stop() == 0
        assert time.monotonic() - began < 5
        await stream.aclose()
        await lines.aclose()


async def test_a_wrong_request_is_answered_with_what_is_wrong_in_both_languages(world: World) -> None:
    async with world.service() as service:
        client = service.service.client
        number = await client.get("/notifications/stream", params={"person": KIRSTEN, "after": "soon"})
        person = await client.put("/notifications/operator/people/person-1", json={"mail": "not a mail", "cpr": "1"})
    assert number.status_code == 400
    assert number.json()["errors"][0]["text_da"] == "skal være et helt tal fra 0"
    assert person.status_code == 422
    assert {error["field"] for error in person.json()["errors"]} == {"mail", "cpr"}
