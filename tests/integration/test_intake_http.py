"""Intake over HTTP, against a real Kafka and a real PostgreSQL: stored and published, or refused with every reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, body_of, records_of, running_intake
from tests.support.waiting import eventually


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        yield running


async def test_an_accepted_vacancy_is_published_once_with_its_envelope(intake: IntakeUnderTest) -> None:
    created = await intake.client.put("/offers/skovly", json=OFFER)
    assert (created.status_code, created.json()["version"]) == (201, 1)

    answer = await intake.client.post("/vacancies", json=VACANCY, headers={"X-Correlation-Id": "matter-1"})

    assert answer.status_code == 201
    vacancy_id = answer.json()["vacancy_id"]
    assert answer.headers["Location"] == f"/vacancies/{vacancy_id}"
    served = await intake.client.get(f"/vacancies/{vacancy_id}")
    [record] = await intake.published("vacancies", vacancy_id)
    assert record.value == served.content
    headers = dict(record.headers)
    assert headers["ce_id"] == f"{vacancy_id}/1/1".encode()
    assert headers["ce_correlationid"] == b"matter-1"
    vacancy = served.json()
    assert (vacancy["offer_name"], vacancy["municipality"], vacancy["landsdel"]) == ("Skovly", "0751", "Østjylland")
    assert (vacancy["status"], vacancy["opening"], vacancy["came_in_by"]) == ("open", 1, "http")


async def test_the_same_reference_changes_the_same_vacancy_and_the_same_words_change_nothing(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    first = (await intake.client.post("/vacancies", json=VACANCY | {"reference": "bed-1"})).json()
    same = await intake.client.post("/vacancies", json=VACANCY | {"reference": "bed-1"})
    changed = await intake.client.post("/vacancies", json=VACANCY | {"reference": "bed-1", "places_free": 0})

    assert (same.status_code, same.json()["outcome"], same.json()["version"]) == (200, "unchanged", 1)
    assert (changed.status_code, changed.json()["vacancy_id"], changed.json()["version"]) == (200, first["vacancy_id"], 2)
    assert len(await intake.published("vacancies", first["vacancy_id"], count=2)) == 2


async def test_two_places_left_changes_only_that(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    before = (await intake.client.get(f"/vacancies/{vacancy_id}")).json()

    full = await intake.client.patch(f"/vacancies/{vacancy_id}", json={"places_free": 0})
    again = await intake.client.patch(f"/vacancies/{vacancy_id}", json={"places_free": 2})

    assert (full.json()["version"], full.json()["opening"]) == (2, 1)
    assert (again.json()["version"], again.json()["opening"]) == (3, 2)
    after = (await intake.client.get(f"/vacancies/{vacancy_id}")).json()
    times = {"confirmed_at", "expires_at"}
    assert {name for name in after if after[name] != before[name]} - times == {"version", "opening", "places_free"} - (
        {"places_free"} if before["places_free"] == 2 else set()
    )


async def test_a_withdrawn_vacancy_is_closed_and_cannot_be_patched(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    withdrawn = await intake.client.post(f"/vacancies/{vacancy_id}/withdraw")
    patched = await intake.client.patch(f"/vacancies/{vacancy_id}", json={"places_free": 1})

    assert (withdrawn.json()["status"], withdrawn.json()["version"]) == ("closed", 2)
    assert (patched.status_code, patched.json()["errors"][0]["code"]) == (409, "vacancy_closed")
    assert body_of((await intake.published("vacancies", vacancy_id, count=2))[-1])["closed_reason"] == "withdrawn"


async def test_every_field_that_is_wrong_is_named_with_the_nearest_code(intake: IntakeUnderTest) -> None:
    wrong = {
        "offer_id": "skovly",
        "title_da": "x",
        "sections": ["SEL-104", "104"],
        "activities": ["flying"],
        "age_from": -1,
        "colour": 1,
    }
    answer = await intake.client.post("/vacancies", json=wrong)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {(error["field"], error["code"]) for error in answer.json()["errors"]}
    assert found == {
        ("sections[1]", "unknown_code"),
        ("activities[0]", "unknown_code"),
        ("age_from", "greater_than_equal"),
        ("colour", "extra_forbidden"),
    }
    assert "SEL-104" in next(error["text_da"] for error in answer.json()["errors"] if error["field"] == "sections[1]")


async def test_a_cpr_number_is_refused_and_never_repeated(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    answer = await intake.client.post("/vacancies", json=VACANCY | {"text_da": "Plads til borger 010203-1234 fra mandag"})

    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("text_da", "cpr_number")]
    assert b"1234" not in answer.content


async def test_a_need_leaves_intake_as_a_pseudonym_with_its_point_in_a_cell(intake: IntakeUnderTest) -> None:
    answer = await intake.client.post("/needs", json=NEED)
    need_id = answer.json()["need_id"]
    [record] = await intake.published("need-profiles", need_id)

    need = body_of(record)
    assert answer.status_code == 201
    assert need["points_of_reference"] == [{"easting_m": 572500, "northing_m": 6222500, "kind": "home"}]
    assert b"case-42" not in (record.value or b"")
    again = await intake.client.post("/needs", json=NEED | {"urgency": "acute"})
    assert (again.status_code, again.json()["need_id"], again.json()["version"]) == (200, need_id, 2)


async def test_an_erased_need_leaves_a_tombstone_and_nothing_else(intake: IntakeUnderTest) -> None:
    need_id = (await intake.client.post("/needs", json=NEED)).json()["need_id"]
    erased = await intake.client.delete(f"/needs/{need_id}")

    assert (erased.status_code, erased.json()["version"]) == (200, 2)
    tombstone = (await intake.published("need-profiles", need_id, count=2))[-1]
    assert tombstone.value is None
    assert dict(tombstone.headers)["ce_id"] == f"{need_id}/1/2".encode()
    assert (
        await intake.client.get(f"/needs/{need_id}")
    ).status_code == 404  # whose it was is forgotten, so nobody is told that it was
    anew = (await intake.client.post("/needs", json=NEED)).json()
    assert (anew["need_id"] != need_id, anew["version"]) == (True, 1)


async def test_a_need_for_a_crisis_centre_is_refused_with_the_advice_to_ring(intake: IntakeUnderTest) -> None:
    answer = await intake.client.post("/needs", json=NEED | {"sections": [{"section": "SEL-107"}, {"section": "SEL-109"}]})

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("sections[1].section", "section_109_by_phone")
    assert "ring" in error["text_da"]


async def test_a_ruled_out_place_and_a_closing_are_versions_of_the_need(intake: IntakeUnderTest) -> None:
    need_id = (await intake.client.post("/needs", json=NEED)).json()["need_id"]
    place = {"vacancy_id": "some-place", "reason": "declined_by_citizen"}
    ruled_out = await intake.client.post(f"/needs/{need_id}/rule-out", json=place)
    same = await intake.client.post(f"/needs/{need_id}/rule-out", json=place)
    closed = await intake.client.post(f"/needs/{need_id}/close", json={"reason": "placed"})

    assert [(said.json()["outcome"], said.json()["version"]) for said in (ruled_out, same, closed)] == [
        ("accepted", 2),
        ("unchanged", 2),
        ("accepted", 3),
    ]
    need = (await intake.client.get(f"/needs/{need_id}")).json()
    assert (need["status"], need["closed_reason"], need["ruled_out"][0]["vacancy_id"]) == ("closed", "placed", "some-place")


async def test_a_batch_answers_each_row_by_itself(intake: IntakeUnderTest) -> None:
    rows = [NEED, NEED | {"birth_year": "long ago"}, NEED | {"source_reference": "case-43"}, NEED]
    answer = await intake.client.post("/needs:batch", json=rows)

    results = answer.json()["results"]
    assert [row["outcome"] for row in results] == ["accepted", "rejected", "accepted", "unchanged"]
    assert results[3]["need_id"] == results[0]["need_id"]
    assert results[1]["errors"][0]["field"] == "birth_year"


async def test_a_protected_address_leaves_intake_nowhere(intake: IntakeUnderTest) -> None:
    centre = OFFER | {
        "name": "Krisecenter",
        "sections": ["SEL-109"],
        "kinds": ["SEL-109"],
        "address": "Hemmelig Allé 7, 8000 Aarhus",
    }
    await intake.client.put("/offers/centre", json=centre)
    told = await intake.client.post("/vacancies", json=VACANCY | {"offer_id": "centre", "title_da": "Bed at hemmelig allé 7"})
    posted = await intake.client.post(
        "/vacancies", json=VACANCY | {"offer_id": "centre", "sections": ["SEL-109"], "text_da": "Hemmelig Allé 7"}
    )

    assert told.json()["errors"][0]["code"] == "address_protected"
    vacancy_id = posted.json()["vacancy_id"]
    [offer], [vacancy] = await intake.published("offers", "centre"), await intake.published("vacancies", vacancy_id)
    for record in (offer, vacancy):
        assert record.value is not None
        assert b"Hemmelig" not in record.value
        said = body_of(record)
        assert (said["municipality"], said["landsdel"], said["location"]) == ("", "Østjylland", None)
        assert said["contact"] == {"phone": "86 12 34 56", "email": None, "web": None}


async def test_an_offer_that_becomes_protected_takes_its_vacancies_with_it(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    await intake.client.put("/offers/skovly", json=OFFER | {"address_protected": True})

    last = body_of((await intake.published("vacancies", vacancy_id, count=2))[-1])
    assert (last["version"], last["address"], last["address_protected"]) == (2, None, True)


async def test_what_nobody_confirmed_expires_and_a_confirmation_extends(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    stale = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    fresh = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    intake.days_pass(29)
    await intake.client.post(f"/vacancies/{fresh}/confirm")
    intake.days_pass(2)

    assert (await intake.client.post("/operator/expire")).json() == {"expired": 1}
    closed = (await intake.client.get(f"/vacancies/{stale}")).json()
    assert (closed["status"], closed["closed_reason"]) == ("closed", "expired")
    assert (await intake.client.get(f"/vacancies/{fresh}")).json()["status"] == "open"


async def test_settings_are_published_at_start_and_again_on_a_new_day_only(intake: IntakeUnderTest) -> None:
    async def settings() -> list[bytes]:
        return sorted(dict(record.headers)["ce_id"] or b"" for record in await records_of(intake, "settings"))

    assert await eventually(settings, until=lambda ids: len(ids) == 2) == [b"policy/1/1", b"today/1/1"]
    await intake.timers_look()
    intake.days_pass(1)
    await intake.timers_look()
    assert await eventually(settings, until=lambda ids: len(ids) == 3) == [b"policy/1/1", b"today/1/1", b"today/1/2"]


async def test_the_landing_page_shows_the_newest_places_and_the_ways_on(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    posted = await intake.client.post("/vacancies", json=VACANCY | {"title_da": "Plads <i> værkstedet"})
    vacancy_id = posted.json()["vacancy_id"]
    page = (await intake.client.get("/")).text
    assert "Plads &lt;i&gt; værkstedet" in page
    assert 'href="/notifications/"' in page
    assert f'href="/pladser/{vacancy_id}"' in page

    async def is_ready() -> bool:
        return bool((await intake.client.get("/readyz")).json()["ready"])

    await eventually(is_ready)


@pytest.mark.parametrize("what", ["fill", "withdraw", "confirm"])
async def test_what_is_sent_along_with_a_closing_or_a_confirmation_is_refused_and_not_lost(
    intake: IntakeUnderTest, what: str
) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    refused = await intake.client.post(f"/vacancies/{vacancy_id}/{what}", json={"places_free": 2})
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert (error["field"], error["code"]) == ("places_free", "extra_forbidden")
    assert "PATCH" in error["text_da"]
    assert "PATCH" in error["text_en"]

    assert (await intake.client.post(f"/vacancies/{vacancy_id}/{what}", json={})).status_code == 200
    again = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    assert (await intake.client.post(f"/vacancies/{again}/{what}")).status_code == 200
