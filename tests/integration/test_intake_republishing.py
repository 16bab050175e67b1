"""The log and the table of intake: garbage is mended, and a foreign topic is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from shared.messaging.topics import PartitionMismatch, TopicNames, Topics
from tests.support.backends import Kafka
from tests.support.intake import NEED, OFFER, VACANCY, IntakeUnderTest, records_of, running_intake
from tests.support.waiting import eventually


@pytest.fixture
async def intake(
    kafka: Kafka, names: TopicNames, topics: Topics, topics_file: Path, intake_dsn: str
) -> AsyncIterator[IntakeUnderTest]:
    assert topics.topics
    async with running_intake(kafka.bootstrap_servers, names, intake_dsn, topics_file) as running:
        yield running


async def last_of(intake: IntakeUnderTest, topic: str, key: str) -> tuple[bytes | None, bytes | None]:
    """(ce_id, value) of the last record under a key."""
    records = [record for record in await records_of(intake, topic) if record.key == key]
    return dict(records[-1].headers).get("ce_id"), records[-1].value


async def test_garbage_over_a_good_record_is_mended_and_what_is_right_is_left_alone(intake: IntakeUnderTest) -> None:
    await intake.client.put("/offers/skovly", json=OFFER)
    vacancy_id = (await intake.client.post("/vacancies", json=VACANCY)).json()["vacancy_id"]
    [good] = await intake.published("vacancies", vacancy_id)
    await intake.published("offers", "skovly")
    topic = intake.names.topic("vacancies")
    await intake.producer.publish(topic, key=vacancy_id, value=b"garbage", headers=[])
    await intake.producer.publish(topic, key="never-ours", value=b"{}", headers=[])

    report = (await intake.client.post("/operator/republish", json={})).json()

    assert report["topics"]["vacancies"] == {"read": 3, "unreadable": 2, "published": 2}
    assert report["topics"]["offers"]["published"] == 0

    async def mended() -> bool:
        return await last_of(intake, "vacancies", vacancy_id) == (dict(good.headers)["ce_id"], good.value)

    await eventually(mended)
    await eventually(lambda: last_of(intake, "vacancies", "never-ours"), until=lambda last: last == (b"never-ours/1/0", None))
    assert (await intake.client.post("/operator/republish", json={})).json()["published"] == 0


async def test_a_record_that_claims_a_later_version_is_overtaken(intake: IntakeUnderTest) -> None:
    need_id = (await intake.client.post("/needs", json=NEED)).json()["need_id"]
    [good] = await intake.published("need-profiles", need_id)
    headers = [(name, value or b"") for name, value in good.headers if name != "ce_id"]
    await intake.producer.publish(
        intake.names.topic("need-profiles"),
        key=need_id,
        value=good.value,
        headers=[("ce_id", f"{need_id}/1/8".encode()), *headers],
    )

    await intake.client.post("/operator/republish", json={"topic": "need-profiles", "key": need_id})

    ce_id, value = await eventually(
        lambda: last_of(intake, "need-profiles", need_id), until=lambda last: last[0] == f"{need_id}/1/9".encode()
    )
    assert ce_id is not None
    assert orjson.loads(value or b"")["version"] == 9
    closed = await intake.client.post(f"/needs/{need_id}/close")
    assert closed.json()["version"] == 10


async def test_a_topic_that_is_not_intakes_own_is_not_republished(intake: IntakeUnderTest) -> None:
    answer = await intake.client.post("/operator/republish", json={"topic": "matches"})
    assert answer.status_code == 422
    assert "vacancies" in answer.json()["detail"]


async def test_intake_refuses_to_start_on_a_topic_with_another_partition_count(
    kafka: Kafka, names: TopicNames, topics: Topics, intake_dsn: str
) -> None:
    assert topics.topics
    declared = Path(__file__).parents[2] / "deploy" / "topics.yaml"

    with pytest.raises(PartitionMismatch, match="vacancies has 2 partitions, declared are 12"):
        async with running_intake(kafka.bootstrap_servers, names, intake_dsn, declared):
            pass
