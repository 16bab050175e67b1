"""What intake does by itself, beside answering: it publishes, keeps time, forgets, and hears its partners."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from services.intake.timers import danish_day
from shared.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from services.intake.erasing.erasing import Erasing
    from services.intake.erasing.retention import Retention
    from services.intake.service import Intake
    from services.intake.timers import Timers
    from shared.messaging.consuming import Consumers
    from shared.messaging.relay import OutboxRelay


class Duties:
    """Begins once, when the database and the log are known to belong together, and ends with the service."""

    def __init__(
        self,
        intake: Intake,
        relay: OutboxRelay,
        timers: Timers,
        consumers: Consumers,
        clock: Callable[[], datetime],
        *,
        erasing: Erasing,
        retention: Retention,
    ) -> None:
        self._intake = intake
        self._relay = relay
        self._timers = timers
        self._consumers = consumers
        self._erasing = erasing
        self._retention = retention
        self._clock = clock
        self._running = AsyncExitStack()

    async def begin(self) -> None:
        """Begin, or have begun nothing. The groups are joined meanwhile: after a crash that takes as long as the dead member's session."""
        async with AsyncExitStack() as running:
            background = Background()
            # First: what waits in the outbox of a restored backup may be about citizens that were erased since.
            await self._erasing.erase_risen()
            await running.enter_async_context(self._relay.running())
            await self._intake.publish_settings(danish_day(self._clock()))
            running.push_async_callback(self._consumers.stop)
            running.push_async_callback(background.stop)
            background.start("timers", self._timers.run)
            background.start("erasing", self._erasing.run)
            background.start("retention", self._retention.run)
            background.start("consumers", self._consumers.start)
            self._running = running.pop_all()

    async def end(self) -> None:
        """Finish what is in hand."""
        await self._running.aclose()
