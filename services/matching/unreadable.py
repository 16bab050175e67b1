"""Records that this build cannot read become dead letters once, although every worker reads every vacancy and every restart reads all.

The worker that owns the partition of needs whose number is the record's offset, modulo their count, is the one that writes, and it
looks first at what the dead letters hold already.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from aiokafka.errors import KafkaError

from shared.messaging.backoff import Backoff
from shared.messaging.deadletters import DeadLetter, DeadLetters, read_dead_letter
from shared.messaging.log import read_to_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.messaging.records import Coordinates, Unreadable
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)


class Unreadables:
    """Collects unreadable records and writes the dead letters of those that fall to this worker."""

    def __init__(
        self,
        bootstrap: str,
        names: TopicNames,
        dead_letters: DeadLetters,
        *,
        group: str,
        is_mine: Callable[[int], bool],
    ) -> None:
        """Take the parts; `run` does the work.

        Args:
            bootstrap: the brokers.
            names: the prefix.
            dead_letters: writes them.
            group: logical name of the reading group.
            is_mine: says of a record's offset whether this worker is to write its dead letter.
        """
        self._bootstrap = bootstrap
        self._names = names
        self._dead_letters = dead_letters
        self._group = group
        self._is_mine = is_mine
        self._waiting: dict[Coordinates, tuple[str, DeadLetter]] = {}
        self._awake = asyncio.Event()
        self._backoff = Backoff()

    def add(self, topic: str, unreadable: Unreadable) -> None:
        """Note a record of a topic (logical name) that cannot be read."""
        key = unreadable.key_bytes if unreadable.key_bytes is not None else (unreadable.key or "").encode() or None
        self._note(topic, DeadLetter(unreadable.at, self._group, unreadable.reason, unreadable.error_type, key))

    def add_undecodable(self, topic: str, at: Coordinates) -> None:
        """Note a record of a topic (logical name) of which nothing but its place can be had."""
        self._note(topic, DeadLetter(at, self._group, "undecodable-record", "UnicodeDecodeError", None))

    def _note(self, topic: str, letter: DeadLetter) -> None:
        at = letter.at
        log.warning("record_unreadable", topic=topic, partition=at.partition, offset=at.offset, reason=letter.reason)
        self._waiting[at] = (topic, letter)
        self._awake.set()

    def owners_changed(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Write dead letters until cancelled."""
        failures = 0
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._write_mine()
                failures = 0
            except (KafkaError, OSError) as error:
                failures += 1
                log.warning("dead_letters_held", error_type=type(error).__name__, failures=failures)
                self._awake.set()
                await asyncio.sleep(self._backoff.seconds(failures))

    async def _write_mine(self) -> None:
        mine = {at: found for at, found in self._waiting.items() if self._is_mine(at.offset)}
        for topic in {topic for topic, _ in mine.values()}:
            there = await self._already_there(topic)
            for at, (of_topic, letter) in mine.items():
                if of_topic == topic:
                    if at not in there:
                        await self._dead_letters.write(topic, letter)
                    with suppress(KeyError):
                        del self._waiting[at]

    async def _already_there(self, topic: str) -> set[Coordinates]:
        there: set[Coordinates] = set()
        async for batch in read_to_end(self._bootstrap, self._names.dead_letters(topic, self._group)):
            there |= {letter.at for record in batch if (letter := read_dead_letter(record)) is not None}
        return there
