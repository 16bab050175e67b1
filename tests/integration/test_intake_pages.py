"""The pages of places and offers through a running intake: everything of the sample can be read, and nothing that was sent becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.simulate.sample import make_sample
from deploy.simulate.ways_in import to_json
from tests.support.intake import OFFER, VACANCY, IntakeUnderTest, running_intake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from shared.messaging.topics import TopicNames, Topics
    from tests.support.backends import Kafka

_JSON = {"content-type": "application/json"}


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        yield running


async def read(intake: IntakeUnderTest, path: str, status: int = 200) -> str:
    answer = await intake.client.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"], path
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), (path, answer.text)
    return answer.text


async def posted(intake: IntakeUnderTest, **stated: Any) -> str:
    answer = await intake.client.post("/vacancies", json=VACANCY | stated)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["vacancy_id"])


async def test_every_open_vacancy_and_every_offer_of_the_sample_can_be_read(intake: IntakeUnderTest) -> None:
    sample = make_sample(datetime.now(UTC).date())
    for offer_id, draft in sample.offers.items():
        (await intake.client.put(f"/offers/{offer_id}", content=to_json(draft), headers=_JSON)).raise_for_status()
    rows = b"[%s]" % b",".join(to_json(draft) for draft in sample.vacancies)
    (await intake.client.post("/vacancies:batch", content=rows, headers=_JSON)).raise_for_status()
    listed = (await intake.client.get("/vacancies", params={"status": "open", "limit": "1000"})).json()["vacancies"]
    assert len(listed) == len(sample.vacancies)
    for vacancy in listed:
        page = await read(intake, f"/pladser/{vacancy['vacancy_id']}")
        assert f'href="/vacancies/{vacancy["vacancy_id"]}"' in page
        assert f'href="/tilbud/{vacancy["offer_id"]}"' in page
        assert ("Beskyttet adresse" in page) is vacancy["address_protected"]
    for offer_id in sample.offers:
        page = await read(intake, f"/tilbud/{offer_id}")
        own = {vacancy["vacancy_id"] for vacancy in listed if vacancy["offer_id"] == offer_id}
        assert page.count('href="/pladser/') == len(own)
        for vacancy_id in own:
            of_the_same = await read(intake, f"/pladser/{vacancy_id}")
            assert {one for one in own if f'href="/pladser/{one}"' in of_the_same} == own - {vacancy_id}
        assert "Ingen opgørelse endnu" in page


async def test_what_was_sent_is_text_and_contacts_become_links(intake: IntakeUnderTest) -> None:
    hostile = '<script>alert("1")</script><img src=x onerror=alert(1)>'
    (await intake.client.put("/offers/skovly", json=OFFER | {"name": hostile, "text_da": hostile})).raise_for_status()
    contact = {"phone": "86 12 34 56", "email": "skovly@example.dk", "web": "https://skovly.example.dk/?a=1&b=2"}
    vacancy_id = await posted(intake, title_da=hostile, text_da=hostile, contact=contact)
    for path in (f"/pladser/{vacancy_id}", "/tilbud/skovly", "/"):
        page = await read(intake, path)
        assert "<script" not in page, path
        assert "<img" not in page, path
        assert "&lt;script&gt;" in page, path
    page = await read(intake, f"/pladser/{vacancy_id}")
    assert 'href="tel:86123456"' in page
    assert 'href="mailto:skovly@example.dk"' in page
    assert 'href="https://skovly.example.dk/?a=1&amp;b=2"' in page


async def test_an_offer_without_a_vacancy_says_what_is_known_and_a_closed_place_that_it_is_closed(
    intake: IntakeUnderTest,
) -> None:
    (await intake.client.put("/offers/skovly", json=OFFER)).raise_for_status()
    assert "Ukendt, om der er ledigt" in await read(intake, "/tilbud/skovly")
    vacancy_id = await posted(intake)
    other_id = await posted(intake, title_da="En plads i gartneriet")
    assert "2 ledige pladser" in await read(intake, "/tilbud/skovly")
    (await intake.client.post(f"/vacancies/{vacancy_id}/fill")).raise_for_status()
    closed = await read(intake, f"/pladser/{vacancy_id}")
    assert "Lukket: pladsen er besat." in closed
    assert f'href="/pladser/{other_id}"' in closed
    assert "2 ledige pladser" not in closed.partition("Andre pladser på samme tilbud")[0]
    (await intake.client.post(f"/vacancies/{other_id}/fill")).raise_for_status()
    assert "Ingen ledige, bekræftet " in await read(intake, "/tilbud/skovly")


async def test_a_coming_place_says_from_when_on_its_page_and_on_the_front_page(intake: IntakeUnderTest) -> None:
    (await intake.client.put("/offers/skovly", json=OFFER)).raise_for_status()
    next_year = intake.clock().year + 1
    coming = await posted(intake, available_from=f"{next_year}-12-01")
    full = await posted(intake, places_free=0, available_from=f"{next_year}-12-01")
    for path in (f"/pladser/{coming}", "/tilbud/skovly", "/"):
        page = await read(intake, path)
        assert f"2 ledige pladser fra 1. december {next_year}" in page, path
        assert f"2 free places from 1 December {next_year}" in page, path
    assert f"Ingen ledige nu, men fra 1. december {next_year}" in await read(intake, f"/pladser/{full}")
    assert "0 ledige" not in await read(intake, "/")


async def test_what_is_not_there_or_erased_is_told_as_a_page(intake: IntakeUnderTest) -> None:
    for path in ("/pladser/findes-ikke", "/tilbud/findes-ikke", "/tilbud/!"):
        missing = await read(intake, path, 404)
        assert "Det findes ikke" in missing
        assert 'href="/search.html"' in missing
    (await intake.client.put("/offers/skovly", json=OFFER)).raise_for_status()
    vacancy_id = await posted(intake)
    (await intake.client.post(f"/vacancies/{vacancy_id}/withdraw")).raise_for_status()
    intake.days_pass(400)
    await intake.timers_look()
    assert "Det er slettet" in await read(intake, f"/pladser/{vacancy_id}", 410)
    assert orjson.loads((await intake.client.get(f"/vacancies/{vacancy_id}")).content)["status"] == 410
