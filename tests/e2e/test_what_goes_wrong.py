"""The whole road when something is wrong: with a submission, with a record, with a build, with the topics."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shared.contracts.match import Match
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import state_envelope
from shared.messaging.producing import Producer
from tests.support.processes import REPOSITORY, ServiceProcess
from tests.support.road import PATIENCE
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cases import Case
    from tests.support.road import Road

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = REPOSITORY / "docs" / "examples"


async def places(road: Road, need_id: str) -> list[str]:
    """The vacancies on a need's list now, best first."""
    records = await road.records("matches", need_id)
    assert records, "there is no list yet"
    return [place.vacancy_id for place in Match.model_validate_json(records[-1].value or b"").places]


async def list_is(road: Road, need_id: str, *vacancies: str) -> None:
    await eventually(lambda: places(road, need_id), until=lambda seen: seen == list(vacancies), within_seconds=PATIENCE)


async def letters(road: Road, key: str) -> dict[str, dict[str, Any]]:
    """The dead letters about a key as the command line lists them, by group."""
    listed = await road.command("dlq", "list", "--json")
    assert listed.code == 0, listed.err
    return {one["group"]: one for one in listed.lines if one["key"] == key}


async def test_what_a_partner_may_not_say_is_rejected_with_every_reason_and_post_fails(case: Case) -> None:
    road = case.road
    await case.open_offer("atelier-kobolt")
    await case.open_offer("hjernehuset-vest")
    added = await road.command("partner", "add", "demo", "--offer", "atelier-kobolt", "--kind", "vacancy")
    assert added.code == 0, added.err

    wrong, foreign = await asyncio.gather(
        road.command("post", EXAMPLES / "fejl.yaml", "--timeout", PATIENCE),
        road.command("post", EXAMPLES / "fremmed-tilbud.yaml", "--timeout", PATIENCE),
    )
    assert (wrong.code, foreign.code) == (1, 1), wrong.err + foreign.err
    receipts = wrong.lines
    assert {one["outcome"] for one in receipts} == {"rejected"}
    by_reference = {one["reference"]: {(reason["field"], reason["code"]) for reason in one["reasons"]} for one in receipts}
    codes = by_reference["fejl-koder"]
    assert {("sections[0]", "code_out_of_date"), ("target_groups[0]", "unknown_code")} <= codes
    assert {field for field, _ in codes} >= {"sections[0]", "target_groups[0]", "farve"}
    assert {field for field, _ in by_reference["fejl-mangler"]} >= {"title_da", "offer_id"}
    assert by_reference["fejl-type"] == {("ce_type", "unknown_type")}
    assert by_reference["fejl-ikke-json"]
    assert [reason["code"] for one in foreign.lines for reason in one["reasons"]] == ["offer_not_yours"]
    told = wrong.err + foreign.err
    for receipt in (*receipts, *foreign.lines):
        assert all(reason["text_da"] in told and reason["text_en"] in told for reason in receipt["reasons"])


async def test_garbage_that_displaced_a_good_record_is_listed_and_mended_by_publishing_again(case: Case) -> None:
    road = case.road
    need_id = await case.post_need()
    vacancy_id = await case.post_vacancy()
    await list_is(road, need_id, vacancy_id)
    await road.alerted(case.person)
    async with Producer(road.around.bootstrap_servers) as producer:
        await producer.publish(road.around.names.topic("vacancies"), key=vacancy_id, value=b"{garbage")
    found = await eventually(lambda: letters(road, vacancy_id), until=lambda seen: len(seen) == 2, within_seconds=PATIENCE)
    assert found.keys() == {"matching", "notifications"}
    assert {one["reason"] for one in found.values()} == {"malformed-envelope"}
    assert await places(road, need_id) == [vacancy_id], "who knew the good record keeps it"

    [worker] = road.matching
    worker.kill()
    await worker.start(ready_within_seconds=PATIENCE)
    await list_is(road, need_id)  # who restores finds garbage in its place, which is no open place

    mended = await road.command("dlq", "replay", found["notifications"]["id"])
    assert (mended.code, mended.lines[0]["result"], mended.lines[0]["republished"]) == (0, "superseded", 1), mended.err
    await list_is(road, need_id, vacancy_id)
    again = await road.command("republish", "--topic", "vacancies", "--key", vacancy_id)
    assert again.code == 0, again.err
    await case.post_vacancy(services=[])
    assert [one["vacancy_id"] for one in await road.alerted(case.person, 2)].count(vacancy_id) == 1


async def test_a_replay_of_what_is_older_than_the_current_state_changes_nothing(case: Case) -> None:
    road = case.road
    need_id = await case.post_need()
    withdrawn = await case.post_vacancy()
    await road.alerted(case.person)
    (await road.intake.client.post(f"/vacancies/{withdrawn}/withdraw")).raise_for_status()
    await list_is(road, need_id)
    marker = await case.post_vacancy(title_da="Kommer efter tilbagekaldelsen")
    await road.alerted(case.person, 2)
    await road.is_quiet()
    before = await counts(road)

    [was_open, *_] = await road.records("vacancies", withdrawn)
    was_said = next(one for one in await road.records("matches", need_id) if withdrawn.encode() in (one.value or b""))
    for path, service, record in (
        ("/matching", road.matching[0], was_open),
        ("/notifications", road.notifications, was_open),
        ("/notifications", road.notifications, was_said),
    ):
        at = {"topic": road.around.names.logical(record.at.topic), "partition": record.at.partition, "offset": record.at.offset}
        answer = await service.client.post(f"{path}/operator/replay", json=at)
        assert "applied" in answer.raise_for_status().text

    assert await counts(road) == before, "a copy that was closed is not open again, and nobody was alerted"
    last = await case.post_vacancy(title_da="Kommer efter det genlæste")
    await list_is(road, need_id, *sorted([marker, last]))
    assert [one["vacancy_id"] for one in await road.alerted(case.person, 3)] == [withdrawn, marker, last]


async def counts(road: Road) -> dict[str, int]:
    answer = await road.notifications.client.get("/notifications/operator/counts")
    counted: dict[str, int] = answer.raise_for_status().json()
    return counted


async def test_a_record_that_this_build_cannot_read_is_replayed_after_a_build_that_can(case: Case, tmp_path: Path) -> None:
    road, names = case.road, case.road.around.names
    need_id = await case.post_need()
    known = await case.post_vacancy(services=[])
    await road.alerted(case.person)
    body = (await road.intake.client.get(f"/vacancies/{known}")).raise_for_status().json()
    vacancy = Vacancy.model_validate(
        body | {"vacancy_id": f"from-a-sheet-{case.number}", "services": case.services, "came_in_by": "sheet"}
    )
    envelope = state_envelope(
        entity="vacancy",
        subject=vacancy.vacancy_id,
        position=(1, 1),
        time=datetime.now(UTC),
        source="intake",
        correlationid="sheet",
    )

    assert await road.notifications.stop(PATIENCE) == 0
    older = ServiceProcess(
        "tests.support.older_build",
        road.notifications_environment,
        log=tmp_path / "older.log",
        arguments=("services.notifications", "serve"),
    )
    async with older, Producer(road.around.bootstrap_servers) as producer:
        await producer.publish(
            names.topic("vacancies"),
            key=vacancy.vacancy_id,
            value=vacancy.model_dump_json().encode(),
            headers=envelope.to_headers(),
        )
        found = await eventually(lambda: letters(road, vacancy.vacancy_id), within_seconds=PATIENCE)
        await list_is(road, need_id, vacancy.vacancy_id, known)
    [letter] = found.values()
    assert (letter["group"], letter["reason"]) == ("notifications", "contract-violated")

    await road.notifications.start(ready_within_seconds=PATIENCE)
    replayed = await road.command("dlq", "replay", letter["id"])
    assert replayed.lines == [{"id": letter["id"], "result": "applied", "republished": 0}], replayed.err
    assert [one["vacancy_id"] for one in await road.alerted(case.person, 2)] == [known, vacancy.vacancy_id]


async def test_a_service_pointed_at_topics_of_another_partition_count_refuses_to_start_and_says_why(
    road: Road, tmp_path: Path
) -> None:
    declared_otherwise = {"LEDIGPLADS_TOPICS_FILE": str(REPOSITORY / "deploy" / "topics.yaml")}
    named = {"intake": "vacancies", "matching": "need-profiles", "notifications": "matches"}
    strangers = {
        name: ServiceProcess(
            f"services.{name}",
            road.notifications_environment | road.intake_environment | declared_otherwise,
            log=tmp_path / f"{name}.log",
        )
        for name in named
    }
    for stranger in strangers.values():
        await stranger.start(ready_within_seconds=None)
    for name, stranger in strangers.items():
        assert await ended(stranger) != 0, name
        topic, count = f"{road.around.names.prefix}{named[name]}", 12 if name == "intake" else 48
        assert f"{topic} has 2 partitions, declared are {count}" in stranger.output(), stranger.output()
        await stranger.client.aclose()


async def ended(service: ServiceProcess) -> int:
    code = await eventually(lambda: service.exit_code, until=lambda code: code is not None, within_seconds=PATIENCE)
    assert code is not None
    return code
