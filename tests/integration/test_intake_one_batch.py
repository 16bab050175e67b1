"""What stands in one batch of a partner's topic: each record is decided on top of those before it, and nothing is left behind."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.domain.submissions import Submission
from services.intake.receipts import Answering
from shared.contracts.submission import OFFER_SUBMITTED, VACANCY_SUBMITTED
from shared.messaging.topics import TopicNames, Topics, create_partner_topics
from tests.support.backends import Kafka
from tests.support.intake import OFFER, VACANCY, IntakeUnderTest, body_of, records_of, running_intake


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    await create_partner_topics(kafka.bootstrap_servers, names, "skov", topics=topics)
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.partner("skov", offers=["skovly"], kinds=["offer", "vacancy"])
        yield running


def submissions(*sent: tuple[str, dict[str, Any]]) -> list[Submission]:
    return [
        Submission(
            "skov", f"submissions-skov/0/{place}", f"s-{place}", kind, "skovly", None, orjson.dumps(body), f"matter-{place}"
        )
        for place, (kind, body) in enumerate(sent)
    ]


async def test_a_vacancy_announced_in_the_batch_that_protects_its_offer_is_protected_too(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    batch = submissions(
        (VACANCY_SUBMITTED, VACANCY | {"reference": "bed-1"}),
        (OFFER_SUBMITTED, OFFER | {"address_protected": True}),
        (VACANCY_SUBMITTED, VACANCY | {"reference": "bed-2"}),
    )
    await Answering(intake.state["intake"], intake.state["store"], intake.clock).submissions(batch)

    receipts = {said.submission_id: said for said in await intake.receipts("skov", 3)}
    first = await intake.published("vacancies", receipts["s-0"].entity_id or "", count=2)
    [second] = await intake.published("vacancies", receipts["s-2"].entity_id or "")
    assert [body_of(record)["version"] for record in first] == [1, 2]
    assert dict(first[1].headers)["ce_correlationid"] == b"matter-1"
    for last in (first[1], second):
        assert body_of(last)["address_protected"]
        assert (body_of(last)["municipality"], body_of(last)["location"]) == ("", None)
    await intake.published("offers", "skovly", count=2)
    kept = {(topic, record.key): record for topic in ("offers", "vacancies") for record in await records_of(intake, topic)}
    assert not [key for key, record in kept.items() if b"Skovvej" in (record.value or b"")]
