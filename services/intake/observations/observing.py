"""What somebody found who asked for a place: told, shown to the offer, objected to, counted, and published with the offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from services.intake.domain.authority import may_send, may_speak_for, own_offers
from services.intake.domain.commands import CountTruth
from services.intake.domain.observations import (
    Observation,
    Tally,
    Told,
    next_change,
    object_to,
    observe,
    rule_on,
    standing,
    tally,
    truth,
    withdraw_objection,
)
from services.intake.domain.outcomes import Rejected, rejected
from services.intake.service import Request, log_changes
from services.intake.timers import danish_day
from shared.messaging import outbox
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from services.intake.domain.authority import Caller
    from services.intake.domain.observations import Finding, Objection, ObservationRules, Ruling, Standing
    from services.intake.observations.store import ObservationStore
    from services.intake.service import Intake
    from services.intake.store import Change, Store
    from shared.database import Connection

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation as it stands now. `is_new`: it was told by this very call."""

    offer_id: str
    observation: Observation
    standing: Standing
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class TruthRecord:
    """An offer's record: what counts now, and a page of its observations, the newest first."""

    counted: Tally
    page: tuple[Observed, ...]


_Change: TypeAlias = "Callable[[Observation, datetime], Observation | Rejected]"


class Observing:
    """Keeps the truth record of every offer."""

    def __init__(
        self,
        intake: Intake,
        store: Store,
        observations: ObservationStore,
        rules: ObservationRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._store = store
        self._observations = observations
        self._rules = rules
        self._clock = clock

    @property
    def rules(self) -> ObservationRules:
        """The numbers of the formula."""
        return self._rules

    async def observe(self, vacancy_id: str, finding: Finding, asked_at: datetime | None, caller: Caller) -> Observed | Rejected:
        """Take what somebody found; the same observer's second word on the same posting that day changes nothing."""
        if refused := may_send(caller, "need"):
            return Rejected(tuple(refused))
        now = self._clock()
        told = Told(finding, asked_at or now, caller.name)

        async def work(connection: Connection) -> Observed | Rejected:
            return await self._observe(connection, vacancy_id, told, caller, now)

        return await self._store.in_transaction(work)

    async def _observe(
        self, connection: Connection, vacancy_id: str, told: Told, caller: Caller, now: datetime
    ) -> Observed | Rejected:
        found = await self._observations.posting(connection, vacancy_id)
        if found is None:
            return rejected("vacancy_not_found")
        offer_id, posting = found
        if posting is None:
            return rejected("vacancy_erased")
        if offer_id in own_offers(caller):
            return rejected("own_offer")
        count = await self._observations.open_record(connection, offer_id)
        new = observe(told, posting, count + 1, self._rules, now)
        if isinstance(new, Rejected):
            return new
        asked_day = danish_day(told.asked_at)
        if before := await self._observations.told_that_day(connection, vacancy_id, told.observer, asked_day):
            return Observed(offer_id, before, standing(before, now))
        await self._observations.add(connection, offer_id, new, asked_day)
        return Observed(offer_id, new, standing(new, now), is_new=True)

    async def record(self, offer_id: str, before: int | None, at_most: int, caller: Caller) -> TruthRecord | Rejected:
        """Show an offer what was found of its postings, from the first moment on."""
        if refused := may_speak_for(caller, offer_id, "offer_id"):
            return Rejected(tuple(refused))
        now = self._clock()

        async def work(connection: Connection) -> TruthRecord | Rejected:
            if not await self._observations.offer_is_known(connection, offer_id):
                return rejected("offer_not_found", "offer_id")
            all_of_it = (await self._observations.since(connection, [offer_id], now - self._rules.window))[offer_id]
            page = await self._observations.page(connection, offer_id, before, at_most)
            shown = tuple(Observed(offer_id, one, standing(one, now)) for one in page)
            return TruthRecord(tally(all_of_it, now, self._rules.window), shown)

        return await self._store.in_transaction(work)

    async def object(self, offer_id: str, number: int, why: Objection, caller: Caller) -> Observed | Rejected:
        """Take an offer's objection: until somebody has ruled on it, the observation does not count."""
        return await self._change(offer_id, number, lambda one, now: object_to(one, why, now), caller)

    async def withdraw(self, offer_id: str, number: int, caller: Caller) -> Observed | Rejected:
        """Take an objection back."""
        return await self._change(offer_id, number, lambda one, _: withdraw_objection(one), caller)

    async def rule(self, offer_id: str, number: int, ruling: Ruling) -> Observed | Rejected:
        """Let an operator say who is right."""
        return await self._change(offer_id, number, lambda one, _: rule_on(one, ruling), None)

    async def _change(self, offer_id: str, number: int, change: _Change, caller: Caller | None) -> Observed | Rejected:
        refused = [] if caller is None else [*may_send(caller, "offer"), *may_speak_for(caller, offer_id, "offer_id")]
        if refused:
            return Rejected(tuple(refused))
        now = self._clock()

        async def work(connection: Connection) -> Observed | Rejected:
            await self._observations.lock_record(connection, offer_id)
            before = await self._observations.one(connection, offer_id, number)
            if before is None:
                return rejected("observation_not_found")
            after = change(before, now)
            if isinstance(after, Rejected):
                return after
            if after != before:
                await self._observations.save_objection(connection, offer_id, after, now)
            return Observed(offer_id, after, standing(after, now))

        return await self._store.in_transaction(work)

    async def count(self) -> int:
        """Count again what may have changed, and publish the offers whose record did; says how many."""
        published = 0
        while True:
            counted, changes = await self._store.in_transaction(self._count_some)
            log_changes(changes)
            published += len(changes)
            if counted < _AT_ONCE:
                return published

    async def _count_some(self, connection: Connection) -> tuple[int, list[Change]]:
        now = self._clock()
        due = await self._observations.due(connection, now, _AT_ONCE)
        if not due:
            return 0, []
        found = await self._observations.since(connection, due, now - self._rules.window)
        requests = [
            Request(
                CountTruth(offer_id, truth(tally(found[offer_id], now, self._rules.window), danish_day(now))),
                new_correlation_id(),
            )
            for offer_id in due
        ]
        _, changes, messages = await self._intake.decide(connection, requests, now)
        await outbox.add(connection, messages)
        await self._observations.set_recounts(
            connection, {offer_id: next_change(found[offer_id], now, self._rules.window) for offer_id in due}
        )
        return len(due), changes
