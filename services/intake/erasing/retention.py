"""Retention: old cases are closed and erased by dated rules, each with its reason."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import structlog
import yaml
from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.commands import CloseNeed, Named
from services.intake.domain.outcomes import Accepted
from services.intake.erasing.erasing import NothingToErase
from services.intake.service import Request
from services.intake.timers import danish_day
from shared.messaging.errors import is_passing
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from services.intake.erasing.erasing import Erasing
    from services.intake.erasing.store import ErasureStore
    from services.intake.service import Intake

log = structlog.get_logger(__name__)

What = Literal["close_open_needs", "erase_closed_needs", "erase_citizens_without_needs"]

_EVERY_SECONDS: Final = 3600.0
_AT_ONCE: Final = 200
_QUERY: Final[dict[What, str]] = {
    "close_open_needs": "needs_to_close",
    "erase_closed_needs": "needs_to_erase",
    "erase_citizens_without_needs": "citizens_to_erase",
}


class Rule(BaseModel):
    """What is let go of, after how long, from which day on, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: What
    untouched_for: Annotated[timedelta, Field(ge=timedelta(days=1))]
    valid_from: date
    reason_da: Annotated[str, Field(min_length=1)]
    reason_en: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: date
    rules: tuple[Rule, ...]


def load_retention(path: Path) -> tuple[Rule, ...]:
    """Read the rules.

    Raises:
        pydantic.ValidationError: the file is not as it should be.
    """
    return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).rules


def rules_on(rules: Sequence[Rule], day: date) -> list[Rule]:
    """Give the rules that count on a day: of each kind the latest that is valid."""
    valid = sorted((rule for rule in rules if rule.valid_from <= day), key=lambda rule: rule.valid_from)
    return list({rule.what: rule for rule in valid}.values())


class Retention:
    """Looks every hour for what is due."""

    def __init__(
        self, intake: Intake, erasing: Erasing, store: ErasureStore, rules: Sequence[Rule], clock: Callable[[], datetime]
    ) -> None:
        self._intake = intake
        self._erasing = erasing
        self._store = store
        self._rules = rules
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled; what fails is tried again at the next look."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if is_passing(error):
                    log.warning("retention_held", error_type=type(error).__name__)
                else:
                    log.exception("retention_failed", error_type=type(error).__name__)
            await asyncio.sleep(_EVERY_SECONDS)

    async def look(self) -> dict[str, int]:
        """Close and erase what is due; gives how many, by kind."""
        now = self._clock()
        done: dict[str, int] = {}
        for rule in rules_on(self._rules, danish_day(now)):
            count = await self._apply(rule, now - rule.untouched_for)
            if count:
                log.info("retention", what=rule.what, count=count)
            done[rule.what] = count
        return done

    async def _apply(self, rule: Rule, changed_before: datetime) -> int:
        count = 0
        while page := await self._store.due(_QUERY[rule.what], changed_before, _AT_ONCE):
            if rule.what == "close_open_needs":
                requests = [Request(CloseNeed(Named(need_id), "retention"), new_correlation_id()) for need_id in page]
                done = sum(isinstance(outcome, Accepted) for outcome in await self._intake.change(requests))
            else:
                done = await self._erase(rule.what, page)
            count += done
            if not done:
                break
        return count

    async def _erase(self, what: What, page: Sequence[str]) -> int:
        done = 0
        begin = self._erasing.begin_citizen if what == "erase_citizens_without_needs" else self._erasing.begin_need
        for erased_id in page:
            try:
                await begin(erased_id, "retention")
            except NothingToErase:  # somebody else was faster
                continue
            done += 1
        return done
