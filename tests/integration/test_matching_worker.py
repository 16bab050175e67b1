"""A matching worker on a real Kafka: what it says, what it does not say twice, and what it writes over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from functools import partial
from operator import eq
from pathlib import Path

import pytest

from services.matching.settings import MatchingSettings
from shared.contracts.match import CLAIM_KEY
from shared.messaging.deadletters import read_dead_letter
from shared.messaging.envelope import Envelope
from shared.messaging.producing import Producer
from shared.messaging.security import environment_of
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.matching import SERVICES, TODAY, Chance, first_policy, need, vacancy
from tests.support.matching_log import NOON, MatchingLog, running_worker, worker_settings
from tests.support.processes import ServiceProcess
from tests.support.running import RunningService
from tests.support.undecodable import write_with_broken_header_name
from tests.support.waiting import eventually, stays


@pytest.fixture
async def log(kafka: Kafka, names: TopicNames, topics: Topics) -> AsyncIterator[MatchingLog]:
    async with Producer(kafka.bootstrap_servers) as producer:
        yield MatchingLog(kafka.bootstrap_servers, names, topics, producer)


@pytest.fixture
def settings(kafka: Kafka, names: TopicNames, topics_file: Path) -> MatchingSettings:
    return worker_settings(kafka.bootstrap_servers, names, topics_file)


def process(settings: MatchingSettings, tmp_path: Path, worker: int = 1) -> ServiceProcess:
    environment = {
        **environment_of(settings.brokers),
        "LEDIGPLADS_TOPIC_PREFIX": settings.topic_prefix,
        "LEDIGPLADS_TOPICS_FILE": str(settings.topics_file),
        "LEDIGPLADS_MATCHING_WORKER": str(worker),
        "LEDIGPLADS_MATCHING_SESSION_TIMEOUT_MS": "6000",
        "LEDIGPLADS_MATCHING_RECLAIM_SECONDS": "1",
    }
    return ServiceProcess("services.matching", environment, log=tmp_path / f"matching-{worker}.log")


async def is_ready(service: RunningService) -> bool:
    return (await service.client.get("/readyz")).status_code == 200


async def list_is(log: MatchingLog, need_id: str, *vacancy_ids: str) -> None:
    async def places() -> list[str] | None:
        return await log.places(need_id)

    await eventually(places, until=lambda seen: seen == list(vacancy_ids), within_seconds=15)


async def test_a_place_that_fits_is_said_with_points_that_add_up_under_the_id_of_the_matter(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need(services=SERVICES[:4]))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await log.vacancies(vacancy("vacancy-1"), correlation_id="matter-1")
        await list_is(log, "need-1", "vacancy-1")
        said = (await log.said())["need-1"]
        assert said.match is not None
        place = said.match.places[0]
        # Services 3 of 4: 40 * 3 // 4 = 30; primary target group 25; 0 m: 20; free at once: 15.
        assert place.points == {"services": 30, "target_group": 25, "travel": 20, "start": 15}
        assert (place.score, place.opening, place.unknown) == (90, 1, ())
        assert (said.match.policy, said.match.day, said.match.worker) == (first_policy().hash(), TODAY, "matching-1")
        assert said.envelope.correlationid == "matter-1"
        assert said.envelope.type == "dk.ledigplads.match.published.v1"
        assert (await service.client.get("/matching/operator/counts")).json() == {
            "needs": 1, "pairs": 1, "vacancies": 1, "partitions": [0, 1], "worker": "matching-1",
        }  # fmt: skip
        shown = (await service.client.get("/matching/needs/need-1")).json()
        assert [place["vacancy_id"] for place in shown["places"]] == ["vacancy-1"]


async def test_a_worker_without_policy_and_day_is_not_ready_and_says_so(log: MatchingLog, settings: MatchingSettings) -> None:
    await log.needs(need())
    await log.vacancies(vacancy())
    async with running_worker(settings) as service:

        async def settings_detail() -> str:
            answer = await service.client.get("/readyz")
            assert answer.status_code == 503
            return str(answer.json()["checks"]["settings"]["detail"])

        await eventually(settings_detail, until=lambda detail: "waiting for policy and today" in detail)
        question = {"need": need().model_dump(mode="json"), "vacancy": vacancy().model_dump(mode="json")}
        assert (await service.client.post("/matching/explain", json=question)).status_code == 503
        assert (await service.client.post("/matching/near-misses", json={"need": question["need"]})).status_code == 503
        await log.settings()
        await list_is(log, "need-1", "vacancy-1")


async def test_a_restart_says_nothing_again_and_repairs_what_happened_meanwhile(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    chance = Chance(1)
    vacancies = [chance.vacancy(f"vacancy-{n:03}") for n in range(60)]
    needs = [chance.need(f"need-{n:03}") for n in range(40)]
    await log.settings()
    await log.vacancies(*vacancies)
    await log.needs(*needs, need("need-x"), need("need-y"))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await eventually(log.said, until=lambda said: len(said) == 42)
    before, written = await log.canonical(), await log.written()
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await stays(log.written, for_seconds=0.5, until=lambda now: now == written)
    await log.vacancies(vacancy("vacancy-new"))
    await log.needs(need("need-y", version=2, status="closed"))
    await log.state("need-profiles", "need-x", None, (1, 2))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await eventually(log.said, until=lambda said: said["need-x"].match is None and said["need-y"].match is None)
        after = await log.canonical()
        changed = {key for key in before if after[key] != before[key]}
        assert {"need-x", "need-y"} <= changed
        assert await log.written() == written + len(changed)


async def test_a_withdrawn_place_leaves_the_list_and_an_erased_need_becomes_a_tombstone_each_time(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need())
    await log.vacancies(vacancy("vacancy-1"), vacancy("vacancy-2"))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        await log.vacancies(vacancy("vacancy-1", version=2, status="closed", closed_reason="withdrawn"))
        await list_is(log, "need-1", "vacancy-2")
        await log.vacancies(vacancy("vacancy-1", version=1))  # an older version changes nothing
        await log.state("vacancies", "vacancy-2", None, (1, 2))
        await list_is(log, "need-1")
        await log.state("need-profiles", "need-1", None, (1, 2))
        first = await eventually(log.said, until=lambda said: said["need-1"].match is None)
        await log.needs(need(version=2))  # neither does a version at the tombstone's
        await log.state("need-profiles", "need-1", None, (1, 3))
        second = await eventually(log.said, until=lambda said: said["need-1"].at != first["need-1"].at)
        assert second["need-1"].match is None
        assert second["need-1"].envelope.position > first["need-1"].envelope.position


async def test_garbage_never_replaces_a_good_vacancy_but_is_not_open_after_a_restore(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need())
    await log.vacancies(vacancy("vacancy-1"), vacancy("vacancy-2"))

    async def dead_letters() -> list[tuple[int, int]]:
        letters = [read_dead_letter(record) for record in await log.records("vacancies-matching-dlq")]
        return [(letter.at.partition, letter.at.offset) for letter in letters if letter is not None]

    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        at = await log.raw("vacancies", "vacancy-1", b'{"half": ')
        assert await eventually(dead_letters) == [(at.partition, at.offset)]
        assert await log.places("need-1") == ["vacancy-1", "vacancy-2"]
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await list_is(log, "need-1", "vacancy-2")
        order = {"topic": "vacancies", "partition": at.partition, "offset": at.offset}
        answer = await service.client.post("/matching/operator/replay", json=order)
        assert answer.json()["result"] == "unreadable"
        await log.vacancies(vacancy("vacancy-1"))  # intake publishes the same version again
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        await stays(dead_letters, for_seconds=0.3, until=lambda found: found == [(at.partition, at.offset)])


async def test_a_record_about_another_entity_than_its_key_says_is_a_dead_letter(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need())
    await log.vacancies(vacancy("vacancy-1"))

    async def dead_letters(topic: str) -> list[str]:
        letters = [read_dead_letter(record) for record in await log.records(f"{topic}-matching-dlq")]
        return [f"{letter.reason} {letter.error_type}" for letter in letters if letter is not None]

    async with running_worker(settings) as service:
        await list_is(log, "need-1", "vacancy-1")
        await log.state("vacancies", "vacancy-9", vacancy("vacancy-1", places_free=0), (1, 1))
        await log.state("need-profiles", "need-9", need(max_distance_km=1), (1, 1))
        for topic in ("vacancies", "need-profiles"):
            await eventually(partial(dead_letters, topic), until=lambda found: found == ["contract-violated AnotherEntity"])
        await log.vacancies(vacancy("vacancy-2"))
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        assert await is_ready(service)


async def test_a_record_that_the_library_cannot_decode_is_a_dead_letter_on_every_topic_that_matching_reads(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    topics = ("settings", "vacancies", "need-profiles", "matches")
    await log.settings()
    await log.needs(need())
    for topic in topics:
        await write_with_broken_header_name(log.bootstrap, log.names.topic(topic))

    async def dead_letters() -> set[tuple[str, str]]:
        letters = [(topic, read_dead_letter(record)) for topic in topics for record in await log.records(f"{topic}-matching-dlq")]
        return {(topic, letter.reason) for topic, letter in letters if letter is not None}

    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await log.vacancies(vacancy("vacancy-1"))
        await list_is(log, "need-1", "vacancy-1")
        await eventually(dead_letters, until=partial(eq, {(topic, "undecodable-record") for topic in topics}))


async def test_a_record_by_nobody_who_may_speak_is_written_over(log: MatchingLog, settings: MatchingSettings) -> None:
    await log.settings()
    await log.needs(need())
    await log.vacancies(vacancy("vacancy-1"))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await list_is(log, "need-1", "vacancy-1")
        truth = (await log.said())["need-1"]
        assert truth.match is not None
        stale = await log.stale_match(truth.match.model_copy(update={"places": ()}), epoch=truth.envelope.epoch - 1)
        mended = await eventually(log.said, until=lambda said: said["need-1"].at.offset > stale.offset)
        assert mended["need-1"].match == truth.match
        garbage = await log.raw("matches", "need-1", b"\x00", partition=stale.partition)
        last = await eventually(log.said, until=lambda said: said["need-1"].at.offset > garbage.offset)
        assert last["need-1"].match == truth.match


async def test_a_higher_claim_ends_a_worker_until_the_group_leaves_the_partition_with_it(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need())
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        first = (await eventually(log.said))["need-1"]
        rival = Envelope.from_headers(first.envelope.to_headers())
        headers = [
            (name, value.replace(b"need-1/%d" % rival.epoch, b"claim/%d" % (rival.epoch + 5)) if name == "ce_id" else value)
            for name, value in rival.to_headers()
        ]
        headers = [(name, b"claim" if name in ("ce_subject", "ce_partitionkey") else value) for name, value in headers]
        await log.raw("matches", CLAIM_KEY, b"{}", headers=headers, partition=first.at.partition)
        await eventually(lambda: is_ready(service), until=lambda ready: not ready)
        await log.vacancies(vacancy("vacancy-1"))
        await list_is(log, "need-1", "vacancy-1")  # only after a claim of its own, above the rival's
        assert (await log.said())["need-1"].envelope.epoch == rival.epoch + 6


async def test_a_newer_policy_is_said_to_all_and_a_new_day_only_where_it_changes_the_answer(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    await log.settings()
    await log.needs(need("need-1"), need("need-2", start_from=date(2026, 11, 24)))
    await log.vacancies(vacancy("vacancy-1", available_until=TODAY + timedelta(days=1)), vacancy("vacancy-2"))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await eventually(log.written, until=lambda written: written >= 2)
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        written = await log.written()
        await log.settings(first_policy(version="2026-10-01.1", threshold=0), TODAY + timedelta(days=1), version=2)
        await stays(log.written, for_seconds=0.7, until=lambda now: now == written)  # older policy, and a day alone
        await log.settings(day=TODAY + timedelta(days=2), version=3)
        await list_is(log, "need-1", "vacancy-2")
        await list_is(log, "need-2", "vacancy-2")
        newer = first_policy(version="2026-11-01.10", threshold=31)
        await log.settings(newer, TODAY + timedelta(days=2), version=4)

        async def policies() -> set[str]:
            return {one.match.policy for one in (await log.said()).values() if one.match}

        await eventually(policies, until=lambda seen: seen == {newer.hash()})
        assert await log.written() == written + 4


async def test_a_record_says_what_led_to_it_and_which_places_are_news_all_the_same(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    async def led_by() -> tuple[str | None, tuple[str, ...], list[str]]:
        match = (await log.said())["need-1"].match
        return (match.cause, match.own_news, [place.vacancy_id for place in match.places]) if match else (None, (), [])

    def at(minutes: int) -> datetime:
        return NOON + timedelta(minutes=minutes)

    far = {"easting_m": 545_000, "northing_m": 6_223_000}  # 30 km: 100 - 20 * (1 - 70/95) points
    await log.settings(first_policy(threshold=99))
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        await log.needs(need("need-1"))
        await eventually(led_by, until=partial(eq, ("need", (), [])))
        await log.vacancies(vacancy("vacancy-1"), vacancy("vacancy-far", location=far), time=at(5))
        await eventually(led_by, until=partial(eq, ("vacancy", (), ["vacancy-1"])))
        # The new policy lets the far place in; a place announced a while later is news of its own.
        await log.settings(first_policy(version="2026-11-02.1", threshold=60), version=2, time=at(20))
        await eventually(led_by, until=partial(eq, ("policy", (), ["vacancy-1", "vacancy-far"])))
    await log.vacancies(vacancy("vacancy-2"), time=at(30))
    await log.settings(first_policy(version="2026-11-03.1", threshold=0), version=3, time=at(31))
    async with running_worker(settings) as service:
        await eventually(led_by, until=partial(eq, ("start", ("vacancy-2",), ["vacancy-1", "vacancy-2", "vacancy-far"])))


async def test_two_workers_divide_the_needs_and_say_what_one_alone_would_say(
    log: MatchingLog, settings: MatchingSettings, names: TopicNames, topics_file: Path
) -> None:
    chance = Chance(3)
    await log.settings()
    await log.vacancies(*(chance.vacancy(f"vacancy-{n:03}") for n in range(80)))
    await log.needs(*(chance.need(f"need-{n:03}") for n in range(60)))
    async with running_worker(settings) as one:
        await eventually(lambda: is_ready(one))
        await eventually(log.said, until=lambda said: len(said) == 60)
        alone, written = await log.canonical(), await log.written()
        async with running_worker(worker_settings(log.bootstrap, names, topics_file, 2)) as two:

            async def both_own_one() -> list[list[int]]:
                return [(await worker.client.get("/matching/operator/counts")).json()["partitions"] for worker in (one, two)]

            await eventually(both_own_one, until=lambda owned: sorted(owned) == [[0], [1]], within_seconds=15)
            assert await log.written() == written, "a rebalance repeats nothing"
            changes = [chance.vacancy(f"vacancy-{n:03}", version=2) for n in range(40)]
            await log.vacancies(*changes)
            owner, other = (one, two) if (await both_own_one())[0] == [0] else (two, one)
            order = {"topic": "need-profiles", "partition": 0, "offset": 0}
            told = (await other.client.post("/matching/operator/replay", json=order)).json()
            names_owner = (await owner.client.get("/matching/operator/counts")).json()["worker"]
            assert (told["result"], told["owner"]) == ("not_owner", names_owner)
            await eventually(log.canonical, until=lambda now: now != alone)
            divided = await settled(log)

        async def one_owns_both() -> bool:
            return bool((await one.client.get("/matching/operator/counts")).json()["partitions"] == [0, 1])

        await eventually(one_owns_both, within_seconds=15)
        assert await settled(log) == divided, "nor does the end of a worker"
    expected = await said_by_one_alone(log, settings)
    assert divided == expected


async def settled(log: MatchingLog) -> dict[str, bytes | None]:
    """The canonical form of `matches` once it has not moved for a while."""
    while True:
        written = await log.written()
        try:
            await stays(log.written, for_seconds=0.4, until=partial(eq, written))
        except AssertionError:
            continue
        return await log.canonical()


async def said_by_one_alone(log: MatchingLog, settings: MatchingSettings) -> dict[str, bytes | None]:
    """What a worker says that starts on the log as it is."""
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        return await settled(log)


async def test_a_killed_worker_is_followed_by_one_that_says_what_is_missing(
    log: MatchingLog, settings: MatchingSettings, tmp_path: Path
) -> None:
    await log.settings()
    await log.needs(need())
    async with process(settings, tmp_path) as worker:
        await log.vacancies(vacancy("vacancy-1"))
        await list_is(log, "need-1", "vacancy-1")
        worker.kill()
        await log.vacancies(vacancy("vacancy-2"))
        await worker.start()
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        lists = [record.value for record in await log.records() if record.key == "need-1"]
        assert len(lists) == len(set(lists)), "nothing is said twice"
        assert await worker.stop() == 0


async def test_a_worker_that_was_paused_beyond_its_session_leaves_no_stale_answer(
    log: MatchingLog, settings: MatchingSettings, tmp_path: Path
) -> None:
    await log.settings()
    await log.needs(need("need-1"), need("need-2"))
    await log.vacancies(vacancy("vacancy-1"))
    async with process(settings, tmp_path, 1) as first, process(settings, tmp_path, 2) as second:
        await list_is(log, "need-1", "vacancy-1")
        first.pause()
        await log.vacancies(vacancy("vacancy-2"))
        await log.state("need-profiles", "need-2", None, (1, 2))
        await list_is(log, "need-1", "vacancy-1", "vacancy-2")
        await eventually(log.said, until=lambda said: said["need-2"].match is None, within_seconds=15)
        first.go_on()
        await asyncio.gather(first.wait_until_ready(), second.wait_until_ready())
        said = await settled(log)
        assert said["need-2"] is None
        assert await log.places("need-1") == ["vacancy-1", "vacancy-2"]


async def test_an_empty_list_says_what_is_in_the_way_and_near_misses_are_told_of_any_need(
    log: MatchingLog, settings: MatchingSettings
) -> None:
    far = {"easting_m": 575_000, "northing_m": 6_196_000}  # 27 km
    await log.settings()
    await log.vacancies(
        vacancy("vacancy-1", location=far), vacancy("vacancy-2", location=far), vacancy("vacancy-3", places_free=0)
    )
    one = need(max_distance_km=20)
    await log.needs(one)
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        said = (await eventually(log.said))["need-1"].match
        assert said is not None
        assert (said.places, said.often_in_the_way, said.day) == ((), "distance", TODAY)
        written = await log.written()
        await log.vacancies(*(vacancy(f"vacancy-{n}", places_free=0) for n in (4, 5)))
        await log.settings(day=TODAY + timedelta(days=1), version=2)

        async def shown() -> str:
            return str((await service.client.get("/matching/needs/need-1")).json().get("often_in_the_way"))

        await eventually(shown, until=partial(eq, "capacity"))
        await stays(log.written, for_seconds=0.5, until=partial(eq, written))

        question = {"need": one.model_dump(mode="json")}
        told = (await service.client.post("/matching/near-misses", json=question)).json()
        assert told["text_en"] == "0 are proposed; 3 fail only on free places, 2 on distance."
        assert (told["open"], told["proposed"], told["often_in_the_way"]) == (5, 0, "capacity")
        assert (await service.client.get("/matching/needs/need-1/near-misses")).json() == told
        assert (await service.client.get("/matching/needs/need-9/near-misses")).status_code == 404
        [distance] = [cause for cause in told["causes"] if cause["rules"] == ["distance"]]
        assert distance["nearest"]["failed"][0]["change"]["steps"] == [
            {"of": "need", "field": "max_distance_km", "from": 20, "to": 27}
        ]
        assert [example["vacancy_id"] for example in distance["examples"]] == ["vacancy-1", "vacancy-2"]
        # "What if" is the same call with a changed need, and the places whose change is made are then proposed.
        changed = {"need": question["need"] | {"max_distance_km": 27}, "examples": 1}
        told = (await service.client.post("/matching/near-misses", json=changed)).json()
        assert (told["proposed"], [cause["rules"] for cause in told["causes"]]) == (2, [["capacity"]])
        assert (await service.client.post("/matching/near-misses", json={"need": {}})).status_code == 422


async def test_why_and_why_not_are_told_of_any_pair(log: MatchingLog, settings: MatchingSettings) -> None:
    await log.settings()
    async with running_worker(settings) as service:
        await eventually(lambda: is_ready(service))
        far = {"easting_m": 600_000, "northing_m": 6_223_000}
        question = {
            "need": need().model_dump(mode="json"),
            "vacancy": vacancy(places_free=0).model_dump(mode="json") | {"location": far},
        }
        answer = (await service.client.post("/matching/explain", json=question)).json()
        # 25 km: 20 * (100000 - 25000) // (100000 - 5000) = 1500000 // 95000 = 15.
        assert {part["code"]: part["points"] for part in answer["parts"]} == {
            "services": 40, "target_group": 25, "travel": 15, "start": 15,
        }  # fmt: skip
        assert answer["score"] == sum(part["points"] for part in answer["parts"]) == 95
        assert not answer["eligible"]
        assert [failed["code"] for failed in answer["failed"]] == ["capacity"]
        wrong = await service.client.post("/matching/explain", json={"need": {}})
        assert wrong.status_code == 422
