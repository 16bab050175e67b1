"""Reading the compacted topics again from their beginning after a long absence; what does not show then is erased."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
    UnknownMemberIdError,
)

from services.notifications.domain.absence import has_reached, was_away_too_long
from shared.messaging.errors import is_passing
from shared.messaging.groups import committed_offsets
from shared.messaging.log import end_offsets
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from services.notifications.store import Readings, Store
    from shared.messaging.topics import TopicNames

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 60.0
_LOOK_WHILE_REREADING_SECONDS: Final = 1.0
_TRIES: Final = 30
_COORDINATOR_SECONDS: Final = 30.0
_COORDINATOR_AGAIN_SECONDS: Final = 0.2


class StillReadError(Exception):
    """The database was away too long, yet the group has members that go on from where it stopped: stop them first."""


class GroupPosition:
    """Where the service's group stands in a topic."""

    def __init__(self, bootstrap_servers: str, names: TopicNames, group: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._names = names
        self._group = names.group(group)

    async def committed(self, topic: str) -> dict[int, int]:
        """Give the committed offsets by partition; a broker that has just been started has no coordinator for a moment."""
        async with asyncio.timeout(_COORDINATOR_SECONDS):
            while True:
                try:
                    return await committed_offsets(self._bootstrap_servers, self._group, self._names.topic(topic))
                except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
                    await asyncio.sleep(_COORDINATOR_AGAIN_SECONDS)

    async def ends(self, topic: str) -> list[int]:
        ends = await end_offsets(self._bootstrap_servers, self._names.topic(topic))
        return [ends[partition] for partition in sorted(ends)]

    async def rewind(self, topic: str) -> bool:
        """Put the group back to the first records; False where it has members, who are reading already."""
        consumer = AIOKafkaConsumer(**client_options(self._bootstrap_servers), group_id=self._group, enable_auto_commit=False)
        try:
            await consumer.start()
            places = [TopicPartition(self._names.topic(topic), number) for number in range(len(await self.ends(topic)))]
            consumer.assign(places)
            await consumer.commit(await consumer.beginning_offsets(places))
        except (CommitFailedError, UnknownMemberIdError):
            return False
        finally:
            await consumer.stop()
        return True


class Rereading:
    """Knows of each topic how fresh the database is, and has it read again where that is too long ago.

    Args:
        store: the service's database.
        position: where the group stands.
        clock: gives the moment.
        topics: logical names.
    """

    def __init__(self, store: Store, position: GroupPosition, clock: Callable[[], datetime], topics: tuple[str, ...]) -> None:
        self._store = store
        self._position = position
        self._clock = clock
        self._topics = topics
        self._under_way: set[str] = set()
        self._cut_off: set[str] = set()

    def is_under_way(self, topic: str) -> bool:
        """Say whether handlers are to note what has shown."""
        return topic in self._under_way

    async def check(self) -> tuple[bool, str]:
        """Answer readiness."""
        if self._cut_off:
            names = ", ".join(sorted(self._cut_off))
            return False, f"was cut off from {names} for more than 3 days; start the service again: it then reads all"
        if self._under_way:
            return True, f"reading again after a long absence: {', '.join(sorted(self._under_way))}"
        return True, "fresh"

    async def begin(self) -> None:
        """Look before the first record is read: rewind where the database was away too long, or never read at all."""
        async with self._store.one_at_a_time() as readings:
            for topic in self._topics:
                fresh_at = await readings.fresh_at(topic)
                if fresh_at is None and not await self._position.committed(topic):
                    await readings.mark_fresh(topic, self._clock())
                elif fresh_at is None or was_away_too_long(fresh_at, self._clock()):
                    await self._read_again(readings, topic, fresh_at)

    async def _read_again(self, readings: Readings, topic: str, fresh_at: datetime | None) -> None:
        """Rewind the group; where it has members, another replica is reading, from the beginning or because it was never away."""
        until = await self._position.ends(topic)
        for _ in range(_TRIES):
            if await self._position.rewind(topic):
                await readings.begin(topic, until, self._clock())
                break
            if fresh_at is None:
                await readings.mark_fresh(topic, self._clock())
                return
            if await readings.until(topic) is not None:
                break
            await asyncio.sleep(_LOOK_WHILE_REREADING_SECONDS)  # a member that died is still counted for a while
        else:
            raise StillReadError(topic)
        self._under_way.add(topic)
        _log.warning("topic_read_again", topic=topic, fresh_at=None if fresh_at is None else str(fresh_at))

    async def run(self) -> None:
        """Note how fresh the database is, and end what is under way, until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.sleep(_LOOK_WHILE_REREADING_SECONDS if self._under_way else _LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:
                if not is_passing(error) and not isinstance(error, KafkaError):
                    raise
                _log.info("readings_not_looked_at", error_type=type(error).__name__)

    async def look(self) -> None:
        for topic in self._topics:
            if topic in self._under_way:
                await self._end(topic, await self._position.committed(topic))
            elif topic not in self._cut_off:
                ends = await self._position.ends(topic)
                if has_reached(ends, await self._position.committed(topic)):
                    await self._note_fresh(topic)

    async def _note_fresh(self, topic: str) -> None:
        now = self._clock()
        async with self._store.one_at_a_time() as readings:
            fresh_at = await readings.fresh_at(topic)
            if fresh_at is not None and was_away_too_long(fresh_at, now):
                self._cut_off.add(topic)
                _log.critical("topic_cut_off", topic=topic, fresh_at=str(fresh_at), remedy="start the service again")
                return
            await readings.mark_fresh(topic, now)

    async def _end(self, topic: str, committed: Mapping[int, int]) -> None:
        async with self._store.one_at_a_time() as readings:
            until = await readings.until(topic)
            if until is not None and not has_reached(until, committed):
                return
            erased = await readings.end(topic, self._clock())
        self._under_way.discard(topic)
        _log.warning("topic_was_read_again", topic=topic, erased=erased)
