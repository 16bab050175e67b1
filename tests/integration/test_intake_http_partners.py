"""A partner's system over HTTP: by every way in it may do what it was given, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from shared.identity import Role
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.identity import bearer, token_for
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake

LAKE = {"X-Test-Partner": "lake"}
"""Whose own the offer `lake-1` is, and the municipality 0101."""
SILENT = {"X-Test-Partner": "silent"}
"""Whose own the same are, but who was given no kind."""
OTHERS = {"offer_id": "skovly"}
OWN = {"offer_id": "lake-1"}


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        for offer_id in ("skovly", "lake-1"):
            await running.client.put(f"/offers/{offer_id}", json=OFFER)
        await running.partner("lake", offers=["lake-1"], kinds=["offer", "vacancy", "need"], municipalities=("0101",))
        await running.partner("silent", offers=["lake-1"], kinds=[], municipalities=("0101",))
        await running.partner("nowhere", offers=["lake-1"], kinds=["need"], municipalities=())
        yield running


async def said_of(intake: IntakeUnderTest, topic: str) -> int:
    return len(await records_of(intake, topic))


def refused(answer: httpx2.Response, code: str, status: int = 403) -> bool:
    found = [error["code"] for error in answer.json().get("errors", ())]
    return (answer.status_code, answer.headers["content-type"], set(found)) == (status, "application/problem+json", {code})


def rows(answer: httpx2.Response) -> list[str]:
    return [row["errors"][0]["code"] if row["outcome"] == "rejected" else "taken" for row in answer.json()["results"]]


async def test_another_ones_offer_is_neither_registered_nor_changed(intake: IntakeUnderTest) -> None:
    before = await said_of(intake, "offers")
    client = intake.client
    assert refused(await client.put("/offers/skovly", json=OFFER | {"name": "Taget"}, headers=LAKE), "offer_not_yours")
    assert refused(await client.put("/offers/brand-new", json=OFFER, headers=LAKE), "offer_not_yours")
    assert refused(await client.put("/offers/lake-1", json=OFFER | {"name": "Ny"}, headers=SILENT), "kind_not_granted")
    assert await said_of(intake, "offers") == before
    assert (await client.put("/offers/lake-1", json=OFFER | {"name": "Ny"}, headers=LAKE)).status_code == 200


async def test_another_ones_vacancies_are_out_of_reach_by_every_way(intake: IntakeUnderTest) -> None:
    client = intake.client
    others = (await client.post("/vacancies", json=VACANCY | OTHERS)).json()["vacancy_id"]
    own = (await client.post("/vacancies", json=VACANCY | OWN)).json()["vacancy_id"]
    before = await said_of(intake, "vacancies")
    ways: list[tuple[str, str, Any]] = [
        ("POST", "/vacancies", VACANCY | OTHERS),
        ("PUT", f"/vacancies/{others}", VACANCY | OTHERS),
        ("PUT", f"/vacancies/{others}", VACANCY | OWN),
        ("PATCH", f"/vacancies/{others}", {"places_free": 0}),
        ("POST", f"/vacancies/{others}/withdraw", None),
        ("POST", f"/vacancies/{others}/fill", None),
        ("POST", f"/vacancies/{others}/confirm", None),
        ("POST", "/vacancies:confirm", {"offer_id": "skovly"}),
    ]
    for method, path, body in ways:
        assert refused(await client.request(method, path, json=body, headers=LAKE), "offer_not_yours"), (method, path)
        owned = path.replace(others, own)
        mine = body if not isinstance(body, dict) or "offer_id" not in body else body | OWN
        assert refused(await client.request(method, owned, json=mine, headers=SILENT), "kind_not_granted"), (method, path)

    batch = [VACANCY | OTHERS, VACANCY | OWN | {"reference": "bed-1"}]
    assert rows(await client.post("/vacancies:batch", json=batch[:1], headers=LAKE)) == ["offer_not_yours"]
    assert rows(await client.post("/vacancies:batch", json=batch, headers=SILENT)) == ["kind_not_granted"] * 2
    confirm = {"vacancy_ids": [others, own]}
    assert rows(await client.post("/vacancies:confirm", json=confirm, headers=SILENT)) == ["kind_not_granted"] * 2
    assert await said_of(intake, "vacancies") == before

    assert rows(await client.post("/vacancies:batch", json=batch, headers=LAKE)) == ["offer_not_yours", "taken"]
    assert rows(await client.post("/vacancies:confirm", json=confirm, headers=LAKE)) == ["offer_not_yours", "taken"]
    assert (await client.patch(f"/vacancies/{own}", json={"places_free": 0}, headers=LAKE)).status_code == 200


async def test_a_partners_reference_is_the_same_vacancy_over_http_and_kafka_and_nobody_elses(intake: IntakeUnderTest) -> None:
    named = VACANCY | OWN | {"reference": "bed-1"}
    over_http = (await intake.client.post("/vacancies", json=named, headers=LAKE)).json()["vacancy_id"]
    await intake.submit("lake", "vacancy.submitted", named | {"places_free": 1}, key="bed-1")
    [receipt] = await intake.receipts("lake", 1)
    without_name = (await intake.client.post("/vacancies", json=named)).json()["vacancy_id"]
    assert receipt.entity_id == over_http != without_name


async def test_another_municipalitys_needs_are_not_there_for_a_partner(intake: IntakeUnderTest) -> None:
    client = intake.client
    others = (await client.post("/needs", json=NEED)).json()["need_id"]
    own = NEED | {"handlekommune": "0101"}
    mine = (await client.post("/needs", json=own, headers=LAKE)).json()["need_id"]
    before = await said_of(intake, "need-profiles")
    place = {"vacancy_id": "some-place", "reason": "declined_by_citizen"}

    for method, path, body in (
        ("PUT", "/needs/{}", own),
        ("POST", "/needs/{}/close", {"reason": "placed"}),
        ("POST", "/needs/{}/rule-out", place),
        ("DELETE", "/needs/{}", None),
    ):
        assert refused(await client.request(method, path.format(others), json=body, headers=LAKE), "need_not_found", 404), path
        silent = await client.request(method, path.format(mine), json=body, headers=SILENT)
        assert refused(silent, "kind_not_granted"), path
    assert refused(await client.post("/needs", json=NEED, headers=LAKE), "municipality_not_yours")
    assert refused(await client.put(f"/needs/{mine}", json=NEED, headers=LAKE), "municipality_not_yours")
    assert refused(await client.post("/needs", json=own, headers=SILENT), "kind_not_granted")
    assert refused(await client.post("/needs", json=own, headers={"X-Test-Partner": "nowhere"}), "municipality_not_yours")
    assert rows(await client.post("/needs:batch", json=[NEED], headers=LAKE)) == ["municipality_not_yours"]
    assert await said_of(intake, "need-profiles") == before

    assert (await client.get(f"/needs/{others}", headers=LAKE)).status_code == 404
    assert (await client.get(f"/needs/{mine}", headers=SILENT)).status_code == 404
    assert [need["need_id"] for need in (await client.get("/needs", headers=LAKE)).json()["needs"]] == [mine]
    assert refused(await client.get("/needs", headers=SILENT), "kind_not_granted")
    listed = await client.get("/needs:references", params={"handlekommune": "0751"}, headers=LAKE)
    assert refused(listed, "municipality_not_yours")
    assert (await client.delete(f"/needs/{mine}", headers=LAKE)).status_code == 200
    assert (await client.get(f"/needs/{mine}", headers=LAKE)).status_code == 404


async def test_another_municipalitys_needs_are_refused_over_kafka_too(intake: IntakeUnderTest) -> None:
    await intake.client.post("/needs", json=NEED)
    before = await said_of(intake, "need-profiles")
    await intake.submit("lake", "need.submitted", NEED, key="case-42", id="s-1")
    await intake.submit("lake", "need.closed", {"handlekommune": "0751", "source_reference": "case-42"}, key="case-42", id="s-2")
    await intake.submit("nowhere", "need.submitted", NEED | {"handlekommune": "0101"}, key="case-42", id="s-3")
    told = [*(await intake.receipts("lake", 2)), *(await intake.receipts("nowhere", 1))]
    assert [[(reason.field, reason.code) for reason in receipt.reasons] for receipt in told] == [
        [("handlekommune", "municipality_not_yours")]
    ] * 3
    assert await said_of(intake, "need-profiles") == before


async def test_who_is_no_partner_may_do_nothing_in_its_name(intake: IntakeUnderTest) -> None:
    unknown = await intake.client.post("/vacancies", json=VACANCY, headers={"X-Test-Partner": "stranger"})
    nameless = await intake.client.post("/vacancies", json=VACANCY, headers=bearer(token_for(Role.PARTNER)))
    by_header = await intake.client.post(
        "/vacancies", json=VACANCY, headers={"X-Ledigplads-Partner": "lake", **bearer(token_for(Role.CASEWORKER))}
    )
    assert refused(unknown, "partner_unknown")
    assert refused(nameless, "partner_unknown")
    assert by_header.status_code == 403, "a header says nothing of who asks"
    assert await said_of(intake, "vacancies") == 0


async def test_a_key_is_the_partners_own(intake: IntakeUnderTest) -> None:
    body = VACANCY | OWN
    mine = await intake.client.post("/vacancies", json=body, headers=LAKE | {"Idempotency-Key": "k-1"})
    others = await intake.client.post("/vacancies", json=body, headers={"Idempotency-Key": "k-1"})
    assert mine.json()["vacancy_id"] != others.json()["vacancy_id"]


async def test_a_partner_that_is_declared_anew_is_not_answered_what_the_one_before_it_was(intake: IntakeUnderTest) -> None:
    once = LAKE | {"Idempotency-Key": "k-1"}
    first = await intake.client.post("/vacancies", json=VACANCY | OWN, headers=once)
    assert (first.status_code, (await intake.client.delete("/operator/partners/lake")).status_code) == (201, 204)
    await intake.partner("lake", offers=["lake-1"], kinds=["vacancy"])

    anew = await intake.client.post("/vacancies", json=VACANCY | OWN, headers=once)
    assert anew.status_code == 201
    assert anew.json()["vacancy_id"] != first.json()["vacancy_id"]
