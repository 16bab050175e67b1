"""What time does: offers are reminded, vacancies expire, old ones are erased, observations come to count, a new day is announced.

A day begins at midnight in Denmark.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import structlog

from shared.messaging.errors import is_passing
from shared.messaging.health import Check

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from services.intake.observations.observing import Observing
    from services.intake.service import Intake

log = structlog.get_logger(__name__)

DENMARK: Final = ZoneInfo("Europe/Copenhagen")


def danish_day(now: datetime) -> date:
    """Say which day it is in Denmark."""
    return now.astimezone(DENMARK).date()


def seconds_to_midnight(now: datetime) -> float:
    """Say how long this day still lasts in Denmark; a day of the clock change has 23 or 25 hours."""
    tomorrow = danish_day(now) + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=DENMARK)
    return midnight.timestamp() - now.timestamp()


class Timers:
    """One loop: it looks every so often, and just after midnight."""

    def __init__(self, intake: Intake, observing: Observing, clock: Callable[[], datetime], *, every_seconds: float) -> None:
        self._intake = intake
        self._observing = observing
        self._clock = clock
        self._every_seconds = every_seconds
        self._trouble: str | None = None

    async def run(self) -> None:
        """Look until cancelled; a failing look is told by readiness and tried again."""
        while True:
            try:
                await self.look()
                self._trouble = None
            except Exception as error:
                self._trouble = type(error).__name__
                if is_passing(error):
                    log.warning("timers_held", error_type=self._trouble)
                else:
                    log.exception("timers_failed")
            await asyncio.sleep(min(self._every_seconds, seconds_to_midnight(self._clock()) + 0.01))

    async def look(self) -> None:
        """Do everything that is due."""
        await self._intake.publish_settings(danish_day(self._clock()))
        if expired := await self._intake.expire():
            log.info("vacancies_expired", count=expired)
        if reminded := await self._intake.remind():
            log.info("vacancies_reminded", count=reminded)
        if counted := await self._observing.count():
            log.info("truth_records_published", count=counted)
        if erased := await self._intake.tidy():
            log.info("vacancies_erased", count=erased)

    def check(self) -> Check:
        """Answer readiness."""
        return Check(ok=self._trouble is None, detail=self._trouble or "on time")
