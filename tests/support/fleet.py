"""Matching workers as processes on one log, to be killed, parked and started again within milliseconds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx2

from shared.messaging.security import environment_of
from tests.support.forking import ForkedService
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.matching_log import MatchingLog

SESSION_SECONDS: Final = 6
"""As short as the broker allows."""
_READY_WITHIN_SECONDS: Final = 120


class Fleet:
    """The workers of one log."""

    def __init__(self, log: MatchingLog, topics_file: Path, folder: Path, workers: int) -> None:
        self.log = log
        self.workers = [_process(log, topics_file, folder, number) for number in range(1, workers + 1)]

    @property
    def running(self) -> list[ForkedService]:
        return [worker for worker in self.workers if worker.runs]

    async def owned(self) -> list[list[int]]:
        """Give the partitions that each running worker answers for."""
        return [(await counts(worker))["partitions"] for worker in self.running]

    async def has_divided_the_needs(self) -> None:
        """Wait until every running worker is ready and each partition has one owner among them."""
        for worker in self.running:
            await eventually(partial(is_ready, worker), within_seconds=_READY_WITHIN_SECONDS)
        await eventually(self.owned, until=self._divides, within_seconds=_READY_WITHIN_SECONDS)

    def _divides(self, owned: list[list[int]]) -> bool:
        return all(owned) and sorted(number for numbers in owned for number in numbers) == list(range(self.log.partitions))


def _process(log: MatchingLog, topics_file: Path, folder: Path, number: int) -> ForkedService:
    environment = {
        **environment_of(log.bootstrap),
        "LEDIGPLADS_TOPIC_PREFIX": log.names.prefix,
        "LEDIGPLADS_TOPICS_FILE": str(topics_file),
        "LEDIGPLADS_MATCHING_WORKER": str(number),
        "LEDIGPLADS_MATCHING_SESSION_TIMEOUT_MS": str(SESSION_SECONDS * 1000),
        "LEDIGPLADS_MATCHING_RECLAIM_SECONDS": "1",
    }
    file = folder / f"{log.names.prefix}{number}.log"
    return ForkedService("services.matching", environment, log=file, prepared_by="services.matching.engine.warming:warm_up")


async def is_ready(worker: ForkedService) -> bool:
    try:
        return await worker.is_ready()
    except httpx2.TransportError:
        return False


async def counts(worker: ForkedService) -> dict[str, Any]:
    answer = await worker.client.get("/matching/operator/counts")
    told: dict[str, Any] = answer.raise_for_status().json()
    return told
