"""The job of erasing, step by step: what each leaves behind, and that a crash at any of them costs nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.erasing.job import Step
from shared.messaging.topics import TopicNames
from tests.support.backends import Kafka
from tests.support.citizens import Keys
from tests.support.databases import everything_in, rows_in
from tests.support.intake import NEED, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("topics")

PERSON = {"cpr": "0101909999", "name": "Marker Marquardsen", "address": "Markervej 77, 8000 Aarhus C", "note": "Markeret"}


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics_file: Path, intake_dsn: str, keys: Keys
) -> AsyncIterator[IntakeUnderTest]:
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file, keys=keys) as running:
        yield running


async def need_of(intake: IntakeUnderTest, person: dict[str, str] | None, reference: str = "case-42") -> tuple[str, str]:
    draft = NEED | {"source_reference": reference, "note_da": "fri tekst"}
    posted = await intake.client.post("/needs", json=draft, headers={"Idempotency-Key": f"key-{reference[-2:]}"})
    need_id = posted.raise_for_status().json()["need_id"]
    if person is None:
        return need_id, ""
    put = await intake.client.put(f"/needs/{need_id}/citizen", json=person)
    return need_id, put.raise_for_status().json()["citizen_id"]


async def begin(intake: IntakeUnderTest, **which: str) -> str:
    answer = await intake.client.post("/operator/erasures", json=which)
    erasure_id: str = answer.raise_for_status().json()["erasure_id"]
    return erasure_id


async def reached(intake: IntakeUnderTest, erasure_id: str, step: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        found: dict[str, Any] = (await intake.client.get(f"/operator/erasures/{erasure_id}")).raise_for_status().json()
        return found

    return await eventually(look, until=lambda found: found["step"] == step, within_seconds=30)


def hexed(text: str) -> str:
    """As PostgreSQL shows bytes."""
    return text.encode().hex()


async def test_within_seconds_the_key_is_destroyed_and_the_rows_are_gone(
    intake: IntakeUnderTest, intake_dsn: str, keys: Keys
) -> None:
    need_id, citizen_id = await need_of(intake, PERSON)
    other_id, _ = await need_of(intake, PERSON | {"cpr": "0202909999", "name": "En Anden"}, "case-43")
    sheet = await intake.client.get("/sheets/needs.csv")
    sent = await intake.client.post("/sheets/needs", content=sheet.content, headers={"Content-Type": "text/csv"})
    assert sent.status_code == 200, sent.text
    assert await rows_in(intake_dsn, "sheet_row") == 2
    await eventually(lambda: rows_in(intake_dsn, "access_subject"), until=lambda looks: looks == 2, within_seconds=30)
    proof = await reached(intake, await begin(intake, citizen_id=citizen_id), "rewritten")
    assert proof["destroyed"]["keys"] == 1
    assert proof["destroyed"]["rows"] == {
        "need": 1, "outbox": 0, "answered_request": 1, "submission": 0, "sheet_row": 1, "access_subject": 1,
        "citizen_need": 1, "citizen": 1,
    }  # fmt: skip
    assert set(proof["destroyed"]["tables"].values()) == {"rewritten"}
    assert not proof["is_done"]
    stored = await everything_in(intake_dsn)
    assert citizen_id not in await everything_in(keys.dsn)
    for gone in ("case-42", hexed("case-42"), hexed(need_id)):
        assert gone not in stored
    assert (await intake.client.get(f"/needs/{need_id}/citizen")).status_code == 410
    assert (await intake.client.get(f"/needs/{other_id}/citizen")).json()["name"] == "En Anden"
    tombstones = [
        record for record in await records_of(intake, "need-profiles") if record.key == need_id and record.value is None
    ]
    assert len(tombstones) == 1


async def test_tombstones_are_published_again_after_the_lag(intake: IntakeUnderTest) -> None:
    need_id, citizen_id = await need_of(intake, PERSON)
    erasure_id = await begin(intake, citizen_id=citizen_id)
    await reached(intake, erasure_id, "rewritten")
    intake.clock.moved += timedelta(hours=25)
    published = await intake.published("need-profiles", need_id, count=3)
    assert [record.value is None for record in published] == [False, True, True]
    # The log of this test does not compact, and so it is not done, and says so.
    proof = (await intake.client.get(f"/operator/erasures/{erasure_id}")).json()
    assert proof["step"] == "rewritten"
    assert proof["done_at"] is None


async def test_a_request_sent_again_makes_nothing_anew(intake: IntakeUnderTest) -> None:
    _, citizen_id = await need_of(intake, PERSON)
    await reached(intake, await begin(intake, citizen_id=citizen_id), "rewritten")
    draft = NEED | {"source_reference": "case-42", "note_da": "fri tekst"}
    again = await intake.client.post("/needs", json=draft, headers={"Idempotency-Key": "key-42"})
    assert again.status_code in {410, 422}
    assert (await intake.client.get("/needs")).json()["needs"] == []


async def test_a_need_erased_by_itself_becomes_a_job_and_the_citizen_stays(intake: IntakeUnderTest) -> None:
    first, citizen_id = await need_of(intake, PERSON, "case-1")
    second, same = await need_of(intake, PERSON, "case-2")
    assert same == citizen_id
    (await intake.client.delete(f"/needs/{first}")).raise_for_status()

    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await intake.client.get("/operator/erasures")).json()["erasures"]
        return found

    [one] = await eventually(listed, until=lambda found: [job["step"] for job in found] == ["rewritten"], within_seconds=30)
    assert one["why"] == "erased_need"
    assert (await intake.client.get(f"/needs/{second}/citizen")).json()["need_ids"] == [second]


async def test_asked_twice_it_is_one_erasure_and_of_nothing_it_is_none(intake: IntakeUnderTest) -> None:
    _, citizen_id = await need_of(intake, PERSON)
    assert await begin(intake, citizen_id=citizen_id) == await begin(intake, citizen_id=citizen_id)
    nothing = await intake.client.post("/operator/erasures", json={"need_id": "no-such-need"})
    assert nothing.status_code == 404
    neither = await intake.client.post("/operator/erasures", json={})
    assert neither.status_code == 422


@pytest.mark.parametrize("at", ["_destroy_key", "_delete", "_await_publishing", "_rewrite_tables"])
async def test_a_crash_behind_any_step_does_it_again_and_goes_on(
    intake: IntakeUnderTest, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a step has done stands, and that it was done was never noted."""
    need_id, citizen_id = await need_of(intake, PERSON)
    steps = intake.state["erasing"]._steps
    crashed: list[str] = []

    def crashing(real: Any) -> Any:
        async def once(job: Any) -> Any:
            after = await real(job)
            if not crashed:
                crashed.append(at)
                raise ConnectionError
            return after

        return once

    table = {step: crashing(real) if real.__name__ == at else real for step, real in steps._after.items()}
    monkeypatch.setattr(steps, "_after", table)
    monkeypatch.setattr("services.intake.erasing.erasing.LEASE", timedelta(seconds=1))
    erasure_id = await begin(intake, citizen_id=citizen_id)
    proof = await reached(intake, erasure_id, Step.REWRITTEN.value)
    assert crashed == [at]
    assert proof["destroyed"]["rows"]["need"] in {0, 1}
    assert (await intake.client.get(f"/needs/{need_id}")).status_code == 404
    records = await intake.published("need-profiles", need_id, count=2)
    assert records[-1].value is None


async def test_what_a_backup_brings_back_is_erased_again_at_the_start(
    intake: IntakeUnderTest, topics_file: Path, intake_dsn: str, keys: Keys
) -> None:
    """As if the citizen had been erased after the backup, and the tombstones were long gone."""
    need_id, citizen_id = await need_of(intake, PERSON)
    await intake.state["vault"].destroy([citizen_id], [citizen_id, need_id])
    async with running_intake(intake.bootstrap, intake.names, intake_dsn, topics_file, keys=keys) as again:
        told = (await again.client.get("/operator/erasures")).json()["erasures"]
        assert {job["why"] for job in told} == {"restored"}
        published = await again.published("need-profiles", need_id, count=2)
        assert published[-1].value is None


async def test_old_cases_are_closed_and_then_erased_by_the_rules(intake: IntakeUnderTest) -> None:
    need_id, _ = await need_of(intake, PERSON)
    retention = intake.state["retention"]
    assert not any((await retention.look()).values())
    intake.days_pass(541)
    assert (await retention.look())["close_open_needs"] == 1
    assert (await intake.client.get(f"/needs/{need_id}")).json()["closed_reason"] == "retention"
    intake.days_pass(366)
    assert (await retention.look())["erase_closed_needs"] == 1
    await eventually(lambda: _is_gone(intake, need_id))
    intake.days_pass(31)
    assert (await retention.look())["erase_citizens_without_needs"] == 1


async def _is_gone(intake: IntakeUnderTest, need_id: str) -> bool:
    return (await intake.client.get(f"/needs/{need_id}")).status_code in {404, 410}
