"""Watches over the places whose vacancy has not come: when the copy has passed where it must have stood, they are stale."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from shared.messaging.errors import is_passing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from services.notifications.metrics import Metrics
    from services.notifications.store import Store

_log = structlog.get_logger(__name__)

_LOOK_AGAIN_SECONDS = 2.0


class WaitingKeeper:
    """Sleeps while nothing waits.

    A stale place is not forgotten: should its vacancy be mended and come after all, it is judged like any other. It only
    counts no longer as something that will come by itself.

    Args:
        store: the service's database.
        ends: asks Kafka for the end offsets of `vacancies`, by partition. Asked after the match arrived, which is later
            than DESIGN says and so waits a little longer at worst.
        passed: asks Kafka up to where the service's own reading of `vacancies` is committed, by partition.
        metrics: told how many wait.
    """

    def __init__(
        self,
        store: Store,
        ends: Callable[[], Awaitable[Mapping[int, int]]],
        passed: Callable[[], Awaitable[Mapping[int, int]]],
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._ends = ends
        self._passed = passed
        self._metrics = metrics
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Places began to wait."""
        self._wake.set()

    async def run(self) -> None:
        """Look whenever something waits, until cancelled."""
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                still = await self.look()
            except Exception as error:
                if not is_passing(error):
                    raise
                _log.warning("waiting_places_not_looked_at", error_type=type(error).__name__)
                still = 1
            if still:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOK_AGAIN_SECONDS)
                self._wake.set()

    async def look(self) -> int:
        """Fix what is waited for, mark what is stale; gives how many places still wait."""
        still, unfixed = await self._store.waiting_places()
        if unfixed:
            await self._store.fix_what_is_waited_for(_by_partition(await self._ends()))
        if still:
            still = await self._store.mark_stale(_by_partition(await self._passed()))
        self._metrics.places_waiting(still)
        return still


def _by_partition(offsets: Mapping[int, int]) -> list[int]:
    return [offsets.get(partition, 0) for partition in range(max(offsets, default=-1) + 1)]
