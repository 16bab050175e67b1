"""The log as a stranger sees it: a plain Kafka client, the official CloudEvents SDK, and the schema that each record names."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.events import event_of
from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames, Topics, create_partner_topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, running_intake
from tests.support.schemas import errors_by_schema


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    await create_partner_topics(kafka.bootstrap_servers, names, "skov", topics=topics)
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        await running.partner("skov", offers=["skovly"], kinds=["offer", "vacancy", "need"])
        yield running


async def submit(intake: IntakeUnderTest, kind: str, body: dict[str, Any], *, key: str, subject: str | None = None) -> None:
    """Send a submission as the SDK writes it."""
    attributes = {"type": f"dk.ledigplads.{kind}.v1", "source": "our-system", "partitionkey": key, "id": f"{kind}-{key}"}
    event = CloudEvent(attributes | {"specversion": "1.0"} | ({"subject": subject} if subject else {}), body)
    message = to_binary_event(event)
    assert isinstance(message.key, str)
    async with AIOKafkaProducer(**client_options(intake.bootstrap)) as producer:
        await producer.send_and_wait(
            intake.names.topic("submissions-skov"),
            key=message.key.encode(),
            value=message.value,
            headers=list(message.headers.items()),
        )


async def events_on(intake: IntakeUnderTest, topic: str) -> list[BaseCloudEvent]:
    """Read a topic from beginning to end with a plain client, and every record with the SDK."""
    found: list[BaseCloudEvent] = []
    async with AIOKafkaConsumer(
        intake.names.topic(topic), **client_options(intake.bootstrap), auto_offset_reset="earliest"
    ) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while [place for place, end in ends.items() if await consumer.position(place) < end]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [from_binary_event(KafkaMessage(dict(one.headers), one.key, one.value)) for one in records]
    return found


async def test_what_the_sdk_writes_is_taken_and_what_is_published_the_sdk_reads_and_its_schema_holds(
    intake: IntakeUnderTest,
) -> None:
    await submit(intake, "offer.submitted", OFFER, key="o-1", subject="skovly")
    await intake.receipts("skov", 1)
    await submit(intake, "vacancy.submitted", VACANCY | {"reference": "bed-1"}, key="bed-1")
    await submit(intake, "need.submitted", NEED, key="case-42")
    await submit(intake, "vacancy.submitted", VACANCY | {"reference": "bed-2", "sections": ["SEL-999"]}, key="bed-2")
    receipts = await intake.receipts("skov", 4)
    accepted = {said.reference: said.entity_id or "" for said in receipts if said.outcome == "accepted"}
    assert accepted.keys() == {"o-1", "bed-1", "case-42"}
    for topic, key in (("offers", "skovly"), ("vacancies", accepted["bed-1"]), ("need-profiles", accepted["case-42"])):
        await intake.published(topic, key)

    seen: set[str] = set()
    for topic in ("offers", "vacancies", "need-profiles", "settings", "receipts-skov"):
        for event in await events_on(intake, topic):
            registered = event_of(event.get_type())
            assert registered is not None
            assert event.get_specversion() == "1.0"
            assert event.get_source() == "intake" == registered.writer
            assert event.get_dataschema() == registered.dataschema
            assert event.get_datacontenttype() == "application/json"
            assert event.get_subject() == event.get_extension("partitionkey")
            assert event.get_extension("correlationid")
            assert event.get_time() is not None
            assert errors_by_schema(registered.dataschema, event.get_data()) == []
            seen.add(registered.name)
    assert seen == {
        "offer.published.v1",
        "vacancy.published.v1",
        "need-profile.published.v1",
        "policy.published.v1",
        "today.published.v1",
        "submission.accepted.v1",
        "submission.rejected.v1",
    }
