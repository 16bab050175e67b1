"""Another consumer in place of one that has failed for good."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from shared.messaging.backoff import Backoff

log = structlog.get_logger(__name__)


class Startable(Protocol):
    """What can be stopped and started again: a subscriber of FastStream, which makes its consumer anew each time."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Replacements:
    """Gives subscribers new consumers, in tasks of their own, since the loop that asks for it ends with the old one.

    aiokafka's coordination of a group ends at an error that it did not expect (an assertion, when the topics of a pattern change
    while the coordinator is away), and the consumer then raises at every poll, for ever.
    """

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._under_way: set[asyncio.Task[None]] = set()

    def replace(self, subscriber: Startable, name: str) -> None:
        """Begin to replace; returns at once."""
        log.warning("consumer_replaced", consumer=name)
        task = asyncio.create_task(self._replace(subscriber), name=f"replace consumer {name}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Give up what is under way."""
        under_way = set(self._under_way)
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)

    async def _replace(self, subscriber: Startable) -> None:
        failures = 0
        while True:
            await subscriber.stop()
            try:
                await subscriber.start()
            except (KafkaError, OSError) as error:
                failures += 1
                log.warning("consumer_not_started", error_type=type(error).__name__, failures=failures)
                await asyncio.sleep(self._backoff.seconds(failures))
            else:
                return
