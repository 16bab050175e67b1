"""What the log says now: the open needs and vacancies, the policy and the day, read to the end offsets as matching restores them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from deploy.cli import output
from deploy.cli.exits import CommandError
from deploy.cli.packed import Packed
from services.matching.domain.terms import is_newer_policy
from services.matching.reading import read_need, read_vacancy
from shared.contracts.need import NeedProfile
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.log import end_offsets, read_to_end
from shared.messaging.records import Event, Unreadable, read_event
from shared.messaging.versions import is_newer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from datetime import date

    from deploy.cli.stack_state import StackState
    from shared.messaging.records import RawRecord
    from shared.messaging.versions import Position

_PROGRESS_SECONDS = 2.0

_State = TypeVar("_State", NeedProfile, Vacancy)


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of the log at the end offsets that it had when it was read."""

    needs: Mapping[str, NeedProfile]
    """Open needs by id: all, or those that were asked for. Each is made when it is looked at, for there may be a million."""
    vacancies: Mapping[str, Vacancy]
    """Open vacancies by id."""
    policy: Policy
    today: date
    """The latest day that intake has published, in Danish time."""
    unreadable: int
    """Records that this build cannot read: a vacancy counts as not open then, a need as it was before."""


async def read_state(stack: StackState, *, keep: Callable[[NeedProfile], bool] | None = None) -> LogState:
    """Read `settings`, `vacancies` and `need-profiles` to their ends, without a group; says on stderr how far it has come.

    Args:
        stack: where Kafka is, and how its topics are called.
        keep: which open needs are wanted; None: all. The others cost no memory but that of their ids and positions.

    Raises:
        NoTermsError: no policy or no day has been published yet.
        UnknownTopicOrPartitionError: a topic is not there.
    """
    reading = LogReading(keep)
    for name in LogReading.TOPICS:
        await _read(stack, name, partial(reading.take, name))
    return reading.state()


class NoTermsError(CommandError):
    """The log has no policy or no day: nothing can be judged."""


class LogReading:
    """Takes records, each topic's in its order, wherever they come from, and gives the state that they come to."""

    TOPICS: Final = ("settings", "vacancies", "need-profiles")

    def __init__(self, keep: Callable[[NeedProfile], bool] | None = None) -> None:
        self._settings = _Settings()
        self._vacancies = _Entities[Vacancy]({})
        self._needs = _Entities[NeedProfile](Packed(NeedProfile), keep)

    def take(self, topic: str, record: RawRecord) -> None:
        """Take in a record of one of `TOPICS`, by its logical name."""
        if topic == "settings":
            self._settings.take(record)
        elif topic == "vacancies":
            self._vacancies.take(read_vacancy(record), closes_unreadable=True)
        else:
            self._needs.take(read_need(record), closes_unreadable=False)

    def state(self, policy: Policy | None = None, today: date | None = None) -> LogState:
        """Give what it has come to.

        Args:
            policy: stands in where the records have none.
            today: likewise.

        Raises:
            NoTermsError: there is no policy or no day.
        """
        settings, vacancies, needs = self._settings, self._vacancies, self._needs
        known, day = settings.policy or policy, settings.today or today
        if known is None or day is None:
            raise NoTermsError("Intake has not published a policy and a day yet: `ledigplads status` says what is up.")
        unreadable = settings.unreadable + vacancies.unreadable + needs.unreadable
        return LogState(needs.open, vacancies.open, known, day, unreadable)


class _Settings:
    """The newest policy and the latest day: neither is ever left for an older one."""

    def __init__(self) -> None:
        self.policy: Policy | None = None
        self.today: date | None = None
        self.unreadable = 0
        self._positions: dict[str, Position] = {}

    def take(self, record: RawRecord) -> None:
        if record.key == POLICY_KEY:
            policy = self._news(read_event(record, Policy))
            if policy is not None and is_newer_policy(self.policy, policy):
                self.policy = policy
        elif record.key == TODAY_KEY:
            today = self._news(read_event(record, Today))
            if today is not None and (self.today is None or today.day > self.today):
                self.today = today.day

    def _news(self, event: Event[_Setting] | Unreadable) -> _Setting | None:
        if isinstance(event, Unreadable):
            self.unreadable += 1
            return None
        if not is_newer(self._positions.get(event.subject), event.position):
            return None
        self._positions[event.subject] = event.position
        return event.data


_Setting = TypeVar("_Setting", Policy, Today)


class _Entities(Generic[_State]):
    """The open ones of one topic, under the version rule."""

    def __init__(self, into: MutableMapping[str, _State], keep: Callable[[_State], bool] | None = None) -> None:
        self.open: MutableMapping[str, _State] = into
        self.unreadable = 0
        self._keep: Callable[[_State], bool] | None = keep
        self._positions: dict[str, Position] = {}

    def take(self, event: Event[_State] | Unreadable, *, closes_unreadable: bool) -> None:
        if isinstance(event, Unreadable):
            self.unreadable += 1
            if closes_unreadable and event.key is not None:
                self.open.pop(event.key, None)
                # As matching has it: the record before may be published again to mend this.
                if (seen := self._positions.get(event.key)) is not None:
                    self._positions[event.key] = (seen[0], seen[1] - 1)
            return
        if not is_newer(self._positions.get(event.subject), event.position):
            return
        self._positions[event.subject] = event.position
        state = event.data
        if state is not None and state.status == "open" and (self._keep is None or self._keep(state)):
            self.open[event.subject] = state
        else:
            self.open.pop(event.subject, None)


async def _read(stack: StackState, name: str, take: Callable[[RawRecord], None]) -> None:
    """Give each record of a topic to `take`; whoever waits long is told how far the reading has come."""
    topic = stack.names.topic(name)
    ends = await end_offsets(stack.bootstrap_servers, topic)
    reached = dict.fromkeys(ends, 0)
    next_line = time.monotonic() + _PROGRESS_SECONDS
    async for records in read_to_end(stack.bootstrap_servers, topic):
        for record in records:
            take(record)
            reached[record.at.partition] = record.at.offset + 1
        if time.monotonic() >= next_line:
            output.say(f"Læser {name}: {sum(reached.values())} af {sum(ends.values())}. / Reading {name}.")
            next_line = time.monotonic() + _PROGRESS_SECONDS
