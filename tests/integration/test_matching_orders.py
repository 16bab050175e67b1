"""Three orders and duplications of one log, each on topics of a real Kafka, each read by a worker: `matches` ends in the same bytes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

from shared.messaging.producing import Producer
from shared.messaging.topics import TopicNames, load_topics
from tests.support.histories import disordered, drawn_history
from tests.support.matching_log import MatchingLog, running_worker, worker_settings
from tests.support.topics import create_all, delete_all_under
from tests.support.waiting import eventually, stays

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.backends import Kafka
    from tests.support.histories import Published
    from tests.support.running import RunningService

_SEED = 11
_PATIENCE = 30


async def test_three_orders_and_duplications_of_one_log_end_in_the_same_bytes(kafka: Kafka, topics_file: Path) -> None:
    history = drawn_history(_SEED, needs=150, vacancies=250, settings=3)
    last = {(one.topic, one.key): one.body for one in history}
    open_needs = {
        key
        for (topic, key), body in last.items()
        if topic == "need-profiles" and body is not None and body.status == "open"  # type: ignore[attr-defined] # a need
    }
    ends = [await _said_of(disordered(history, order), open_needs, kafka.bootstrap_servers, topics_file) for order in range(3)]
    assert ends[0] == ends[1] == ends[2]
    assert ends[0].keys() == open_needs
    assert sum(body.count(b'"vacancy_id"') for body in ends[0].values()) > 300, "lists of some length"


async def _said_of(records: list[Published], open_needs: set[str], bootstrap: str, topics_file: Path) -> dict[str, bytes]:
    """Write half of the records before a worker begins and half while it works, and give what it has said when all is quiet."""
    names, topics = TopicNames(prefix=f"order{uuid4().hex[:8]}-"), load_topics(topics_file)
    async with AsyncExitStack() as opened:
        producer = await opened.enter_async_context(Producer(bootstrap))
        await create_all(bootstrap, topics, names)
        opened.push_async_callback(delete_all_under, bootstrap, names)
        log = MatchingLog(bootstrap, names, topics, producer)
        half = len(records) // 2
        await _write(log, records[:half])
        service = await opened.enter_async_context(running_worker(worker_settings(bootstrap, names, topics_file)))
        await _write(log, records[half:])
        await eventually(lambda: _has_taken_all(service, len(open_needs)), within_seconds=_PATIENCE)
        while True:
            written = await log.written()
            try:
                await stays(log.written, for_seconds=0.5, until=lambda now, written=written: now == written)  # type: ignore[misc] # bound at once
            except AssertionError:
                continue
            return {key: body for key, body in (await log.canonical()).items() if body is not None}


async def _write(log: MatchingLog, records: list[Published]) -> None:
    for one in records:
        await log.state(one.topic, one.key, one.body, (1, one.version))


async def _has_taken_all(service: RunningService, needs: int) -> bool:
    if (await service.client.get("/readyz")).status_code != 200:
        return False
    counts = (await service.client.get("/matching/operator/counts")).json()
    await asyncio.sleep(0)
    return bool(counts["needs"] == needs)
