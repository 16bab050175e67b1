"""The suite's own servers and fixtures."""

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames, Topics, list_topics
from tests.support.backends import Kafka


async def test_a_record_goes_through_the_real_broker(kafka: Kafka, names: TopicNames, topics: Topics) -> None:
    topic = names.topic("vacancies")
    async with AIOKafkaProducer(**client_options(kafka.bootstrap_servers), enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")
    async with AIOKafkaConsumer(topic, **client_options(kafka.bootstrap_servers), auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
    assert (record.key, record.value) == (b"key", b"value")
    assert topics.named("vacancies").partitions == 2


async def test_a_test_sees_no_topics_but_its_own(kafka: Kafka, names: TopicNames, topics: Topics) -> None:
    mine = [topic for topic in await list_topics(kafka.bootstrap_servers) if topic.startswith(names.prefix)]
    assert names.topic("matches") in mine
    assert len(mine) >= sum(not topic.is_partner for topic in topics.topics)


async def test_what_one_test_writes_no_other_finds_first(empty_dsn: str) -> None:
    await _make_the_only_table(empty_dsn)


async def test_what_one_test_writes_no_other_finds_second(empty_dsn: str) -> None:
    await _make_the_only_table(empty_dsn)


async def _make_the_only_table(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        await connection.execute("CREATE TABLE mine (id int)")
    finally:
        await connection.close()
