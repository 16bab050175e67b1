"""Promises of the messaging piece that were broken on purpose and that no other test missed."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, UnknownTopicOrPartitionError
from aiokafka.protocol.produce import ProduceRequest

from shared.messaging.envelope import Envelope, MalformedEnvelope
from shared.messaging.log import read_to_end
from shared.messaging.producing import KeyedRecord, Producer
from shared.messaging.topics import TopicNames, Topics
from tests.support.backends import Kafka


async def test_a_record_whose_acknowledgement_was_lost_is_sent_again_and_stands_on_the_log_once(
    kafka: Kafka, names: TopicNames, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    del topics
    lost: list[object] = []
    async with Producer(kafka.bootstrap_servers) as producer:
        assert producer._inner is not None
        client = producer._inner.client
        send = client.send

        async def loses_the_first_acknowledgement(node: int, request: Any, **options: Any) -> Any:
            answer = await send(node, request, **options)
            if isinstance(request, ProduceRequest) and not lost:
                lost.append(answer)
                raise KafkaConnectionError("cut off after the broker has written")
            return answer

        monkeypatch.setattr(client, "send", loses_the_first_acknowledgement)
        await producer.publish(names.topic("vacancies"), key="v-1", value=b"once")
        await producer.publish(names.topic("vacancies"), key="v-1", value=b"next")
    assert len(lost) == 1
    batches = read_to_end(kafka.bootstrap_servers, names.topic("vacancies"))
    assert [record.value async for batch in batches for record in batch] == [b"once", b"next"]


async def test_a_new_producer_writes_nothing_before_the_one_that_it_replaces_has_come_to_its_end(
    kafka: Kafka, names: TopicNames, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a compacted topic the last record of a key is what stays: the older state must not land behind the newer one."""
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        await producer.publish(names.topic("vacancies"), key="v-1", value=b"first")
        old = producer._inner
        assert old is not None
        send, may_go = old.client.send, asyncio.Event()

        async def is_slow(node: int, request: Any, **options: Any) -> Any:
            if isinstance(request, ProduceRequest):
                await may_go.wait()
            return await send(node, request, **options)

        monkeypatch.setattr(old.client, "send", is_slow)
        under_way = await producer.publish_no_wait(names.topic("vacancies"), key="v-1", value=b"older")
        producer._mark_broken(old)
        newer = asyncio.create_task(producer.publish(names.topic("vacancies"), key="v-1", value=b"newer"))
        asyncio.get_running_loop().call_later(0.3, may_go.set)
        await asyncio.gather(under_way, newer)
    batches = read_to_end(kafka.bootstrap_servers, names.topic("vacancies"))
    assert [record.value async for batch in batches for record in batch] == [b"first", b"older", b"newer"]


async def test_records_handed_over_together_stand_on_the_log_in_their_order_with_headers_and_tombstones(
    kafka: Kafka, names: TopicNames, topics: Topics
) -> None:
    del topics
    records: list[KeyedRecord] = [
        (f"v-{number}", None if number % 7 == 0 else b"x" * (number * 37 % 3000), [("ce_id", b"%d" % number)])
        for number in range(500)
    ]
    async with Producer(kafka.bootstrap_servers, max_batch_size=100_000) as producer:
        handed, acknowledged = 0, []
        while handed < len(records):
            count, future = await producer.publish_batch_no_wait(names.topic("vacancies"), records[handed:], partition=1)
            handed += count
            acknowledged.append(future)
        await asyncio.gather(*acknowledged)
    assert len(acknowledged) > 1, "more than one batch was needed"
    batches = read_to_end(kafka.bootstrap_servers, names.topic("vacancies"))
    found = [record async for batch in batches for record in batch]
    assert [(one.key, one.value, list(one.headers)) for one in found] == records
    assert {one.at.partition for one in found} == {1}


async def test_of_records_handed_over_together_one_that_is_too_large_or_for_no_partition_is_refused(
    kafka: Kafka, names: TopicNames, topics: Topics
) -> None:
    del topics
    async with Producer(kafka.bootstrap_servers) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.publish_batch_no_wait(names.topic("vacancies"), [("v-1", b"x" * 2_000_000, [])], partition=0)
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.publish_batch_no_wait(names.topic("vacancies"), [("v-1", b"x", [])], partition=99)
        before_the_large_one: list[KeyedRecord] = [("v-1", b"x", []), ("v-2", b"x" * 2_000_000, [])]
        count, future = await producer.publish_batch_no_wait(names.topic("vacancies"), before_the_large_one, partition=0)
        assert (count, (await future).partition) == (1, 0)


def test_an_envelope_of_another_version_of_cloudevents_is_not_guessed_at() -> None:
    headers = [
        ("ce_specversion", b"0.3"),
        ("ce_id", b"v-1/1/1"),
        ("ce_source", b"intake"),
        ("ce_type", b"dk.ledigplads.vacancy.published.v1"),
        ("ce_subject", b"v-1"),
        ("ce_time", b"2026-11-25T12:00:00Z"),
        ("ce_partitionkey", b"v-1"),
    ]
    with pytest.raises(MalformedEnvelope):
        Envelope.from_headers(headers)
    assert Envelope.from_headers([("ce_specversion", b"1.0"), *headers[1:]]).position == (1, 1)
