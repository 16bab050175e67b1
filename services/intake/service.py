"""What intake does: every change is decided on locked rows, stored, and put into the outbox, in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from services.intake.domain import vacancies
from services.intake.domain.authority import ANYONE, Caller, refusals
from services.intake.domain.commands import Command, EraseVacancy, ExpireVacancy, RemindVacancy
from services.intake.domain.conditions import UNCONDITIONAL, Condition, Position
from services.intake.domain.deciding import decide
from services.intake.domain.freshness import Freshness, Moment
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, rejected
from services.intake.domain.states import ErasedNeed, NeedState, OfferState, VacancyState
from services.intake.domain.targets import target_of
from services.intake.domain.wanted import wanted
from services.intake.idempotency import AnsweredRequests
from services.intake.ids import new_id, new_ids
from services.intake.publishing import body_of, envelope, message, topic_of
from services.intake.sheets.tidying import OldSheets
from services.intake.store import Change, Setting
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Today
from shared.messaging import outbox
from shared.messaging.outbox import OutboxMessage
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date, datetime

    from services.intake.domain.books import Books
    from services.intake.domain.states import ErasedVacancy
    from services.intake.idempotency import Answer, Once
    from services.intake.store import Store
    from shared.contracts.settings import Policy
    from shared.database import Connection

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500
_DECIDED_IN_A_ROW: Final = 50
_REMEMBER_RECEIPTS: Final = timedelta(days=30)
"""Well beyond the 7 days that a submission stays on its topic."""

_REMEMBER_ANSWERS: Final = timedelta(days=7)
"""How long a request with an Idempotency-Key may be sent again."""

_REMEMBER_SHEETS: Final = timedelta(days=14)
"""How long a sheet that broke off may be gone on with."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something somebody wants, or why it could not even be read."""

    command: Command | Rejected
    correlation_id: str
    caller: Caller = ANYONE
    condition: Condition = UNCONDITIONAL


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of some requests, in one transaction.

    Attributes:
        outcomes: one per request.
        positions: (epoch, version) of what each request is about, as it stands now; None: there is no such thing.
        changes: what was stored.
        messages: to be put into the outbox in the same transaction.
    """

    outcomes: list[Outcome]
    positions: list[Position | None]
    changes: list[Change]
    messages: list[OutboxMessage]


class Intake:
    """The system of record of offers, vacancies and needs."""

    def __init__(self, store: Store, clock: Callable[[], datetime], freshness: Freshness, policies: Sequence[Policy]) -> None:
        self._store = store
        self._clock = clock
        self._freshness = freshness
        self._policies = policies
        self._answered = AnsweredRequests()
        self._old_sheets = OldSheets()

    def new_id(self) -> str:
        """Make an id for a vacancy or a need."""
        return new_id(self._clock())

    def new_ids(self, count: int) -> list[str]:
        """Make as many ids as there are rows."""
        return new_ids(self._clock(), count)

    async def change(self, requests: Sequence[Request]) -> list[Outcome]:
        """Decide, store and publish; all in one transaction, each request on top of those before it."""
        now = self._clock()

        async def work(connection: Connection) -> tuple[list[Outcome], list[Change]]:
            outcomes, changes, messages = await self.decide(connection, requests, now)
            await outbox.add(connection, messages)
            return outcomes, changes

        outcomes, changes = await self._store.in_transaction(work)
        log_changes(changes)
        return outcomes

    async def answer(
        self, requests: Sequence[Request], tell: Callable[[Settled], Answer], once: Once | None = None
    ) -> tuple[Answer, bool]:
        """Change as `change` does, and tell what became of it; with a key only once, however often it is asked.

        Args:
            requests: what is wanted.
            tell: makes the answer.
            once: the answer is stored in the same transaction, and given again to the same request.

        Returns:
            The answer, and whether it was given before.

        Raises:
            KeyInUse: the same is being answered at this moment.
            KeyReused: the key was given to another request.
        """
        now = self._clock()

        async def work(connection: Connection) -> tuple[Answer, list[Change], bool]:
            if once is not None and (given := await self._answered.given(connection, once)) is not None:
                return given, [], True
            settled = await self.settle(connection, requests, now)
            await outbox.add(connection, settled.messages)
            answer = tell(settled)
            if once is not None:
                await self._answered.save(connection, once, answer, now)
            return answer, settled.changes, False

        answer, changes, is_old = await self._store.in_transaction(work)
        log_changes(changes)
        return answer, is_old

    async def decide(
        self, connection: Connection, requests: Sequence[Request], now: datetime
    ) -> tuple[list[Outcome], list[Change], list[OutboxMessage]]:
        """Decide and store inside the caller's transaction; what comes back is to be put into the outbox there."""
        settled = await self.settle(connection, requests, now)
        return settled.outcomes, settled.changes, settled.messages

    async def settle(self, connection: Connection, requests: Sequence[Request], now: datetime) -> Settled:
        """Decide and store, as `decide` does, and tell where each thing stands then."""
        books = await self._store.open_books(connection, wanted([request.command for request in requests]))
        moment = self._moment(now)
        outcomes: list[Outcome] = []
        changes: list[Change] = []
        for place, request in enumerate(requests, start=1):
            outcome = _decided(request, books, moment)
            outcomes.append(outcome)
            if isinstance(outcome, Accepted):
                _note(outcome, request.correlation_id, books, changes)
            if place % _DECIDED_IN_A_ROW == 0:
                await asyncio.sleep(0)  # whoever posts one by one need not wait for the whole of a batch
        await self._follow_offers(connection, outcomes, books, changes)
        epochs = await self._store.save(connection, changes, now)
        books.epochs |= epochs
        positions = [_position(request, outcome, books) for request, outcome in zip(requests, outcomes, strict=True)]
        messages = [message(change, epochs[change.state.entity_id], now) for change in changes]
        return Settled(outcomes, positions, changes, messages)

    async def _follow_offers(
        self, connection: Connection, outcomes: Sequence[Outcome], books: Books, changes: list[Change]
    ) -> None:
        """Publish the vacancies of changed offers again: they carry the offer's name, place, contact and protection."""
        changed = {
            outcome.state.entity_id: next(change.correlation_id for change in changes if change.state is outcome.state)
            for outcome in outcomes
            if isinstance(outcome, Accepted) and isinstance(outcome.state, OfferState) and not outcome.created
        }
        if not changed:
            return
        known: dict[str, VacancyState | ErasedVacancy] = {
            stored.entity_id: stored for stored in await self._store.vacancies_of_offers(connection, changed)
        }
        # In the books is what this batch has changed, and what it has announced: that is stored only after this.
        for _, current in sorted((known | books.vacancies).items()):
            if not isinstance(current, VacancyState) or current.vacancy.offer_id not in changed:
                continue
            offer_id = current.vacancy.offer_id
            outcome = vacancies.follow_offer(current, books.offers[offer_id])
            if isinstance(outcome, Accepted):
                _note(outcome, changed[offer_id], books, changes)

    async def expire(self) -> int:
        """Close the vacancies that nobody confirmed in time; says how many."""
        return await self._for_all(ExpireVacancy, lambda: self._store.expired_vacancies(self._clock(), _AT_ONCE))

    async def remind(self) -> int:
        """Ask the offers to confirm the vacancies that expire soon; says how many."""
        return await self._for_all(RemindVacancy, lambda: self._store.vacancies_to_remind(self._clock(), _AT_ONCE))

    async def tidy(self) -> int:
        """Erase the vacancies that have been closed for long, and forget old receipts; says how many vacancies."""
        now = self._clock()
        closed_before = now - self._freshness.keep_closed
        erased = await self._for_all(EraseVacancy, lambda: self._store.vacancies_closed_before(closed_before, _AT_ONCE))
        await self._store.forget_receipts(now - _REMEMBER_RECEIPTS)
        await self._store.in_transaction(partial(self._answered.forget, before=now - _REMEMBER_ANSWERS))
        await self._store.in_transaction(partial(self._old_sheets.forget, before=now - _REMEMBER_SHEETS))
        return erased

    async def _for_all(self, command: Callable[[str], Command], due: Callable[[], Awaitable[Sequence[str]]]) -> int:
        """Do what is due page by page, until nothing is due; says to how many something was done."""
        done = 0
        while ids := await due():
            outcomes = await self.change([Request(command(vacancy_id), new_correlation_id()) for vacancy_id in ids])
            page = sum(isinstance(outcome, Accepted) for outcome in outcomes)
            if not page:  # others were faster with all of them, or it is not due after all: the next look tells
                break
            done += page
        return done

    def _moment(self, now: datetime) -> Moment:
        moment = Moment(now, self._freshness)
        policies = self._policies_on(moment.day)
        return replace(moment, pension_ages=policies[-1].pension_ages if policies else ())

    def _policies_on(self, day: date) -> list[Policy]:
        """Give the policies that are valid from a day or earlier, the one in force last."""
        return sorted((known for known in self._policies if known.valid_from <= day), key=lambda known: known.valid_from)

    async def publish_settings(self, today: date) -> list[str]:
        """Publish the policy of the day and the day itself, where they are not what was last published; says which."""
        now = self._clock()
        policy = self._policies_on(today)[-1]
        wanted = {
            POLICY_KEY: policy.model_dump_json().encode(),
            TODAY_KEY: Today(day=today).model_dump_json().encode(),
        }

        async def work(connection: Connection) -> list[str]:
            stored = await self._store.settings_locked(connection)
            published = []
            for key, body in wanted.items():
                version, last = stored.get(key, (0, None))
                if body == last:
                    continue
                setting = Setting(key, version + 1, body, new_correlation_id())
                epoch = await self._store.save_setting(connection, setting, now)
                headers = envelope("settings", key, (epoch, setting.version), now, setting.correlation_id).to_headers()
                await outbox.add(connection, [OutboxMessage("settings", key, headers, body)])
                published.append(key)
            return published

        published = await self._store.in_transaction(work)
        for key in published:
            log.info("setting_published", setting=key, day=today.isoformat(), policy=policy.hash())
        return published


def log_changes(changes: Sequence[Change]) -> None:
    """Say what was accepted, each with the id of its matter, which goes on to the alert.

    A need's own id stays out of the log, which cannot be made to forget it.
    """
    for change in changes:
        is_need = isinstance(change.state, NeedState | ErasedNeed)
        log.info(
            "accepted",
            topic=topic_of(change.state),
            entity_id=None if is_need else change.state.entity_id,
            version=change.state.version,
            correlation_id=change.correlation_id,
        )


def _decided(request: Request, books: Books, moment: Moment) -> Outcome:
    """Decide on one request, if its caller may want it; looked at on the locked rows, so that nothing changes in between."""
    command = request.command
    if isinstance(command, Rejected):
        return command
    if refused := refusals(request.caller, command, books):
        return Rejected(tuple(refused))
    outcome = decide(command, books, moment)
    if isinstance(outcome, Rejected) or request.condition.holds(_stored_position(command, books)):
        return outcome  # what is refused anyway is refused for its own reason
    return rejected("exists_already", "If-None-Match") if request.condition.none_match else rejected("version_moved", "If-Match")


def _stored_position(command: Command, books: Books) -> Position | None:
    target = target_of(command, books)
    return None if target is None else books.position(target)


def _position(request: Request, outcome: Outcome, books: Books) -> Position | None:
    if not isinstance(outcome, Rejected):
        return books.position(outcome.state)
    return None if isinstance(request.command, Rejected) else _stored_position(request.command, books)


def _note(outcome: Accepted, correlation_id: str, books: Books, changes: list[Change]) -> None:
    books.write(outcome.state)
    changes.append(Change(outcome.state, body_of(outcome.state), correlation_id))
