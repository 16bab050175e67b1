"""Partners' submissions over Kafka: each record gets exactly one receipt, and nothing happens twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.subscribers import to_submission
from shared.contracts.submission import NEED_SUBMITTED
from shared.messaging.records import RawRecord  # noqa: TC001 - annotates a local
from shared.messaging.topics import TopicNames, Topics, create_partner_topics, list_topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, body_of, records_of, running_intake
from tests.support.waiting import eventually


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    # Topics that are there before the service starts are heard at once; new ones after up to 5 s, in the last test.
    for partner in ("skov", "lake"):
        await create_partner_topics(kafka.bootstrap_servers, names, partner, topics=topics)
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.partner("skov", offers=["skovly"], kinds=["offer", "vacancy", "need"])
        await running.client.put("/offers/skovly", json=OFFER)
        yield running


async def test_a_partner_posts_changes_confirms_and_withdraws_by_its_own_reference(intake: IntakeUnderTest) -> None:
    vacancy = VACANCY | {"reference": "bed-1"}
    await intake.submit("skov", "vacancy.submitted", vacancy, key="bed-1", id="s-1", correlationid="matter-7")
    await intake.submit("skov", "vacancy.submitted", vacancy | {"places_free": 1}, key="bed-1", id="s-2")
    await intake.submit("skov", "vacancy.confirmed", {"reference": "bed-1"}, key="bed-1", id="s-3")
    await intake.submit("skov", "vacancy.withdrawn", {"reference": "bed-1"}, key="bed-1", id="s-4")

    receipts = await intake.receipts("skov", 4)
    assert [(said.submission_id, said.outcome, said.version, said.reference) for said in receipts] == [
        (f"s-{number}", "accepted", number, "bed-1") for number in (1, 2, 3, 4)
    ]
    records = await intake.published("vacancies", receipts[0].entity_id or "", count=4)
    assert [body_of(record)["version"] for record in records] == [1, 2, 3, 4]
    assert dict(records[0].headers)["ce_correlationid"] == b"matter-7"
    assert body_of(records[3])["status"] == "closed"


async def test_the_same_submission_sent_again_gets_the_same_receipt_and_does_nothing_twice(intake: IntakeUnderTest) -> None:
    vacancy = VACANCY | {"reference": "bed-1"}
    await intake.submit("skov", "vacancy.submitted", vacancy, key="bed-1", id="s-1")
    await intake.submit("skov", "vacancy.submitted", vacancy | {"places_free": 0}, key="bed-1", id="s-1")
    await intake.receipts("skov", 2)
    await intake.submit("skov", "vacancy.submitted", vacancy, key="bed-1", id="s-1")
    await intake.submit("skov", "need.submitted", NEED, key="end", id="s-2")

    receipts = [said for said in await intake.receipts("skov", 4) if said.submission_id == "s-1"]
    assert receipts[0] == receipts[1] == receipts[2]
    assert len(await intake.published("vacancies", receipts[0].entity_id or "")) == 1


async def test_a_record_read_again_after_a_crash_gets_no_second_receipt(intake: IntakeUnderTest) -> None:
    await intake.submit("skov", "vacancy.submitted", VACANCY | {"reference": "bed-1"}, key="bed-1", id="s-1")
    await intake.receipts("skov", 1)
    [record] = await records_of(intake, "submissions-skov")

    place = {"topic": record.at.topic, "partition": record.at.partition, "offset": record.at.offset}
    assert (await intake.client.post("/operator/replay", json=place)).json() == {"result": "applied"}

    await intake.submit("skov", "need.submitted", NEED, key="end", id="s-2")
    assert sorted(said.submission_id or "" for said in await intake.receipts("skov", 2)) == ["s-1", "s-2"]


async def test_a_repeated_submission_that_is_read_again_after_a_crash_gets_no_further_receipt(intake: IntakeUnderTest) -> None:
    vacancy = VACANCY | {"reference": "bed-1"}
    for _ in range(2):
        await intake.submit("skov", "vacancy.submitted", vacancy, key="bed-1", id="s-1")
    await intake.receipts("skov", 2)
    for record in await records_of(intake, "submissions-skov"):
        place = {"topic": record.at.topic, "partition": record.at.partition, "offset": record.at.offset}
        assert (await intake.client.post("/operator/replay", json=place)).json() == {"result": "applied"}

    await intake.submit("skov", "need.submitted", NEED, key="end", id="s-2")
    said = await intake.receipts("skov", 3)
    assert sorted(one.submission_id or "" for one in said) == ["s-1", "s-1", "s-2"]
    ids = [dict(record.headers)["ce_id"] or b"" for record in await records_of(intake, "receipts-skov")]
    topic = intake.names.topic("submissions-skov")
    assert sorted(ids) == [f"receipt/{topic}/0/{offset}".encode() for offset in range(3)]


async def test_everything_that_is_wrong_is_in_the_receipt_and_no_value_is(intake: IntakeUnderTest) -> None:
    await intake.partner("lake", offers=["sea"], kinds=["vacancy"])
    wrong = VACANCY | {"offer_id": "skovly", "sections": ["SEL-999"], "text_da": "til 010203-1234", "age_from": 200}
    await intake.submit("lake", "vacancy.submitted", wrong, key="bed-1", id="s-1")
    await intake.submit("lake", "need.submitted", NEED | {"sections": [{"section": "SEL-109"}]}, key="case", id="s-2")
    await intake.submit("lake", "vacancy.withdrawn", {"reference": "nothing"}, key="x", id="s-3")
    await intake.submit("lake", "place.submitted", {}, key="y", id="s-4")
    await intake.submit("lake", "vacancy.submitted", b"{no json", key="z", id="s-5")
    await intake.submit("lake", "vacancy.submitted", VACANCY, key="v", id="s-6", specversion="0.3")
    await intake.submit("lake", "vacancy.submitted", VACANCY, key="010203-1234", id="010203-1234")

    receipts = await intake.receipts("lake", 7)
    receipts.sort(key=lambda said: said.position)  # receipts of different keys may overtake each other
    found = [{(reason.field, reason.code) for reason in said.reasons} for said in receipts]
    assert found[0] == {
        ("sections[0]", "unknown_code"),
        ("age_from", "less_than_equal"),
        ("text_da", "cpr_number"),
        ("offer_id", "offer_not_yours"),
        ("reference", "no_reference"),
    }
    assert found[1] == {("ce_type", "kind_not_granted"), ("sections[0].section", "section_109_by_phone")}
    assert found[2] == {("reference", "vacancy_not_found")}
    assert found[3] == {("ce_type", "unknown_type")}
    assert found[4] == {(None, "json_invalid")}
    assert found[5] == found[6] == {(None, "envelope_malformed")}
    assert (receipts[6].submission_id, receipts[6].reference) == (None, None)
    assert receipts[6].position.endswith("/0/6")
    said = [record.value or b"" for record in await records_of(intake, "receipts-lake")]
    assert not any(b"1234" in text or b"SEL-999" in text for text in said)
    assert not any(record.key and "1234" in record.key for record in await records_of(intake, "receipts-lake"))


async def test_an_offer_is_submitted_by_its_own_partner_only(intake: IntakeUnderTest) -> None:
    await intake.submit("skov", "offer.submitted", OFFER | {"name": "Skovly II"}, key="o", id="s-1", subject="skovly")
    await intake.submit("skov", "offer.submitted", OFFER, key="o", id="s-2", subject="sea")

    own, foreign = sorted(await intake.receipts("skov", 2), key=lambda said: said.position)
    assert (own.outcome, own.entity, own.entity_id, own.version) == ("accepted", "offer", "skovly", 2)
    assert [(reason.field, reason.code) for reason in foreign.reasons] == [("ce_subject", "offer_not_yours")]


async def test_five_hundred_at_once_are_versions_in_order(intake: IntakeUnderTest) -> None:
    """Two changes of one vacancy in one batch: the later one sees the earlier one."""
    records: list[RawRecord] = []
    for number in range(250):
        vacancy = VACANCY | {"reference": f"bed-{number}", "places_free": 2}
        await intake.submit("skov", "vacancy.submitted", vacancy, key=f"bed-{number}", id=f"a-{number}")
        await intake.submit("skov", "vacancy.submitted", vacancy | {"places_free": 0}, key=f"bed-{number}", id=f"b-{number}")
    receipts = await intake.receipts("skov", 500)
    assert len(receipts) == 500
    assert {said.outcome for said in receipts} == {"accepted"}

    async def look() -> bool:
        records[:] = await records_of(intake, "vacancies")
        return len(records) == 500

    await eventually(look)
    versions: dict[str, list[int]] = {}
    for record in records:
        versions.setdefault(record.key or "", []).append(body_of(record)["version"])
    assert len(versions) == 250
    assert all(seen == [1, 2] for seen in versions.values())


async def test_headers_that_no_parser_takes_are_answered_too(intake: IntakeUnderTest) -> None:
    await intake.producer.publish(
        intake.names.topic("submissions-skov"),
        key=b"\xff\xfe",
        value=None,
        headers=[("ce_id", b"\xff"), ("ce_type", NEED_SUBMITTED.encode())],
    )
    [said] = await intake.receipts("skov", 1)
    assert [reason.code for reason in said.reasons] == ["envelope_malformed"]
    [record] = await records_of(intake, "submissions-skov")
    assert to_submission(record, intake.names).partner == "skov"


async def test_a_partner_that_comes_later_is_heard_and_one_that_goes_begins_anew(intake: IntakeUnderTest) -> None:
    await intake.partner("later", offers=[], kinds=["need"])
    await intake.submit("later", "need.submitted", NEED, key="case", id="s-1")
    [before] = await intake.receipts("later", 1)
    assert (await intake.client.delete("/operator/partners/later")).status_code == 204
    assert (await intake.client.delete("/operator/partners/later")).status_code == 404
    assert [partner["partner"] for partner in (await intake.client.get("/operator/partners")).json()["partners"]] == ["skov"]

    async def topics_are_gone() -> bool:
        return not any("later" in topic for topic in await list_topics(intake.bootstrap))

    await eventually(topics_are_gone)
    await intake.partner("later", offers=[], kinds=["need"])
    await intake.submit("later", "need.submitted", NEED | {"urgency": "acute"}, key="case", id="s-1")
    [anew] = await intake.receipts("later", 1)
    assert (anew.position, anew.version, anew.entity_id) == (before.position, 2, before.entity_id)
