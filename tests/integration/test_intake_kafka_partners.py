"""A partner's system over Kafka: for each type of event it may send what it was given, about what is its own, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.contracts.submission import KIND_OF_TYPE, SubmissionKind
from shared.messaging.topics import TopicNames, Topics, create_partner_topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually

KINDS = list(get_args(SubmissionKind))
STATE = ("offers", "vacancies", "need-profiles")
BED = VACANCY | {"offer_id": "lake-1", "reference": "bed-1"}
CASE = NEED | {"handlekommune": "0101", "source_reference": "case-1"}
NAMED = {"reference": "bed-1"}
NAMED_NEED = {"handlekommune": "0101", "source_reference": "case-1"}

Sent = tuple[str, dict[str, Any], dict[str, str]]
"""Kind of event, body, and further attributes."""

OWN: dict[str, Sent] = {
    "offer.submitted": ("offer.submitted", OFFER | {"name": "Søen II"}, {"subject": "lake-1"}),
    "vacancy.submitted": ("vacancy.submitted", BED, {}),
    "vacancy.confirmed": ("vacancy.confirmed", NAMED, {}),
    "vacancy.withdrawn": ("vacancy.withdrawn", NAMED, {}),
    "need.submitted": ("need.submitted", CASE, {}),
    "need.closed": ("need.closed", NAMED_NEED, {}),
}
"""All that a partner with every kind may send about what is its own: one of each type."""


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    for partner in ("lake", "other", "silent"):
        await create_partner_topics(kafka.bootstrap_servers, names, partner, topics=topics)
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        for offer_id in ("lake-1", "skovly"):
            await running.client.put(f"/offers/{offer_id}", json=OFFER)
        await running.partner("lake", offers=["lake-1"], kinds=KINDS, municipalities=("0101",))
        await running.partner("other", offers=["skovly"], kinds=KINDS, municipalities=("0751",))
        await running.partner("silent", offers=["lake-1"], kinds=[], municipalities=("0101",))
        yield running


async def all_states(intake: IntakeUnderTest) -> list[tuple[str | None, bytes | None]]:
    """What stands on the topics once everything that was accepted does."""

    async def waiting() -> int:
        return int((await intake.client.get("/operator/counts")).json()["outbox_waiting"])

    await eventually(waiting, until=lambda count: count == 0)
    return [(record.key, record.value) for topic in STATE for record in await records_of(intake, topic)]


async def answers(intake: IntakeUnderTest, partner: str, sent: list[Sent]) -> list[set[tuple[str | None, str]]]:
    """Send, one after the other, and give the reasons of each receipt in that order; accepted is none."""
    before = len(await records_of(intake, f"receipts-{partner}"))
    for number, (kind, body, attributes) in enumerate(sent):
        await intake.submit(partner, kind, body, key=f"{before + number:04d}", **attributes)
    said = sorted(await intake.receipts(partner, before + len(sent)), key=lambda one: one.reference or "")[before:]
    return [{(reason.field, reason.code) for reason in one.reasons} for one in said]


def test_no_type_of_event_is_left_out() -> None:
    assert {f"dk.ledigplads.{kind}.v1" for kind in OWN} == set(KIND_OF_TYPE)


async def test_what_is_its_own_a_partner_may_send(intake: IntakeUnderTest) -> None:
    assert await answers(intake, "lake", list(OWN.values())) == [set()] * len(OWN)


async def test_a_kind_that_was_not_given_is_refused_for_every_type(intake: IntakeUnderTest) -> None:
    assert await answers(intake, "lake", [OWN["vacancy.submitted"], OWN["need.submitted"]]) == [set(), set()]
    before = await all_states(intake)

    refused = await answers(intake, "silent", list(OWN.values()))

    assert all(("ce_type", "kind_not_granted") in reasons for reasons in refused)
    assert await all_states(intake) == before


@pytest.mark.parametrize("given", KINDS)
async def test_one_kind_opens_no_other(intake: IntakeUnderTest, given: SubmissionKind) -> None:
    assert await answers(intake, "lake", [OWN["vacancy.submitted"], OWN["need.submitted"]]) == [set(), set()]
    await intake.partner("lake", offers=["lake-1"], kinds=[given], municipalities=("0101",))

    reasons = await answers(intake, "lake", list(OWN.values()))

    for kind, found in zip(OWN, reasons, strict=True):
        assert (found == set()) is kind.startswith(given), (kind, found)
        assert kind.startswith(given) or ("ce_type", "kind_not_granted") in found


async def test_anothers_offer_and_its_vacancies_are_out_of_reach_for_every_type(intake: IntakeUnderTest) -> None:
    """`ce_source` may claim what it likes: the topic says who sends."""
    assert await answers(intake, "lake", [OWN["vacancy.submitted"]]) == [set()]
    before = await all_states(intake)

    claimed = {"source": "lake"}
    refused = await answers(
        intake,
        "other",
        [
            ("offer.submitted", OFFER | {"name": "Taget"}, {"subject": "lake-1", **claimed}),
            ("offer.submitted", OFFER, {"subject": "brand-new", **claimed}),
            ("vacancy.submitted", BED, claimed),
            ("vacancy.confirmed", NAMED, claimed),
            ("vacancy.withdrawn", NAMED, claimed),
        ],
    )

    assert refused == [
        {("ce_subject", "offer_not_yours")},
        {("ce_subject", "offer_not_yours")},
        {("offer_id", "offer_not_yours")},
        # A reference is the sender's own: what it names of another partner does not exist.
        {("reference", "vacancy_not_found")},
        {("reference", "vacancy_not_found")},
    ]
    assert await all_states(intake) == before


async def test_an_offer_that_was_taken_away_takes_its_vacancies_along(intake: IntakeUnderTest) -> None:
    assert await answers(intake, "lake", [OWN["vacancy.submitted"]]) == [set()]
    await intake.partner("lake", offers=["skovly"], kinds=KINDS, municipalities=("0101",))
    before = await all_states(intake)

    refused = await answers(
        intake,
        "lake",
        [
            OWN["vacancy.submitted"],
            OWN["vacancy.confirmed"],
            OWN["vacancy.withdrawn"],
            ("vacancy.submitted", BED | {"offer_id": "skovly"}, {}),
        ],
    )

    assert refused[0] >= {("offer_id", "offer_not_yours")}
    assert refused[1:3] == [{("reference", "offer_not_yours")}] * 2
    assert refused[3], "a vacancy of another's offer cannot be moved to one's own"
    assert await all_states(intake) == before


async def test_a_municipality_that_was_not_declared_is_refused_for_every_type(intake: IntakeUnderTest) -> None:
    assert await answers(intake, "lake", [OWN["need.submitted"]]) == [set()]
    before = await all_states(intake)

    refused = await answers(intake, "other", [OWN["need.submitted"], OWN["need.closed"]])

    assert refused == [{("handlekommune", "municipality_not_yours")}] * 2
    await intake.partner("lake", offers=["lake-1"], kinds=KINDS, municipalities=())
    refused = await answers(intake, "lake", [OWN["need.submitted"], OWN["need.closed"]])
    assert refused == [{("handlekommune", "municipality_not_yours")}] * 2
    assert await all_states(intake) == before
