"""The full contracts through a running intake: what is stated whole comes out whole, but for what stays inside."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.simulate.sample import make_sample
from deploy.simulate.ways_in import to_json
from shared.contracts.need import StatedNeed
from shared.contracts.vacancy import StatedVacancy
from shared.messaging.topics import TopicNames, Topics
from tests.support.asking import PARTNER_HEADER
from tests.support.backends import Kafka
from tests.support.intake import IntakeUnderTest, body_of, records_of, running_intake

GOLDEN = Path(__file__).parents[1] / "contract" / "golden"


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        yield running


def golden(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["whole"]
    return document


async def test_the_golden_drafts_are_taken_and_published_whole(intake: IntakeUnderTest) -> None:
    offer, vacancy, need = golden("offer-submitted"), golden("vacancy-submitted"), golden("need-submitted")
    assert (await intake.client.put("/offers/skovly", json=offer)).status_code == 201
    taken = await intake.client.post("/vacancies", json=vacancy)
    registered = await intake.client.post("/needs", json=need)
    assert (taken.status_code, registered.status_code) == (201, 201), taken.text + registered.text

    published = body_of((await intake.published("vacancies", taken.json()["vacancy_id"]))[0])
    asked = StatedVacancy.model_fields.keys() - {"location"}
    assert {name: published[name] for name in asked} == {name: vacancy[name] for name in asked}
    assert published["location"] is not None

    profile = body_of((await intake.published("need-profiles", registered.json()["need_id"]))[0])
    inside = {"consent", "note_da", "source_reference", "points_of_reference"}
    assert {name: profile[name] for name in need.keys() - inside} == {name: need[name] for name in need.keys() - inside}
    assert not profile.keys() & {"consent", "note_da", "source_reference"}
    assert profile["points_of_reference"] == [{"easting_m": 572_500, "northing_m": 6_222_500, "kind": "home"}]
    assert registered.json()["unknown"] == [
        name for name in StatedNeed.model_fields if name in profile and profile[name] in (None, [], {})
    ]


async def test_a_change_of_the_note_alone_is_kept_and_tells_nothing(intake: IntakeUnderTest) -> None:
    need = golden("need-submitted")
    first = (await intake.client.post("/needs", json=need)).json()
    again = await intake.client.post("/needs", json=need | {"note_da": "Vil hellere begynde til foråret."})
    assert (again.status_code, again.json()["need_id"]) == (200, first["need_id"])
    for record in await records_of(intake, "need-profiles"):
        assert "foråret" not in (record.value or b"").decode()


async def test_the_whole_sample_is_taken_row_by_row(intake: IntakeUnderTest) -> None:
    sample = make_sample(datetime.now(UTC).date())
    declared = {
        "partner": "sample",
        "offers": sorted(sample.offers),
        "kinds": ["offer", "vacancy", "need"],
        "municipalities": sorted({need.handlekommune for need in sample.needs}),
    }
    (await intake.client.post("/operator/partners", json=declared)).raise_for_status()
    sender = {"content-type": "application/json", PARTNER_HEADER: "sample"}
    for offer_id, draft in sample.offers.items():
        answer = await intake.client.put(f"/offers/{offer_id}", content=to_json(draft), headers=sender)
        assert answer.status_code == 201, answer.text
    for way, drafts in (("vacancies", sample.vacancies), ("needs", sample.needs)):
        rows = b"[%s]" % b",".join(to_json(draft) for draft in drafts)
        answer = await intake.client.post(f"/{way}:batch", content=rows, headers=sender)
        refused = [row for row in orjson.loads(answer.content)["results"] if row["outcome"] != "accepted"]
        assert refused == []
