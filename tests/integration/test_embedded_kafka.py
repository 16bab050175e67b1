"""The embedded Kafka against itself: started, killed, started again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.errors import CannotStartError
from deploy.embedded.kafka import EmbeddedKafka
from shared.messaging.security import client_options


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


async def _records(kafka: EmbeddedKafka, topic: str) -> list[bytes]:
    partition = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(**client_options(kafka.bootstrap_servers), auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        async with asyncio.timeout(20):
            while len(found) < end:
                batch = await consumer.getmany(timeout_ms=1000)
                found += [record.value for record in batch.get(partition, [])]
        return found


async def test_a_killed_kafka_comes_back_with_everything_that_it_had_acknowledged(own_kafka: EmbeddedKafka) -> None:
    admin = AIOKafkaAdminClient(**client_options(own_kafka.bootstrap_servers))
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    sent = [str(number).encode() for number in range(200)]
    async with AIOKafkaProducer(**client_options(own_kafka.bootstrap_servers), enable_idempotence=True) as producer:
        for value in sent:
            await producer.send_and_wait("kept", value)
        before = own_kafka.nodes[0].pid
        own_kafka.kill(0)
        assert not own_kafka.nodes[0].running
        own_kafka.restart(0)
        await producer.send_and_wait("kept", b"after")

    assert own_kafka.nodes[0].pid != before
    assert await _records(own_kafka, "kept") == [*sent, b"after"]


async def test_a_topic_that_nobody_declared_is_not_made(own_kafka: EmbeddedKafka) -> None:
    admin = AIOKafkaAdminClient(**client_options(own_kafka.bootstrap_servers))
    await admin.start()
    try:
        described = await admin.describe_topics(["never-declared"])
        assert described[0]["error_code"] != 0
        assert "never-declared" not in await admin.list_topics()
    finally:
        await admin.close()


def test_a_cluster_of_two_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="say --brokers 1 or --brokers 3"):
        EmbeddedKafka(tmp_path, brokers=2)
