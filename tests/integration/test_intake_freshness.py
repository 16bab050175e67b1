"""Reminders and the truth record, against a real Kafka and a real PostgreSQL: what time does, and what the log then says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.intake import OFFER, VACANCY, IntakeUnderTest, body_of, running_intake


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        yield running


async def posted(intake: IntakeUnderTest, **changed: Any) -> str:
    await intake.client.put("/offers/skovly", json=OFFER)
    answer = await intake.client.post("/vacancies", json=VACANCY | changed)
    assert answer.status_code == 201, answer.text
    vacancy_id: str = answer.json()["vacancy_id"]
    return vacancy_id


async def told(intake: IntakeUnderTest, vacancy_id: str, finding: str, **more: Any) -> dict[str, Any]:
    answer = await intake.client.post(f"/vacancies/{vacancy_id}/observations", json={"finding": finding} | more)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def record(intake: IntakeUnderTest, **parameters: Any) -> dict[str, Any]:
    answer = await intake.client.get("/offers/skovly/observations", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# --- reminders -----------------------------------------------------------------------------------------------------


async def test_an_offer_is_reminded_on_the_log_and_a_confirmation_clears_it(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)  # § 103: 30 days, reminded 5 before
    intake.days_pass(24)
    await intake.timers_look()
    intake.days_pass(2)
    await intake.timers_look()
    await intake.timers_look()
    confirmed = await intake.client.post(f"/vacancies/{vacancy_id}/confirm")

    assert confirmed.status_code == 200
    versions = [Vacancy.model_validate_json(one.value or b"") for one in await intake.published("vacancies", vacancy_id, count=3)]
    assert [one.version for one in versions] == [1, 2, 3]
    assert [one.reminded_at is not None for one in versions] == [False, True, False]
    assert [one.opening for one in versions] == [1, 1, 1]
    assert versions[1].expires_at == versions[0].expires_at
    assert versions[2].expires_at > versions[1].expires_at


async def test_a_crisis_centre_is_reminded_within_a_day_and_a_drop_in_place_after_months(intake: IntakeUnderTest) -> None:
    bed = await posted(intake, sections=["SEL-109"], municipality="0740")
    open_door = await posted(intake, sections=[], kinds=["VAER"], places_free=None, places_total=None)
    intake.clock.moved += timedelta(hours=21)
    await intake.timers_look()

    assert (await intake.client.get(f"/vacancies/{bed}")).json()["reminded_at"] is not None
    intake.days_pass(40)
    await intake.timers_look()
    served = {id_: (await intake.client.get(f"/vacancies/{id_}")).json() for id_ in (bed, open_door)}
    assert (served[bed]["status"], served[bed]["closed_reason"]) == ("closed", "expired")
    assert (served[open_door]["status"], served[open_door]["reminded_at"]) == ("open", None)


async def test_more_reminders_than_one_batch_holds_are_all_sent(intake: IntakeUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.service._AT_ONCE", 3)
    ids = [await posted(intake, title_da=f"Plads {number}") for number in range(8)]
    intake.days_pass(26)
    assert await intake.state["intake"].remind() == 8
    assert await intake.state["intake"].remind() == 0
    for vacancy_id in ids:
        assert (await intake.client.get(f"/vacancies/{vacancy_id}")).json()["version"] == 2


# --- the truth record ----------------------------------------------------------------------------------------------


async def ten_observations(intake: IntakeUnderTest, *, gone: int) -> list[str]:
    ids = [await posted(intake, title_da=f"Plads {number}") for number in range(10)]
    for number, vacancy_id in enumerate(ids):
        await told(intake, vacancy_id, "place_gone" if number < gone else "still_free")
    return ids


async def test_ten_observations_are_published_with_the_offer_once_it_could_object(intake: IntakeUnderTest) -> None:
    await ten_observations(intake, gone=3)
    await intake.timers_look()
    waiting = await record(intake)
    intake.days_pass(13)
    await intake.timers_look()
    assert (await intake.client.get("/offers/skovly")).json()["truth"] is None
    intake.days_pass(1)
    await intake.timers_look()
    await intake.timers_look()

    assert {one["standing"] for one in waiting["observations"]} == {"waiting"}
    assert (waiting["observed"], waiting["published_from"]) == (0, 10)
    assert "14" in waiting["formula_da"]
    assert "still_true / observed" in waiting["formula_en"]
    offers = [Offer.model_validate_json(one.value or b"") for one in await intake.published("offers", "skovly", count=2)]
    assert [one.version for one in offers] == [1, 2]
    truth = offers[1].truth
    assert truth is not None
    assert (truth.observed, truth.still_true, truth.percent) == (10, 7, 70)  # 100 * 7 / 10
    assert (await record(intake))["observed"] == 10
    # The offer's own change keeps what others have found.
    await intake.client.put("/offers/skovly", json=OFFER | {"name": "Skovbo"})
    assert (await intake.client.get("/offers/skovly")).json()["truth"]["percent"] == 70


async def test_an_offer_is_counted_again_only_when_its_count_may_change(intake: IntakeUnderTest) -> None:
    await told(intake, await posted(intake), "still_free")

    async def next_count() -> timedelta:
        connection = await asyncpg.connect(intake.dsn)
        try:
            moment: datetime = await connection.fetchval("SELECT recount_at FROM truth_record")
        finally:
            await connection.close()
        return moment - intake.clock()

    assert timedelta(days=13.9) < await next_count() < timedelta(days=14)
    intake.days_pass(14)
    await intake.timers_look()
    assert timedelta(days=715.9) < await next_count() < timedelta(days=716)  # 730 days after the asking


async def test_an_objection_keeps_the_record_back_until_an_operator_has_ruled(intake: IntakeUnderTest) -> None:
    await ten_observations(intake, gone=1)
    number = (await record(intake))["observations"][-1]["number"]
    objected = await intake.client.post(f"/offers/skovly/observations/{number}/objection", json={"reason": "outside_its_terms"})
    intake.days_pass(15)
    await intake.timers_look()

    assert objected.json()["standing"] == "objected"
    assert (await intake.client.get("/offers/skovly")).json()["truth"] is None  # nine count
    ruling = await intake.client.post(f"/operator/offers/skovly/observations/{number}/ruling", json={"ruling": "dismissed"})
    assert ruling.json()["standing"] == "counts"
    await intake.timers_look()
    assert (await intake.client.get("/offers/skovly")).json()["truth"]["percent"] == 90
    await intake.client.post(f"/operator/offers/skovly/observations/{number}/ruling", json={"ruling": "upheld"})
    await intake.timers_look()
    assert (await intake.client.get("/offers/skovly")).json()["truth"] is None


async def test_an_objection_is_for_the_period_before_it_counts_and_can_be_taken_back(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)
    await told(intake, vacancy_id, "place_gone")
    address = "/offers/skovly/observations/1/objection"
    assert (await intake.client.post(address, json={"reason": "told_twice"})).json()["objection"] == "told_twice"
    assert (await intake.client.delete(address)).json()["standing"] == "waiting"
    intake.days_pass(15)
    late = await intake.client.post(address, json={"reason": "told_twice"})
    unknown = await intake.client.post("/offers/skovly/observations/2/objection", json={"reason": "told_twice"})

    assert (late.status_code, late.json()["errors"][0]["code"]) == (409, "objection_too_late")
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, "observation_not_found")


async def test_one_word_per_posting_observer_and_day(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)
    first = await told(intake, vacancy_id, "place_gone")
    again = await intake.client.post(f"/vacancies/{vacancy_id}/observations", json={"finding": "still_free"})
    intake.days_pass(1)
    next_day = await told(intake, vacancy_id, "still_free")

    assert (again.status_code, again.json()) == (200, first)
    assert [first["number"], next_day["number"]] == [1, 2]


async def test_the_call_that_closes_a_posting_is_observed_and_a_later_one_is_not(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)
    asked = datetime.now(UTC)
    await intake.client.post(f"/vacancies/{vacancy_id}/fill")
    before = await told(intake, vacancy_id, "place_gone", asked_at=asked.isoformat())
    after = await intake.client.post(f"/vacancies/{vacancy_id}/observations", json={"finding": "place_gone"})

    assert before["finding"] == "place_gone"
    assert (after.status_code, after.json()["errors"][0]["code"]) == (409, "vacancy_closed")


async def asked_days_ago(intake: IntakeUnderTest, vacancy_id: str, days: int) -> tuple[int, str | None]:
    sent = {"finding": "place_gone", "asked_at": (intake.clock() - timedelta(days=days)).isoformat()}
    answer = await intake.client.post(f"/vacancies/{vacancy_id}/observations", json=sent)
    return answer.status_code, answer.json()["errors"][0]["code"] if answer.status_code >= 400 else None


async def test_a_confirmation_that_nothing_is_free_does_not_make_the_days_before_it_free(intake: IntakeUnderTest) -> None:
    bed = VACANCY | {"reference": "bed-1"}
    vacancy_id = await posted(intake, reference="bed-1")
    intake.days_pass(2)
    assert (await intake.client.post("/vacancies", json=bed | {"places_free": 0})).status_code == 200
    intake.days_pass(2)
    assert (await intake.client.post(f"/vacancies/{vacancy_id}/confirm")).status_code == 200

    assert await asked_days_ago(intake, vacancy_id, 1) == (409, "nothing_claimed")
    await intake.client.post(f"/vacancies/{vacancy_id}/withdraw")
    assert await asked_days_ago(intake, vacancy_id, 1) == (409, "nothing_claimed")
    assert await asked_days_ago(intake, vacancy_id, 3) == (201, None)
    await intake.client.post("/vacancies", json=bed)
    assert await asked_days_ago(intake, vacancy_id, 0) == (201, None)


async def test_a_change_of_the_offer_does_not_make_its_closed_vacancies_closed_later(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)
    await intake.client.post(f"/vacancies/{vacancy_id}/withdraw")
    intake.days_pass(3)
    await intake.client.put("/offers/skovly", json=OFFER | {"name": "Skovbo"})
    assert (await intake.client.get(f"/vacancies/{vacancy_id}")).json()["version"] == 3

    assert await asked_days_ago(intake, vacancy_id, 1) == (409, "vacancy_closed")
    intake.days_pass(28)  # kept for 30 days after it closed
    await intake.timers_look()
    assert (await intake.client.get(f"/vacancies/{vacancy_id}")).status_code == 410


@pytest.mark.parametrize(
    ("sent", "status", "field", "code"),
    [
        ({"finding": "no answer"}, 422, "finding", "literal_error"),
        ({"finding": "place_gone", "note": "hun hedder Anna"}, 422, "note", "extra_forbidden"),
        ({"finding": "place_gone", "asked_at": "2000-01-01T00:00:00Z"}, 422, "asked_at", "asked_too_long_ago"),
        ({"finding": "place_gone", "asked_at": "9999-12-31T23:59:59-12:00"}, 422, "asked_at", "in_the_future"),
        ({"finding": "place_gone", "asked_at": "0001-01-01T00:00:00+12:00"}, 422, "asked_at", "asked_too_long_ago"),
        ({"finding": "place_gone", "asked_at": "2026-11-25T12:00:00"}, 422, "asked_at", "timezone_aware"),
    ],
)
async def test_what_is_no_observation_is_refused_by_its_field(
    intake: IntakeUnderTest, sent: dict[str, Any], status: int, field: str, code: str
) -> None:
    answer = await intake.client.post(f"/vacancies/{await posted(intake)}/observations", json=sent)
    assert answer.status_code == status
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert "Anna" not in answer.text


async def test_a_partner_tells_as_a_case_system_and_sees_only_its_own_offers(intake: IntakeUnderTest) -> None:
    vacancy_id = await posted(intake)
    await intake.partner("case-system", offers=[], kinds=["need"])
    await intake.partner("journal", offers=["skovly"], kinds=["offer", "vacancy", "need"])
    await intake.partner("rival", offers=["other"], kinds=["offer", "vacancy"])

    async def asked(partner: str, method: str, address: str, body: object = None) -> tuple[int, str | None]:
        answer = await intake.client.request(method, address, json=body, headers={"X-Test-Partner": partner})
        return answer.status_code, answer.json()["errors"][0]["code"] if answer.status_code >= 400 else None

    observations = f"/vacancies/{vacancy_id}/observations"
    assert await asked("journal", "POST", observations, {"finding": "still_free"}) == (403, "own_offer")
    assert await asked("rival", "POST", observations, {"finding": "place_gone"}) == (403, "kind_not_granted")
    assert await asked("case-system", "POST", observations, {"finding": "place_gone"}) == (201, None)
    assert await asked("case-system", "GET", "/offers/skovly/observations") == (403, "offer_not_yours")
    assert await asked("rival", "POST", "/offers/skovly/observations/1/objection", {"reason": "told_twice"}) == (
        403,
        "offer_not_yours",
    )
    assert await asked("journal", "POST", "/offers/skovly/observations/1/objection", {"reason": "told_twice"}) == (200, None)
    [seen] = (await record(intake))["observations"]
    assert (seen["told_by"], seen["objection"]) == ("partner", "told_twice")
    assert "case-system" not in str(seen)


async def test_the_record_is_paged_from_the_newest(intake: IntakeUnderTest) -> None:
    for number in range(3):
        await told(intake, await posted(intake, title_da=f"Plads {number}"), "still_free")
    first = await record(intake, limit=2)
    second = await record(intake, limit=2, before=first["next"])

    assert [one["number"] for one in (*first["observations"], *second["observations"])] == [3, 2, 1]
    assert second["next"] is None
    nowhere = await intake.client.get("/offers/nowhere/observations")
    assert (nowhere.status_code, nowhere.json()["errors"][0]["code"]) == (404, "offer_not_found")


async def test_an_observation_grows_old_and_is_counted_out(intake: IntakeUnderTest) -> None:
    await ten_observations(intake, gone=0)
    intake.days_pass(14)
    await intake.timers_look()
    assert (await intake.client.get("/offers/skovly")).json()["truth"]["percent"] == 100
    intake.days_pass(717)  # 731 days after the asking
    await intake.timers_look()
    assert (await intake.client.get("/offers/skovly")).json()["truth"] is None
    assert body_of((await intake.published("offers", "skovly", count=3))[-1])["version"] == 3
