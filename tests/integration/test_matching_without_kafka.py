"""A matching worker whose Kafka goes away and comes back."""

import asyncio
from pathlib import Path

from deploy.embedded.kafka import EmbeddedKafka
from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames, load_topics
from tests.support.matching import need, vacancy
from tests.support.matching_log import MatchingLog, running_worker, worker_settings
from tests.support.topics import create_all
from tests.support.waiting import eventually


async def test_a_worker_outlives_its_kafka_says_so_and_goes_on(mortal_kafka: EmbeddedKafka, topics_file: Path) -> None:
    names, topics = TopicNames("away-"), load_topics(topics_file)
    await create_all(mortal_kafka.bootstrap_servers, topics, names)
    async with Producer(mortal_kafka.bootstrap_servers) as producer:
        log = MatchingLog(mortal_kafka.bootstrap_servers, names, topics, producer)
        await log.settings()
        await log.needs(need())
        await log.vacancies(vacancy("vacancy-1"))
        async with running_worker(worker_settings(mortal_kafka.bootstrap_servers, names, topics_file)) as service:

            async def readiness() -> bool:
                return (await service.client.get("/readyz")).status_code == 200

            async def places() -> list[str] | None:
                return await log.places("need-1")

            await eventually(places, until=lambda seen: seen == ["vacancy-1"], within_seconds=20)
            await asyncio.to_thread(mortal_kafka.kill)
            await eventually(readiness, until=lambda ready: not ready, within_seconds=20)
            await asyncio.to_thread(mortal_kafka.restart)
            await log.vacancies(vacancy("vacancy-2"))
            await eventually(places, until=lambda seen: seen == ["vacancy-1", "vacancy-2"], within_seconds=40)
            await eventually(readiness, within_seconds=40)
            lists = [record.value for record in await log.records() if record.key == "need-1"]
            assert len(lists) == len(set(lists)), "nothing is said twice"
