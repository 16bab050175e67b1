"""A worker of one partition without a broker: it is told of things, and what it says is kept."""

import asyncio
from datetime import timedelta
from typing import Any

from services.matching.metrics import Metrics
from services.matching.service import Matching
from services.matching.speaking import Speaker
from shared.contracts.match import Match
from shared.contracts.need import NeedProfile
from shared.contracts.settings import Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import state_envelope
from shared.messaging.producing import KeyedRecord
from shared.messaging.records import Coordinates, Event
from tests.support.matching import TODAY, first_policy
from tests.support.matching_log import NOON
from tests.support.waiting import eventually

AT = Coordinates("any", 0, 0)


class Heard:
    """Takes what is published, and acknowledges it at once."""

    def __init__(self) -> None:
        self.matches: list[Match] = []

    async def publish_batch_no_wait(
        self, _topic: str, records: list[KeyedRecord], **_: object
    ) -> tuple[int, asyncio.Future[object]]:
        self.matches += [Match.model_validate_json(body) for _, body, _ in records if body is not None]
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return len(records), done


class Worker:
    """A worker of one partition, told of one thing after another."""

    def __init__(self) -> None:
        self.matching, self.heard = Matching(Metrics()), Heard()
        self.matching.policy_arrived(self._event("policy", first_policy(), 1))
        self.day(0)
        self.matching.assigned([0])
        partition = self.matching.partitions[0]
        partition.saw_claim(1, 0)
        assert partition.won(1, 0)
        self.matching.go_live(0)
        self.speaker = Speaker(self.matching, self.heard, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
        self.matching.on_unsaid = self.speaker.wake

    async def told(self, *one_after_another: Vacancy | NeedProfile) -> list[Match]:
        """Give what it says, having said each thing before it hears of the next."""
        running = asyncio.create_task(self.speaker.run())
        for thing in one_after_another:
            self.hears(thing)
            await eventually(lambda: not self.matching.partitions[0].unsaid and not self.matching.waiting)
        self.speaker.stop()
        await running
        return self.heard.matches

    async def says(self) -> list[Match]:
        """Give what it says of all that it has heard so far."""
        heard = len(self.heard.matches)
        self.speaker.stop()
        await self.speaker.run()
        return self.heard.matches[heard:]

    def hears(self, thing: Vacancy | NeedProfile) -> None:
        if isinstance(thing, Vacancy):
            self.matching.vacancies_arrived([self._event(thing.vacancy_id, thing, thing.version)])
        else:
            self.matching.needs_arrived(0, [self._event(thing.need_id, thing, thing.version)])

    def hears_at_once(self, vacancies: list[Vacancy]) -> None:
        """Hand over a burst: one batch."""
        self.matching.vacancies_arrived([self._event(one.vacancy_id, one, one.version) for one in vacancies])

    def policy(self, policy: Policy, version: int) -> None:
        self.matching.policy_arrived(self._event("policy", policy, version))

    def day(self, later: int) -> None:
        self.matching.today_arrived(self._event("today", Today(day=TODAY + timedelta(days=later)), later + 1))

    @staticmethod
    def _event(subject: str, data: Any, version: int) -> Event[Any]:
        envelope = state_envelope(
            entity="any", subject=subject, position=(1, version), time=NOON, source="intake", correlationid="test"
        )
        return Event(envelope, data, AT)
