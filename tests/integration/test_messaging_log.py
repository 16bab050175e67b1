"""Reading the log without a group, the producer, the topics, and records that aiokafka itself cannot decode."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, UnknownTopicOrPartitionError

from shared.messaging.backoff import Backoff
from shared.messaging.consuming import Consumers, make_broker
from shared.messaging.deadletters import DeadLetters, read_dead_letter
from shared.messaging.log import LogTail, end_offsets, read_one, read_to_end, reader
from shared.messaging.polling import poll
from shared.messaging.producing import Producer
from shared.messaging.records import RawRecord
from shared.messaging.security import client_options
from shared.messaging.topics import (
    PartitionMismatch,
    TopicNames,
    Topics,
    check_partition_counts,
    create_partner_topics,
    create_topics,
    delete_partner_topics,
    list_topics,
)
from tests.support.backends import Kafka
from tests.support.undecodable import write_with_broken_header_name
from tests.support.waiting import eventually


@pytest.fixture
async def producer(kafka: Kafka) -> AsyncIterator[Producer]:
    async with Producer(kafka.bootstrap_servers, request_timeout_ms=2000) as made:
        yield made


async def numbers_in(kafka: Kafka, topic: str, *, start: dict[int, int] | None = None) -> list[tuple[int, int]]:
    return [
        (record.at.partition, record.at.offset)
        async for records in read_to_end(kafka.bootstrap_servers, topic, start=start)
        for record in records
    ]


@pytest.mark.usefixtures("topics")
async def test_reading_to_the_end_ends_on_an_empty_topic(kafka: Kafka, names: TopicNames) -> None:
    assert await numbers_in(kafka, names.topic("vacancies")) == []
    assert await end_offsets(kafka.bootstrap_servers, names.topic("vacancies")) == {0: 0, 1: 0}


@pytest.mark.usefixtures("topics")
async def test_reading_to_the_end_ends_where_the_last_offset_holds_no_record(
    kafka: Kafka, names: TopicNames, producer: Producer
) -> None:
    """A transaction's marker is an offset without a record, at the very end: the same to a reader as what compaction took."""
    topic = names.topic("vacancies")
    await producer.publish(topic, key="a", value=b"1", partition=0)
    bootstrap = kafka.bootstrap_servers
    async with AIOKafkaProducer(**client_options(bootstrap), transactional_id=names.topic("gap")) as writer, writer.transaction():
        await writer.send_and_wait(topic, b"2", key=b"a", partition=0)
    # A commit is acknowledged when it is decided; its marker follows a moment later.
    await eventually(lambda: end_offsets(kafka.bootstrap_servers, topic), until=lambda ends: ends == {0: 3, 1: 0})
    async with asyncio.timeout(5):
        assert await numbers_in(kafka, topic) == [(0, 0), (0, 1)]
        assert await numbers_in(kafka, topic, start={0: 2}) == []


@pytest.mark.usefixtures("topics")
async def test_the_end_is_that_of_the_call(kafka: Kafka, names: TopicNames, producer: Producer) -> None:
    """The reader writes a record for each that it reads, and comes to an end all the same."""
    topic = names.topic("vacancies")
    for _ in range(5):
        await producer.publish(topic, key="a", value=b"1", partition=0)
    read = 0
    async with asyncio.timeout(5):
        async for records in read_to_end(kafka.bootstrap_servers, topic, [0], max_records=1):
            read += len(records)
            await producer.publish(topic, key="a", value=b"1", partition=0)
    assert read == 5


@pytest.mark.usefixtures("topics")
async def test_one_record_is_read_by_its_coordinates_or_is_gone(kafka: Kafka, names: TopicNames, producer: Producer) -> None:
    topic = names.topic("vacancies")
    for value in (b"0", None, b""):
        at = await producer.publish(topic, key="a", value=value, headers=[("h", b"\xff")], partition=1)
        found = await read_one(kafka.bootstrap_servers, topic, 1, at.offset)
        assert found is not None
        assert (found.at, found.key, found.value, found.headers) == (at, "a", value, (("h", b"\xff"),))
    assert await read_one(kafka.bootstrap_servers, topic, 1, 3) is None
    assert await read_one(kafka.bootstrap_servers, topic, 5, 0) is None
    assert await read_one(kafka.bootstrap_servers, names.topic("no-such"), 0, 0) is None


@pytest.mark.usefixtures("topics")
async def test_a_tail_catches_up_and_follows_and_a_failing_handler_loses_nothing(
    kafka: Kafka, names: TopicNames, producer: Producer
) -> None:
    topic = names.topic("vacancies")
    for number in range(6):
        await producer.publish(topic, key="a", value=str(number).encode(), partition=number % 2)
    got: list[bytes | None] = []
    failing = True

    async def take(records: list[RawRecord]) -> None:
        if failing:
            raise RuntimeError
        got.extend(record.value for record in records)

    tail = LogTail(kafka.bootstrap_servers, topic, take, backoff=Backoff(0.01, 0.05))
    running = asyncio.create_task(tail.run())
    detail = await eventually(lambda: tail.check().detail, until=lambda detail: "RuntimeError" in detail)
    assert detail == f"{topic}: RuntimeError"
    assert not tail.caught_up.is_set()
    failing = False
    await asyncio.wait_for(tail.caught_up.wait(), 5)
    assert sorted(value or b"" for value in got) == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert tail.positions == tail.ends_at_start == {0: 3, 1: 3}
    await producer.publish(topic, key="a", value=b"6", partition=0)
    await eventually(lambda: tail.positions[0] == 4)
    assert (got[-1], tail.check().ok) == (b"6", True)
    tail.stop()
    await asyncio.wait_for(running, 3)


@pytest.mark.usefixtures("topics")
async def test_a_producer_whose_record_was_refused_goes_on_with_the_next(
    kafka: Kafka, names: TopicNames, producer: Producer
) -> None:
    """The refused batch took sequence numbers with it; without a new producer the broker refuses all that follows."""
    topic = names.topic("small")
    admin = AIOKafkaAdminClient(**client_options(kafka.bootstrap_servers))
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    await admin.close()
    await producer.publish(topic, key="a", value=b"0")
    with pytest.raises(MessageSizeTooLargeError):
        await producer.publish(topic, key="a", value=b"x" * 2000)
    assert (await producer.publish(topic, key="a", value=b"1")).offset == 1


async def test_an_unknown_topic_and_an_absent_broker_are_told_apart(
    names: TopicNames, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.producing._METADATA_SECONDS", 0.2)
    with pytest.raises(UnknownTopicOrPartitionError):
        await producer.publish(names.topic("no-such"), key="a", value=b"")
    with pytest.raises(KafkaConnectionError):
        await Producer("127.0.0.1:1").start()


async def test_topics_are_created_once_and_checked_by_number_of_partitions(
    kafka: Kafka, names: TopicNames, topics: Topics
) -> None:
    bootstrap = kafka.bootstrap_servers
    await create_topics(bootstrap, topics, names)
    await check_partition_counts(bootstrap, topics, names)
    with pytest.raises(PartitionMismatch) as refused:
        await check_partition_counts(bootstrap, topics, names, only=["vacancies"], partitions={"vacancies": 7})
    message = str(refused.value)
    assert f"{names.topic('vacancies')} has 2 partitions, declared are 7" in message
    assert "Remedy" in message
    elsewhere = TopicNames(names.prefix + "elsewhere-")
    with pytest.raises(PartitionMismatch, match=f"{elsewhere.topic('settings')} does not exist"):
        await check_partition_counts(bootstrap, topics, elsewhere, only=["settings"])


async def test_a_partners_topics_come_and_go(kafka: Kafka, names: TopicNames, topics: Topics) -> None:
    bootstrap = kafka.bootstrap_servers
    mine = {names.topic(f"{kind}-by") for kind in ("submissions", "receipts", "deliveries")}

    async def there() -> set[str]:
        return mine & set(await list_topics(bootstrap))

    for _ in range(2):
        await create_partner_topics(bootstrap, names, "by", topics=topics)
    await eventually(there, until=lambda found: found == mine)
    for _ in range(2):
        await delete_partner_topics(bootstrap, names, "by", topics=topics)
    await eventually(there, until=lambda found: not found)


async def test_a_header_whose_name_is_not_utf8_goes_to_the_dead_letters_and_blocks_nothing(
    kafka: Kafka, names: TopicNames, topics: Topics, producer: Producer
) -> None:
    """aiokafka cannot give such a record at all; only a foreign client can write one."""
    await create_partner_topics(kafka.bootstrap_servers, names, "odd", topics=topics)
    topic = names.topic("submissions-odd")
    await producer.publish(topic, key="1", value=b"1")
    await write_with_broken_header_name(kafka.bootstrap_servers, topic)
    await producer.publish(topic, key="3", value=b"3")
    got: list[bytes | None] = []

    async def note(records: list[RawRecord]) -> None:
        got.extend(record.value for record in records)

    consumers = Consumers(
        make_broker(kafka.bootstrap_servers, client_id="test"),
        names,
        DeadLetters(producer, names, service="test"),
        bootstrap_servers=kafka.bootstrap_servers,
    )
    consumers.raw_subscriber(pattern="submissions-{partner}", group="intake")(note)
    await consumers.start()
    try:
        await eventually(lambda: got == [b"1", b"3"])
    finally:
        await consumers.stop()
    dead_letters = names.dead_letters("submissions-{partner}", "intake")
    letters = [
        read_dead_letter(record) async for records in read_to_end(kafka.bootstrap_servers, dead_letters) for record in records
    ]
    assert [(letter.at.topic, letter.at.offset, letter.reason) for letter in letters if letter] == [
        (topic, 1, "undecodable-record")
    ]


@pytest.mark.usefixtures("topics")
async def test_a_record_that_the_library_cannot_decode_takes_none_of_another_partition_along(
    kafka: Kafka, names: TopicNames, producer: Producer
) -> None:
    """Both partitions lie in the consumer's buffer, the good one first: it is drained before the bad one raises."""
    topic = names.topic("vacancies")
    await write_with_broken_header_name(kafka.bootstrap_servers, topic)
    for value in (b"1", b"2"):
        await producer.publish(topic, key="a", value=value, partition=1)
    bad, good = TopicPartition(topic, 0), TopicPartition(topic, 1)
    async with reader(kafka.bootstrap_servers) as consumer:
        consumer.assign([bad, good])
        consumer.pause(bad)
        await consumer.seek_to_beginning(bad, good)
        await eventually(lambda: set(consumer._fetcher._records) == {good})
        consumer.resume(bad)
        await eventually(lambda: list(consumer._fetcher._records) == [good, bad])
        polled = await poll(consumer, timeout_ms=500, max_records=100)
        assert [record.value for record in polled.records] == [b"1", b"2"]
        assert [(at.partition, at.offset) for at in polled.undecodable] == [(0, 0)]
        assert [await consumer.position(place) for place in (bad, good)] == [1, 2]
