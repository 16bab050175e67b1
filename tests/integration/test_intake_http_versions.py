"""Requests that are sent again, and changes that meet: keys, ETags, lists and partial updates over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from services.intake.http.models import NeedAnswer, NeedReferences, Offers, VacancyAnswer, VacancyRows
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.client.put("/offers/skovly", json=OFFER)
        yield running


async def posted(intake: IntakeUnderTest, **changed: object) -> tuple[str, str]:
    answer = await intake.client.post("/vacancies", json=VACANCY | changed)
    return VacancyAnswer.model_validate_json(answer.content).vacancy_id, answer.headers["ETag"]


def codes(answer: httpx2.Response) -> list[tuple[str, str]]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


async def test_the_same_key_and_request_is_done_once_and_answered_the_same(intake: IntakeUnderTest) -> None:
    first = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": '"k-1"'})
    again = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})
    anew = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-2"})

    assert (first.status_code, again.status_code, anew.status_code) == (201, 201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert (again.headers["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    assert anew.json()["vacancy_id"] != first.json()["vacancy_id"]
    assert len((await intake.client.get("/vacancies")).json()["vacancies"]) == 2


async def test_the_same_key_for_another_request_is_refused_and_a_refusal_is_remembered_too(intake: IntakeUnderTest) -> None:
    missing = VACANCY | {"offer_id": "elsewhere"}
    refused = await intake.client.post("/vacancies", json=missing, headers={"Idempotency-Key": "k-1"})
    await intake.client.put("/offers/elsewhere", json=OFFER)
    again = await intake.client.post("/vacancies", json=missing, headers={"Idempotency-Key": "k-1"})
    other = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})
    elsewhere = await intake.client.post("/vacancies:batch", json=missing, headers={"Idempotency-Key": "k-1"})
    unreadable = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "a\tb"})

    assert codes(refused) == codes(again) == [("offer_id", "offer_not_found")]
    assert again.content == refused.content
    assert (other.status_code, codes(other)) == (422, [("Idempotency-Key", "key_reused")])
    assert elsewhere.status_code == 400
    assert (unreadable.status_code, codes(unreadable)) == (400, [("Idempotency-Key", "string_pattern_mismatch")])


async def test_a_batch_under_a_key_is_taken_once(intake: IntakeUnderTest) -> None:
    rows = [VACANCY, VACANCY | {"age_from": -1}]
    first = await intake.client.post("/vacancies:batch", json=rows, headers={"Idempotency-Key": "k-1"})
    again = await intake.client.post("/vacancies:batch", json=rows, headers={"Idempotency-Key": "k-1"})
    assert again.content == first.content
    assert [row.outcome for row in VacancyRows.model_validate_json(first.content).results] == ["accepted", "rejected"]
    assert len((await intake.client.get("/vacancies")).json()["vacancies"]) == 1


async def test_a_key_that_is_being_answered_is_a_conflict_and_many_at_once_make_one_vacancy(intake: IntakeUnderTest) -> None:
    holder = await asyncpg.connect(intake.dsn)
    async with holder.transaction():
        await holder.fetchval("SELECT pg_advisory_xact_lock(hashtext('answered_request'), hashtext('person:person-1 ' || 'k-1'))")
        meanwhile = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})
    await holder.close()
    assert (meanwhile.status_code, codes(meanwhile)) == (409, [("Idempotency-Key", "key_in_use")])
    assert meanwhile.headers["Retry-After"] == "1"

    answers = await asyncio.gather(
        *(intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"}) for _ in range(12))
    )
    taken = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in taken}) == 1
    assert len((await intake.client.get("/vacancies")).json()["vacancies"]) == 1


async def test_answers_are_forgotten_after_a_week(intake: IntakeUnderTest) -> None:
    first = await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})
    intake.days_pass(6)
    await intake.timers_look()
    assert (await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})).content == first.content
    intake.days_pass(2)
    await intake.timers_look()
    assert (await intake.client.post("/vacancies", json=VACANCY, headers={"Idempotency-Key": "k-1"})).content != first.content


async def test_a_change_of_a_version_that_has_moved_on_is_refused_with_the_current_one(intake: IntakeUnderTest) -> None:
    vacancy_id, tag = await posted(intake)
    at = f"/vacancies/{vacancy_id}"
    assert tag == (await intake.client.get(at)).headers["ETag"] == '"1.1"'

    mine = await intake.client.patch(at, json={"places_free": 1}, headers={"If-Match": tag})
    late = await intake.client.patch(at, json={"places_free": 2}, headers={"If-Match": tag, "Accept-Language": "en"})
    weak = await intake.client.patch(at, json={"places_free": 2}, headers={"If-Match": 'W/"1.2"'})
    any_version = await intake.client.patch(at, json={"places_free": 0}, headers={"If-Match": "*"})

    assert (mine.status_code, mine.headers["ETag"], mine.json()["etag"]) == (200, '"1.2"', '"1.2"')
    assert (late.status_code, late.headers["ETag"], codes(late)) == (412, '"1.2"', [("If-Match", "version_moved")])
    assert late.json()["detail"] == 'The current version has the ETag "1.2".'
    assert weak.status_code == 412
    assert any_version.headers["ETag"] == '"1.3"'
    for action, tag_then, status in (("confirm", '"1.2"', 412), ("confirm", '"1.1", "1.3"', 200), ("fill", '"1.3"', 412)):
        assert (await intake.client.post(f"{at}/{action}", headers={"If-Match": tag_then})).status_code == status
    put = await intake.client.put(at, json=VACANCY, headers={"If-Match": '"1.3"'})
    unchanged = await intake.client.post(f"{at}/fill", headers={"If-Match": '"1.4"'})
    assert (put.status_code, unchanged.status_code) == (412, 200)
    assert len(await intake.published("vacancies", vacancy_id, count=5)) == 5


async def test_of_many_who_change_the_same_version_at_once_one_is_first(intake: IntakeUnderTest) -> None:
    vacancy_id, tag = await posted(intake)
    answers = await asyncio.gather(
        *(
            intake.client.patch(f"/vacancies/{vacancy_id}", json={"places_free": free}, headers={"If-Match": tag})
            for free in range(3, 11)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_create_only_offers_vacancies_and_needs(intake: IntakeUnderTest) -> None:
    only_new = {"If-None-Match": "*"}
    assert codes(await intake.client.put("/offers/skovly", json=OFFER | {"name": "Ny"}, headers=only_new)) == [
        ("If-None-Match", "exists_already")
    ]
    assert (await intake.client.put("/offers/soebred", json=OFFER, headers=only_new)).status_code == 201
    named = VACANCY | {"reference": "bed-1"}
    assert (await intake.client.post("/vacancies", json=named, headers=only_new)).status_code == 201
    assert (await intake.client.post("/vacancies", json=named, headers=only_new)).status_code == 412
    assert (await intake.client.post("/needs", json=NEED, headers=only_new)).status_code == 201
    assert (await intake.client.post("/needs", json=NEED, headers=only_new)).status_code == 412
    assert (await intake.client.put("/offers/new-one", json=OFFER, headers={"If-Match": "*"})).status_code == 412
    assert (await intake.client.get("/offers/new-one")).status_code == 404
    assert (await intake.client.put("/offers/new-one", json=OFFER, headers={"If-Match": "no tag"})).status_code == 400


async def test_who_has_the_version_already_is_told_so_without_a_body(intake: IntakeUnderTest) -> None:
    need_id = NeedAnswer.model_validate_json((await intake.client.post("/needs", json=NEED)).content).need_id
    vacancy_id, _ = await posted(intake)
    for path in ("/offers/skovly", f"/vacancies/{vacancy_id}", f"/needs/{need_id}"):
        tag = (await intake.client.get(path)).headers["ETag"]
        same = await intake.client.get(path, headers={"If-None-Match": f'"0.0", W/{tag}'})
        other = await intake.client.get(path, headers={"If-None-Match": '"0.9"'})
        assert (same.status_code, same.content, same.headers["ETag"], other.status_code) == (304, b"", tag, 200)


async def test_null_clears_a_field_and_an_object_is_merged_into(intake: IntakeUnderTest) -> None:
    vacancy_id, _ = await posted(intake, text_da="Godt værksted", services=[])
    patch = {"text_da": None, "places_total": None, "contact": {"email": None}}
    answer = await intake.client.patch(
        f"/vacancies/{vacancy_id}", json=patch, headers={"Content-Type": "application/merge-patch+json"}
    )
    assert answer.status_code == 200
    vacancy = (await intake.client.get(f"/vacancies/{vacancy_id}")).json()
    assert (vacancy["text_da"], vacancy["places_total"], vacancy["contact"]["email"]) == (None, None, None)
    assert (vacancy["contact"]["phone"], vacancy["places_free"]) == ("86 12 34 56", 2)

    wrong = await intake.client.patch(f"/vacancies/{vacancy_id}", json={"title_da": None, "offer_id": "other"})
    assert codes(wrong) == [("offer_id", "offer_fixed")]
    assert codes(await intake.client.patch(f"/vacancies/{vacancy_id}", json={"title_da": None})) == [("title_da", "missing")]
    form = await intake.client.patch(f"/vacancies/{vacancy_id}", data={"places_free": "1"})
    assert (form.status_code, codes(form)) == (415, [("Content-Type", "media_type")])


async def test_all_open_vacancies_of_an_offer_are_confirmed_at_once(intake: IntakeUnderTest) -> None:
    ids = [(await posted(intake, reference=f"bed-{number}"))[0] for number in range(3)]
    await intake.client.post(f"/vacancies/{ids[2]}/withdraw")

    of_offer = await intake.client.post("/vacancies:confirm", json={"offer_id": "skovly"})
    by_id = await intake.client.post("/vacancies:confirm", json={"vacancy_ids": [ids[1], ids[2], "nothing"]})

    confirmed = VacancyRows.model_validate_json(of_offer.content).results
    assert sorted(row.vacancy_id for row in confirmed if row.outcome != "rejected") == sorted(ids[:2])
    assert [row.outcome for row in VacancyRows.model_validate_json(by_id.content).results] == ["accepted", "rejected", "rejected"]
    assert codes(await intake.client.post("/vacancies:confirm", json={})) == [("offer_id", "ids_or_offer")]
    assert (await intake.client.post("/vacancies:confirm", json={"offer_id": "nowhere"})).status_code == 404
    await eventually(lambda: records_of(intake, "vacancies"), until=lambda found: len(found) == 3 + 1 + 2 + 1)


async def test_a_case_system_reconciles_its_references_page_by_page(intake: IntakeUnderTest) -> None:
    for number in range(5):
        await intake.client.post("/needs", json=NEED | {"source_reference": f"case-{number}"})
    other = await intake.client.post("/needs", json=NEED | {"handlekommune": "0101"})
    await intake.client.post("/needs", json={name: value for name, value in NEED.items() if name != "source_reference"})
    second = (await intake.client.get("/needs:references", params={"handlekommune": "0751"})).json()["references"][1]
    await intake.client.post(f"/needs/{second['need_id']}/close", json={"reason": "placed"})

    found, after = [], None
    while True:
        asked: dict[str, str] = {"handlekommune": "0751", "limit": "2"} | ({"after": after} if after else {})
        page = NeedReferences.model_validate_json((await intake.client.get("/needs:references", params=asked)).content)
        found += page.references
        if (after := page.next) is None:
            break
    assert [(one.source_reference, one.version, one.status) for one in found] == [
        ("case-0", 1, "open"),
        ("case-1", 2, "closed"),
        ("case-2", 1, "open"),
        ("case-3", 1, "open"),
        ("case-4", 1, "open"),
    ]
    assert other.json()["need_id"] not in {one.need_id for one in found}
    missing = await intake.client.get("/needs:references", params={"limit": "many", "colour": "red"})
    assert (missing.status_code, codes(missing)) == (
        400,
        [("limit", "range"), ("colour", "extra_forbidden"), ("handlekommune", "missing")],
    )


async def test_offers_are_listed_by_section_page_by_page(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/bo-1", json=OFFER | {"sections": ["SEL-107"], "kinds": ["SEL-107"]})
    await intake.client.put("/offers/bo-2", json=OFFER | {"sections": ["SEL-107", "SEL-103"], "kinds": ["SEL-107"]})
    first = Offers.model_validate_json((await intake.client.get("/offers?section=SEL-103&limit=1")).content)
    rest = Offers.model_validate_json((await intake.client.get(f"/offers?section=SEL-103&after={first.next}")).content)
    assert [offer.offer_id for offer in (*first.offers, *rest.offers)] == ["bo-2", "skovly"]
    assert codes(await intake.client.get("/offers?section=107")) == [("section", "enum")]


async def test_a_need_does_not_move_into_a_kommune_where_its_reference_is_another_ones(intake: IntakeUnderTest) -> None:
    await intake.partner("three", offers=[], kinds=["need"], municipalities=("0751", "0101", "0461"))
    three = {"X-Test-Partner": "three"}
    need_id = NeedAnswer.model_validate_json((await intake.client.post("/needs", json=NEED)).content).need_id
    await intake.client.post("/needs", json=NEED | {"handlekommune": "0101"})
    for moved in (NEED | {"handlekommune": "0101"}, {**NEED, "handlekommune": "0101", "source_reference": None}):
        answer = await intake.client.put(f"/needs/{need_id}", json=moved, headers=three)
        assert (answer.status_code, codes(answer)) == (409, [("handlekommune", "reference_taken")])

    assert (await intake.client.put(f"/needs/{need_id}", json=NEED | {"handlekommune": "0461"}, headers=three)).status_code == 200
    assert (await intake.client.get(f"/needs/{need_id}", headers=three)).json()["handlekommune"] == "0461"


async def test_the_reference_of_what_exists_is_not_changed(intake: IntakeUnderTest) -> None:
    need_id = NeedAnswer.model_validate_json((await intake.client.post("/needs", json=NEED)).content).need_id
    vacancy_id, _ = await posted(intake, reference="bed-1")
    need = await intake.client.put(f"/needs/{need_id}", json=NEED | {"source_reference": "case-43"})
    vacancy = await intake.client.put(f"/vacancies/{vacancy_id}", json=VACANCY | {"reference": "bed-2"})
    patched = await intake.client.patch(f"/vacancies/{vacancy_id}", json={"reference": "bed-2"})
    assert [codes(answer) for answer in (need, vacancy, patched)] == [
        [("source_reference", "reference_fixed")],
        [("reference", "reference_fixed")],
        [("reference", "reference_fixed")],
    ]
    assert (await intake.client.put(f"/needs/{need_id}", json=NEED)).status_code == 200
    assert (await intake.client.put(f"/vacancies/{vacancy_id}", json=VACANCY)).status_code == 200
