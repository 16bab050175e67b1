"""From the log to alerts: against a real Kafka and a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.ports import free_port
from services.notifications.app import build_app
from shared.messaging.producing import Producer
from shared.messaging.topics import PartitionMismatch, TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.notifications import KIRSTEN, Log, World, match, place, vacancy
from tests.support.running import running
from tests.support.waiting import eventually


@pytest.fixture
async def world(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, notifications_dsn: str
) -> AsyncIterator[World]:
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        yield World(kafka.bootstrap_servers, names, topics_file, notifications_dsn, free_port(), Log(producer, names))


async def test_a_place_on_a_needs_list_alerts_its_caseworker_with_the_reason(world: World) -> None:
    await world.log.vacancy(vacancy())
    await world.log.match(match(place()))
    async with world.service() as service:
        [alert] = await service.alerted(1, person=KIRSTEN)
        page = (await service.service.client.get("/notifications/", params={"person": KIRSTEN})).text
    assert alert | {"alert_id": 1, "alerted_at": "now"} == {
        "alert_id": 1,
        "need_id": "need-1",
        "vacancy_id": "vac-1",
        "opening": 1,
        "kind": "new",
        "score": 87,
        "municipality": "0791",
        "recipient": KIRSTEN,
        "channel": "inbox",
        "alerted_at": "now",
        "correlation_id": "corr-need-1-1",
    }
    assert "Plads på montageholdet" in page
    assert "Målgruppe" in page
    assert "§ 103" in page


async def test_a_need_without_a_caseworker_alerts_the_inbox_of_its_municipality(world: World) -> None:
    await world.log.vacancy(vacancy())
    await world.log.match(match(place(), caseworker=None))
    async with world.service() as service:
        [alert] = await service.alerted(1)
    assert alert["recipient"] == "unassigned-0791"


async def test_however_often_a_record_is_delivered_its_place_alerts_once(world: World) -> None:
    await world.log.vacancy(vacancy())
    first = await world.log.match(match(place()))
    async with world.service() as service:
        await service.alerted(1)
        for version in (1, 1, 2):
            await world.log.match(match(place()), version=version)
        await world.log.vacancy(vacancy(version=2, places_free=1))
        await world.log.match(match(place(version=2)), version=3)
        replayed = await service.service.client.post(
            "/notifications/operator/replay",
            json={"topic": "matches", "partition": first.partition, "offset": first.offset},
        )
        await service.has_caught_up(world)
        assert replayed.json() == {"outcome": "applied"}
        assert len(await service.alerts()) == 1


async def test_a_place_whose_vacancy_comes_later_alerts_when_it_comes(world: World) -> None:
    async with world.service() as service:
        await world.log.match(match(place()))
        await service.has_caught_up(world)
        assert await service.alerts() == []
        counts = await service.counts()
        assert counts["places_waiting"] + counts["places_stale"] == 1
        await world.log.vacancy(vacancy())
        await service.alerted(1)
        assert (await service.counts())["places_waiting"] == 0


async def test_a_place_whose_vacancy_never_comes_is_stale_and_alerts_all_the_same_should_it_be_mended(world: World) -> None:
    await world.log.vacancy(vacancy("vac-other"))
    async with world.service() as service:
        await world.log.match(match(place()))
        await eventually(service.counts, until=lambda counts: counts["places_stale"] == 1)
        await world.log.vacancy(vacancy())
        await service.alerted(1)


async def test_a_place_that_the_vacancy_has_left_behind_alerts_nobody(world: World) -> None:
    await world.log.vacancy(vacancy("vac-1", version=4, opening=2))
    await world.log.vacancy(vacancy("vac-2", version=4, status="closed", closed_reason="filled"))
    await world.log.vacancy(vacancy("vac-3", version=1))
    await world.log.vacancy_gone("vac-3", version=2)
    async with world.service() as service:
        await service.has_caught_up(world)
        await world.log.match(match(place("vac-1", version=3), place("vac-2", version=3), place("vac-3", version=1)))
        await service.has_caught_up(world)
        assert await service.alerts() == []
        assert (await service.counts())["places_waiting"] == 0


async def test_a_later_opening_alerts_again_as_reopened(world: World) -> None:
    async with world.service() as service:
        await world.log.vacancy(vacancy())
        await world.log.match(match(place()))
        await service.alerted(1)
        await world.log.vacancy(vacancy(version=2, opening=2))
        await world.log.match(match(place(version=2, opening=2)))
        alerts = await service.alerted(2)
    assert [(alert["opening"], alert["kind"]) for alert in alerts] == [(1, "new"), (2, "reopened")]


async def test_after_intake_was_restored_a_place_waits_for_the_vacancy_of_the_new_epoch(world: World) -> None:
    """The copy has epoch 1 version 9, full. The restored intake publishes epoch 2 version 4, free: a lower version, and newer."""
    await world.log.vacancy(vacancy(version=9, opening=1, status="closed", closed_reason="filled"))
    async with world.service() as service:
        await service.has_caught_up(world)
        await world.log.match(match(place(version=4, epoch=2)))
        await service.has_caught_up(world)
        assert await service.alerts() == []
        await world.log.vacancy(vacancy(version=4), epoch=2)
        await service.alerted(1)


async def test_what_a_new_policy_or_a_new_day_brought_is_in_the_inbox_and_never_mailed(world: World) -> None:
    for vacancy_id in ("vac-1", "vac-2", "vac-3", "vac-4"):
        await world.log.vacancy(vacancy(vacancy_id))
    async with world.service() as service:
        await service.has_mail()
        await world.log.match(match(place("vac-1"), cause="vacancy"))
        await service.alerted(1)  # else one mail could tell of both
        await world.log.match(match(place("vac-1"), place("vac-2"), cause="policy"))
        await world.log.match(
            match(place("vac-1"), place("vac-2"), place("vac-3"), place("vac-4"), cause="day", own_news=("vac-4",))
        )
        alerts = await service.alerted(4)
        counts = await service.counts()
    channels = {alert["vacancy_id"]: alert["channel"] for alert in alerts}
    assert channels == {"vac-1": "mail", "vac-2": "inbox", "vac-3": "inbox", "vac-4": "mail"}
    assert counts["deliveries_waiting"] == 2


async def test_a_place_that_waits_for_its_vacancy_stays_as_loud_or_quiet_as_it_came(world: World) -> None:
    async with world.service() as service:
        await service.has_mail()
        await world.log.match(match(place("vac-1"), cause="vacancy"))
        await world.log.match(match(place("vac-2"), need_id="need-2", cause="policy"))
        await service.has_caught_up(world)
        await world.log.match(match(place("vac-1"), place("vac-2"), cause="policy"))
        await service.has_caught_up(world)
        await world.log.vacancy(vacancy("vac-1"))
        await world.log.vacancy(vacancy("vac-2"))
        alerts = await service.alerted(3)
    channels = {(alert["need_id"], alert["vacancy_id"]): alert["channel"] for alert in alerts}
    assert channels == {("need-1", "vac-1"): "mail", ("need-1", "vac-2"): "inbox", ("need-2", "vac-2"): "inbox"}


async def test_what_a_fenced_worker_writes_is_dropped(world: World) -> None:
    await world.log.vacancy(vacancy("vac-1"))
    await world.log.vacancy(vacancy("vac-2"))
    await world.log.vacancy(vacancy("vac-3"))
    async with world.service() as service:
        await world.log.match(match(place("vac-1")), epoch=1, version=1)
        await service.alerted(1)
        await world.log.claim(2)
        await world.log.match(match(place("vac-1"), place("vac-2")), epoch=1, version=2)
        await world.log.match(match(place("vac-1"), place("vac-3")), epoch=2, version=1)
        await service.has_caught_up(world)
        assert [alert["vacancy_id"] for alert in await service.alerts()] == ["vac-1", "vac-3"]


async def test_a_record_behind_a_tombstone_of_its_need_does_not_come_back(world: World) -> None:
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await world.log.match(match(need_id="need-1"), version=1)
        await world.log.no_match("need-1")  # version 1 again: as old as what is held
        await world.log.no_match("need-1")
        await service.has_caught_up(world)
        await world.log.match(match(place()), version=2)
        await service.has_caught_up(world)
        assert await service.alerts() == []
        await world.log.match(match(place()), version=3)
        await service.alerted(1)


async def test_a_new_caseworker_is_alerted_to_what_stands(world: World) -> None:
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await world.log.match(match(place()))
        await service.alerted(1)
        await world.log.match(match(place(), caseworker="person-olav"))
        assert [alert["recipient"] for alert in await service.alerted(2)] == [KIRSTEN, "person-olav"]


async def test_an_empty_database_fills_the_inbox_and_pushes_nothing_older_than_itself(world: World) -> None:
    async with world.service() as service:
        await service.has_mail()
        await world.log.vacancy(vacancy("vac-1"))
        await world.log.vacancy(vacancy("vac-2"))
        yesterday = datetime.now(UTC) - timedelta(days=1)
        await world.log.match(match(place("vac-1"), need_id="need-old"), time=yesterday)
        await world.log.match(match(place("vac-2"), need_id="need-now"))
        alerts = await service.alerted(2)
        counts = await service.counts()
    assert {alert["need_id"]: alert["channel"] for alert in alerts} == {"need-old": "inbox", "need-now": "mail"}
    assert counts["deliveries_waiting"] == 1


async def test_dropping_the_group_and_reading_all_again_pushes_nothing(world: World) -> None:
    await world.log.vacancy(vacancy())
    await world.log.match(match(place()))
    await world.log.claim(2)
    await world.log.match(match(place(), need_id="need-2"), epoch=2)
    async with world.service() as service:
        await service.has_mail()
        first = await service.alerted(2)
        await service.has_caught_up(world)
        before = await service.counts()
    await world.forget_the_group()
    assert not await world.is_taken("matches")
    async with world.service() as service:
        await service.has_caught_up(world)
        assert await service.alerts() == first
        assert await service.counts() == before


async def test_two_replicas_that_read_the_same_at_once_alert_once(world: World) -> None:
    """Two services without a common group, as when a paused replica goes on with a batch that another has got meanwhile."""
    for number in range(20):
        await world.log.vacancy(vacancy(f"vac-{number}"))
        await world.log.match(match(place(f"vac-{number}"), need_id=f"need-{number}"), partition=number % 2)
    other = World(world.bootstrap_servers, world.names, world.topics_file, world.dsn, world.smtp_port, world.log)
    async with world.service() as one, other.service() as two:
        await one.alerted(20)
        offsets = [(partition, offset) for partition in (0, 1) for offset in range(10)]
        replays = [
            service.service.client.post(
                "/notifications/operator/replay", json={"topic": "matches", "partition": partition, "offset": offset}
            )
            for partition, offset in offsets
            for service in (one, two)
        ]
        outcomes = [answer.json()["outcome"] for answer in await asyncio.gather(*replays)]
        assert outcomes == ["applied"] * 40
        assert len(await two.alerts()) == 20


async def test_alert_ids_rise_in_the_order_in_which_alerts_can_be_seen(world: World) -> None:
    """A writer that is slow to commit holds the others up, so that a cursor never passes an id that is still to come."""
    await world.log.vacancy(vacancy())
    async with world.service() as service:
        await service.has_caught_up(world)
        connection = await asyncpg.connect(world.dsn)
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(7305110120)")
                await world.log.match(match(place()))
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
                await eventually(lambda: connection.fetchval(waiting))
                assert await service.alerts() == []
            await service.alerted(1)
        finally:
            await connection.close()


async def test_a_body_about_another_entity_than_its_key_lands_in_the_dead_letters_and_the_rest_goes_on(world: World) -> None:
    await world.log.vacancy(vacancy())
    await world.log.producer.publish(
        world.names.topic("matches"),
        key="need-9",
        value=match(place(), need_id="need-8").model_dump_json().encode(),
        headers=_headers_of("need-9"),
        partition=0,
    )
    await world.log.match(match(place(), need_id="need-1"))
    async with world.service() as service:
        [alert] = await service.alerted(1)
        await service.has_caught_up(world)
    assert alert["need_id"] == "need-1"


async def test_a_service_that_finds_another_partition_count_refuses_to_start_and_says_why(world: World, tmp_path: Path) -> None:
    declared = tmp_path / "topics.yaml"
    declared.write_text(world.topics_file.read_text().replace("partitions: 2", "partitions: 3"))
    settings = world.settings().model_copy(update={"topics_file": declared})
    with pytest.raises(PartitionMismatch, match="has 2 partitions, declared are 3"):
        async with running(build_app(settings)):
            pass


async def test_it_is_ready_and_counts_what_it_does(world: World) -> None:
    async with world.service() as service:
        answer = await eventually(lambda: service.service.client.get("/readyz"), until=lambda answer: answer.status_code == 200)
        metrics = (await service.service.client.get("/metrics")).text
    assert {"background", "kafka", "database"} < set(answer.json()["checks"])
    assert "ledigplads_alerts_total" in metrics


def _headers_of(subject: str) -> list[tuple[str, bytes]]:
    from shared.messaging.envelope import state_envelope  # noqa: PLC0415

    return state_envelope(
        entity="match", subject=subject, position=(1, 1), time=datetime.now(UTC), source="test", correlationid="corr"
    ).to_headers()
