"""`ledigplads simulate`: a market that moves, through the real ways in, and goes on when services are away.

Every event has a reference of its own and may be sent again safely, so what was not answered is sent until it is; only what
was answered counts as accepted.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import orjson
from aiokafka.errors import KafkaError

from deploy.simulate import people
from deploy.simulate.generator import Generator
from deploy.simulate.ledger import Accepted, Ledger
from deploy.simulate.offers import population
from deploy.simulate.partner_channel import PartnerChannel, Submission
from deploy.simulate.plan import Chooser, Item, Plan, Step
from deploy.simulate.ways_in import BATCH, AwayError, Intake, RefusedError, Service, to_json
from shared.contracts.drafts import NeedDraft, VacancyDraft
from shared.contracts.submission import VACANCY_SUBMITTED, VACANCY_WITHDRAWN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
    from datetime import date

    from deploy.simulate.ledger import Way
    from deploy.simulate.offers import Offer
    from deploy.simulate.ways_in import Answer
    from shared.messaging.topics import TopicNames

T = TypeVar("T")

PARTNER = "simulate"
_TICK_SECONDS = 0.05
_CALLS_AT_ONCE = 8
_RECEIPTS_AWAITED = 1000
_REPORT_EVERY_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What has been accepted so far, and what not."""

    published: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: int = 0
    """Answered with no: a reason was given."""
    retries: int = 0
    """Calls made again because a service or the broker was away."""
    unanswered: int = 0
    """Given up when the time for answers was over: it may have been accepted or not."""

    @property
    def accepted(self) -> int:
        return self.published + self.changed + self.withdrawn


_COUNTED = {"publish": "published", "change": "changed", "withdraw": "withdrawn"}


class Drive:
    """One run of a plan."""

    def __init__(
        self,
        plan: Plan,
        *,
        intake: Intake,
        operators: Service,
        notifications: Service,
        bootstrap: str,
        names: TopicNames,
        ledger: Ledger,
        day: date,
        progress: Callable[[str, Tally], None] = lambda _text, _tally: None,
    ) -> None:
        self._plan = plan
        self._intake = intake
        self._operators = operators
        self._notifications = notifications
        self._bootstrap = bootstrap
        self._names = names
        self._ledger = ledger
        self._progress = progress
        self._generator = Generator(plan.seed, f"sim-{plan.run}", day, plan.offers)
        self._chooser = Chooser(plan)
        self._room: dict[Way, asyncio.Semaphore] = {
            "http": asyncio.Semaphore(_CALLS_AT_ONCE),
            "kafka": asyncio.Semaphore(_RECEIPTS_AWAITED),
        }
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._failure: BaseException | None = None
        self._doing = "people and offers"
        self.tally = Tally()

    async def run(self) -> Tally:
        """Do the plan; afterwards wait for the answers that are still out. What is unanswered then is given up and counted.

        Raises:
            AwayError: a service did not answer at all, so that no event could be made.
            RefusedError: a service refused a call as a whole, which says that this client and it do not fit together.
        """
        async with self._reporting():
            await self._patiently(self._prepare())
            async with PartnerChannel(self._bootstrap, self._names, PARTNER) as partner:
                await self._register_needs()
                with suppress(TimeoutError):
                    # An event waits for room among those that are under way: for ever, if nobody came back.
                    async with asyncio.timeout(self._plan.duration_seconds + self._plan.patience_seconds):
                        await self._events(partner)
                self._doing = "waiting for the last answers"
                await self._last_answers()
        return self.tally

    async def _patiently(self, work: Coroutine[None, None, None]) -> None:
        try:
            await asyncio.wait_for(work, self._plan.patience_seconds)
        except TimeoutError:
            raise AwayError(f"Not all was answered within {self._plan.patience_seconds:g} s") from None

    @asynccontextmanager
    async def _reporting(self) -> AsyncIterator[None]:
        """Tell how it goes every second, and most of all while nothing goes."""

        async def report() -> None:
            while True:
                self._progress(self._doing, self.tally)
                await asyncio.sleep(_REPORT_EVERY_SECONDS)

        reporting = asyncio.create_task(report())
        try:
            yield
        finally:
            reporting.cancel()

    # --- before the events ---------------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        """Put in what the events need: people, the partner by whom all of it comes in, and its offers."""
        offers = [self._generator.offer(number) for number in range(self._plan.offers)]
        everyone = people.everyone(code for code, weight in population().items() if weight)
        declared = {
            "partner": PARTNER,
            "offers": [offer.offer_id for offer in offers],
            "kinds": ["offer", "vacancy", "need"],
            "municipalities": sorted({person.municipality for person in everyone}),
        }
        await self._until_done(partial(self._operators.call, "POST", "/operator/partners", orjson.dumps(declared)))
        async with asyncio.TaskGroup() as calls:
            for person in everyone:
                calls.create_task(self._put_person(person))
            for offer in offers:
                calls.create_task(self._put_offer(offer))

    async def _put_offer(self, offer: Offer) -> None:
        async with self._room["http"]:
            await self._until_done(partial(self._intake.put_offer, offer.offer_id, offer.draft))

    async def _put_person(self, person: people.Caseworker) -> None:
        body = orjson.dumps(
            {"mail": person.mail, "municipality": person.municipality, "team": person.team, "language": person.language}
        )
        path = f"/notifications/operator/people/{person.person_id}"
        async with self._room["http"]:
            await self._until_done(partial(self._notifications.call, "PUT", path, body))

    async def _register_needs(self) -> None:
        for start in range(0, self._plan.needs, BATCH):
            count = min(BATCH, self._plan.needs - start)
            await self._patiently(self._post([Step("publish", self._chooser.new("need")) for _ in range(count)]))
            self._doing = f"{start + count} of {self._plan.needs} needs"

    # --- the events ----------------------------------------------------------------------------------------------

    async def _events(self, partner: PartnerChannel) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        drawn = 0
        while (elapsed := loop.time() - begun) < self._plan.duration_seconds and self._failure is None:
            due = min(BATCH, int(elapsed * self._plan.rate) - drawn)
            if due > 0:
                drawn += due
                await self._start([self._chooser.next() for _ in range(due)], partner)
            self._doing = f"{elapsed:.0f} of {self._plan.duration_seconds:.0f} s"
            await asyncio.sleep(_TICK_SECONDS)

    async def _start(self, steps: Sequence[Step], partner: PartnerChannel) -> None:
        """Send what is due: one call for all that comes in by one way."""
        over_http = [step for step in steps if step.item.way == "http"]
        for entity in ("vacancy", "need"):
            rows = [step for step in over_http if step.item.entity == entity and step.kind != "withdraw"]
            if rows:
                await self._begin("http", len(rows), partial(self._post, rows))
        for step in steps:
            if step.item.way == "kafka":
                await self._begin("kafka", 1, partial(self._submit, step, partner))
            elif step.kind == "withdraw":
                await self._begin("http", 1, partial(self._close, step))

    async def _begin(self, way: Way, events: int, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Start one call when there is room for it: while a service is away, nothing piles up."""
        await self._room[way].acquire()
        task = asyncio.create_task(work())
        self._under_way[task] = events
        task.add_done_callback(partial(self._ended, way))

    def _ended(self, way: Way, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._room[way].release()
        if not task.cancelled():
            self._failure = self._failure or task.exception()

    async def _last_answers(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._plan.patience_seconds)
        late = dict(self._under_way)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        self._count(unanswered=sum(late.values()))
        if self._failure is not None:
            raise self._failure

    # --- the ways in ---------------------------------------------------------------------------------------------

    async def _post(self, steps: Sequence[Step]) -> None:
        """Publish or change over HTTP; all rows are of one kind of entity."""
        drafts = [self._draft(step) for step in steps]
        vacancies = [draft for draft in drafts if isinstance(draft, VacancyDraft)]
        needs = [draft for draft in drafts if isinstance(draft, NeedDraft)]
        rows = await self._until_done(
            lambda: self._intake.post_vacancies(vacancies) if vacancies else self._intake.post_needs(needs)
        )
        for step, row in zip(steps, rows, strict=True):
            if row["outcome"] == "rejected":
                self._count(refused=1)
            else:
                self._accept(step, str(row[f"{step.item.entity}_id"]), int(row["version"]))

    async def _close(self, step: Step) -> None:
        item = step.item
        close = self._intake.withdraw if item.entity == "vacancy" else self._intake.close_need
        try:
            answer = await self._until_done(partial(close, item.entity_id))
        except RefusedError:
            self._count(refused=1)
        else:
            self._accept(step, item.entity_id, int(answer["version"]))

    async def _submit(self, step: Step, partner: PartnerChannel) -> None:
        """Say it over Kafka, as a partner, and wait for the receipt."""
        item, reference = step.item, self._reference(step.item)
        withdrawn = step.kind == "withdraw"
        submission = Submission(
            id=f"{reference}-{item.revision + (step.kind != 'publish')}-{step.kind}",
            type=VACANCY_WITHDRAWN if withdrawn else VACANCY_SUBMITTED,
            key=reference,
            value=orjson.dumps({"reference": reference}) if withdrawn else to_json(self._draft(step)),
        )
        receipt = await (await self._until_done(partial(partner.send, submission)))
        if receipt.outcome == "rejected" or receipt.entity_id is None or receipt.version is None:
            self._count(refused=1)
        else:
            self._accept(step, receipt.entity_id, receipt.version)

    def _draft(self, step: Step) -> VacancyDraft | NeedDraft:
        item = step.item
        revision = item.revision + (step.kind == "change")
        make = self._generator.vacancy if item.entity == "vacancy" else self._generator.need
        return make(item.number, revision)

    def _reference(self, item: Item) -> str:
        return f"sim-{self._plan.run}-{item.entity[0]}{item.number:06d}"

    # --- the answers ---------------------------------------------------------------------------------------------

    def _accept(self, step: Step, entity_id: str, version: int) -> None:
        item = step.item
        item.entity_id, item.version = entity_id, version
        item.revision += step.kind != "publish"
        closed = step.kind == "withdraw"
        self._ledger.write(
            Accepted(item.entity, entity_id, self._reference(item), version, "closed" if closed else "open", item.way)
        )
        self._count(**{_COUNTED[step.kind]: 1})
        if not closed:
            self._chooser.give_back(item)

    def _count(self, **more: int) -> None:
        self.tally = replace(self.tally, **{name: getattr(self.tally, name) + count for name, count in more.items()})

    async def _until_done(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call until it is answered, with a growing pause while nobody does."""
        pause = _FIRST_RETRY_SECONDS
        while True:
            try:
                return await call()
            except (AwayError, KafkaError, OSError):
                self._count(retries=1)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_SECONDS)


def describe(tally: Tally, seconds: float) -> Answer:
    """Give the tally as the command line prints it."""
    counts = {name: getattr(tally, name) for name in Tally.__slots__}
    return {
        "accepted": tally.accepted,
        **counts,
        "seconds": round(seconds, 1),
        "rate": round(tally.accepted / max(seconds, 0.001), 1),
    }
