"""For how long nobody answers for a partition of the needs, as seen by who asks."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, Self

import httpx2

from tests.support.fleet import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tests.support.forking import ForkedService

_LOOK_SECONDS: Final = 0.05


class Served:
    """Asks every worker again and again for which partitions it answers, down to the lists of some of their needs.

    What counts as served lasts from one good answer of a worker to the next. Who does not answer serves nobody from then on.
    """

    def __init__(self, workers: Collection[ForkedService], probes: Callable[[], dict[int, list[str]]], partitions: int) -> None:
        self._workers = workers
        self._probes = probes
        self._partitions = partitions
        self._ends: dict[tuple[int, float], float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._follow(worker)) for worker in self._workers]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def unserved(self, since: float, until: float) -> dict[int, float]:
        """Give the seconds of a span of time in which nobody answered for a partition."""
        found = {}
        for number in range(self._partitions):
            reached, gaps = since, 0.0
            for (one, begin), end in sorted(self._ends.items()):
                if one == number and end > reached:
                    gaps += max(0.0, min(begin, until) - reached)
                    reached = max(reached, min(end, until))
            found[number] = gaps + max(0.0, until - reached)
        return found

    async def _follow(self, worker: ForkedService) -> None:
        since: dict[int, float] = {}
        while True:
            numbers = await self._answered(worker, since.keys())
            now = time.monotonic()
            for number in [number for number in since if number not in numbers]:
                del since[number]
            for number in numbers:
                self._ends[number, since.setdefault(number, now)] = now
            await asyncio.sleep(_LOOK_SECONDS)

    async def _answered(self, worker: ForkedService, known: Collection[int]) -> set[int]:
        """Give the partitions that a worker answers for now; those that are new are asked for some of their needs."""
        try:
            numbers = set((await counts(worker))["partitions"])
            probes = self._probes()
            return {number for number in numbers if number in known or await self._tells_of(worker, probes.get(number, ()))}
        except httpx2.HTTPError:
            return set()

    @staticmethod
    async def _tells_of(worker: ForkedService, need_ids: Iterable[str]) -> bool:
        for need_id in need_ids:
            if (await worker.client.get(f"/matching/needs/{need_id}")).status_code != httpx2.codes.OK:
                return False
        return True
