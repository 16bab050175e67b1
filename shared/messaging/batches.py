"""What happens to one batch: the good records to the handler, the bad ones to the dead letters, then the commit."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from prometheus_client import Counter, Gauge

from shared.messaging.deadletters import DeadLetter, DeadLetterReason, DeadLetters
from shared.messaging.errors import PermanentError, is_passing
from shared.messaging.health import Check
from shared.messaging.policies import FusePolicy, RetryPolicy, blown_at, trailing
from shared.messaging.polling import poll
from shared.messaging.records import Coordinates, RawRecord, Unreadable, raw_record
from shared.messaging.topics import PARTNER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

log = structlog.get_logger(__name__)

T = TypeVar("T")

HANDLED = Counter("ledigplads_consumer_handled", "Records that a handler took", ["topic", "group"])
DEAD_LETTERED = Counter("ledigplads_consumer_dead_lettered", "Records sent to the dead letters", ["topic", "group", "reason"])
RETRIED = Counter("ledigplads_consumer_retried", "Attempts that failed in a passing way", ["topic", "group"])
LAG = Gauge("ledigplads_consumer_lag", "Records of a partition that its group has still to take", ["topic", "partition", "group"])

_POLL_MS = 500
_DEAD_AFTER_FAILURES = 3
"""Polls in a row that raise. While a broker is away a poll is empty; a consumer that raises each time does not recover."""


@dataclass(frozen=True, slots=True)
class _Poison:
    """Why a record goes to the dead letters."""

    reason: DeadLetterReason
    error_type: str


class _PutBack(Exception):  # noqa: N818 - not an error but a way out
    """The batch is to be read again."""


class _Blown(Exception):  # noqa: N818 - not an error but a way out
    """The fuse has blown; the run of failures begins at this index."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


class Intake(Generic[T]):
    """One group's reading of one topic (or of a pattern of them), from poll to commit.

    Offsets are committed after the handler and the dead letters, never before. A batch may be read twice (rebalance, crash, put
    back): handlers are idempotent.
    """

    def __init__(
        self,
        *,
        topic: str,
        group: str,
        read: Callable[[RawRecord], T | Unreadable],
        handler: Callable[[list[T]], Awaitable[None]],
        dead_letters: DeadLetters,
        retry: RetryPolicy,
        fuse: FusePolicy,
        stopping: asyncio.Event,
        max_records: int,
    ) -> None:
        self.topic = topic
        self.group = group
        self.name = f"{topic} as {group}"
        self._read = read
        self._handler = handler
        self._dead_letters = dead_letters
        self._retry = retry
        self._fuse = fuse
        self._stopping = stopping
        self._max_records = max_records
        self._undecodable: list[Coordinates] = []
        self._handled_to: dict[TopicPartition, int] = {}
        self._failures = 0
        self._failing_since: float | None = None
        self._trouble: str | None = None
        self._carried = 0
        self._blown: str | None = None
        self._give_back_at = 0.0
        self._failed_polls = 0
        self.on_dead_consumer: Callable[[], None] = lambda: None
        """Asked to give this reading another consumer, which ends the loop that polls the old one."""

    def check(self) -> Check:
        """Answer readiness."""
        if self._blown is not None:
            return Check(ok=False, detail=self._blown)
        if self._trouble is not None:
            seconds = 0 if self._failing_since is None else round(time.monotonic() - self._failing_since)
            return Check(ok=False, detail=f"trying again for {seconds} s: {self._trouble}")
        return Check(ok=True, detail="consuming")

    async def poll(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord[Any, Any], ...]:
        """Wait for the next batch; empty when there was none.

        Raises:
            ConsumerStoppedError: there will be none any more, which ends FastStream's loop.
        """
        if self._blown is not None:
            await self._stopping.wait()
        if self._stopping.is_set():
            raise ConsumerStoppedError
        self._report_lag(consumer)
        try:
            polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=self._max_records)
        except KafkaError as error:
            self._failing(error)
            await self._sleep()
            await self._give_up_a_dead_consumer()
            return ()
        self._failed_polls = 0
        self._undecodable = list(polled.undecodable)
        if self._undecodable and not polled.records:
            await self.take(consumer, ())
        elif not polled.records:
            self._recovered()
        return polled.records

    async def _give_up_a_dead_consumer(self) -> None:
        self._failed_polls += 1
        if self._failed_polls >= _DEAD_AFTER_FAILURES and not self._stopping.is_set():
            self._failed_polls = 0
            self.on_dead_consumer()
            await self._stopping.wait()

    async def take(self, consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Deal with a batch; afterwards it is committed, or put back, or the fuse has blown."""
        self._give_back_at = time.monotonic() + self._retry.in_place_seconds
        raw = [raw_record(record) for record in records]
        for record in raw:
            self._handled_to.setdefault(TopicPartition(record.at.topic, record.at.partition), record.at.offset)
        self._report_lag(consumer)
        batch = _Batch([self._read(record) for record in raw])
        try:
            end = await self._apply_up_to_the_fuse(batch)
            await self._bury(raw, batch, end)
        except _PutBack:
            self._put_back(consumer, raw)
            return
        await self._commit(consumer, raw[:end])
        self._recovered()
        HANDLED.labels(self.topic, self.group).inc(end - sum(1 for index in batch.poison if index < end))
        if end == len(raw):
            self._carried = trailing(set(batch.poison), len(raw), carried=self._carried)
        else:
            self._blow(raw[end], batch.poison[end])

    async def replay(self, record: RawRecord) -> bool:
        """Hand one record to the handler again; False if it still cannot be read. What the handler raises is the caller's."""
        item = self._read(record)
        if isinstance(item, Unreadable):
            return False
        await self._handler([item])
        return True

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop what is known of partitions that are another's now."""
        for partition in partitions:
            self._handled_to.pop(partition, None)
            with suppress(KeyError):
                LAG.remove(partition.topic, str(partition.partition), self.group)

    def forget_all(self) -> None:
        self.forget(list(self._handled_to))

    async def _apply_up_to_the_fuse(self, batch: _Batch[T]) -> int:
        """Hand over the good records; gives the index before which everything is settled."""
        limit = self._fuse.failures_in_a_row
        start = blown_at(set(batch.poison), len(batch.items), carried=self._carried, limit=limit)
        end = len(batch.items) if start is None else start
        try:
            await self._apply(batch, [index for index in range(end) if index not in batch.poison])
        except _Blown as blown:
            return blown.start
        return end

    async def _apply(self, batch: _Batch[T], indices: list[int]) -> None:
        """Hand records over; when they fail for good, halve until the one that does is alone."""
        if not indices:
            return
        error = await self._attempt(batch.good(indices))
        if error is None:
            return
        if len(indices) > 1:
            middle = len(indices) // 2
            await self._apply(batch, indices[:middle])
            await self._apply(batch, indices[middle:])
            return
        index = indices[0]
        reason: DeadLetterReason = "refused-by-handler" if isinstance(error, PermanentError) else "handler-failed"
        batch.poison[index] = _Poison(reason, type(error).__name__)
        start = blown_at(set(batch.poison), index + 1, carried=self._carried, limit=self._fuse.failures_in_a_row)
        if start is not None:
            raise _Blown(start)

    async def _attempt(self, items: list[T]) -> Exception | None:
        """Call the handler until it succeeds or fails for good; gives that failure."""
        while True:
            try:
                await self._handler(items)
            except Exception as error:  # noqa: BLE001 - what a handler raises decides about its records
                if not is_passing(error):
                    return error
                await self._wait_or_put_back(error)
            else:
                self._recovered()
                return None

    async def _bury(self, raw: list[RawRecord], batch: _Batch[T], end: int) -> None:
        """Write the dead letters before the commit; one that cannot be written is tried again, never left out."""
        for at in self._undecodable:
            letter = DeadLetter(at=at, group=self.group, reason="undecodable-record", error_type="UnicodeDecodeError", key=None)
            await self._write(letter)
        self._undecodable = []
        for index in sorted(index for index in batch.poison if index < end):
            await self._write(self._letter(raw[index], batch.poison[index]))

    def _letter(self, record: RawRecord, poison: _Poison) -> DeadLetter:
        if PARTNER in self.topic:
            # Key and headers are a stranger's own words, which may be about a citizen: where the record stands is enough.
            return DeadLetter(at=record.at, group=self.group, reason=poison.reason, error_type=poison.error_type, key=None)
        correlation = next((value for name, value in record.headers if name == "ce_correlationid" and value), None)
        return DeadLetter(
            at=record.at,
            group=self.group,
            reason=poison.reason,
            error_type=poison.error_type,
            key=record.key_bytes,
            correlation_id=correlation.decode(errors="replace") if correlation else None,
        )

    async def _write(self, letter: DeadLetter) -> None:
        while True:
            try:
                await self._dead_letters.write(self.topic, letter)
            except (KafkaError, OSError) as error:
                await self._wait_or_put_back(error, doing="its dead letters")
            else:
                DEAD_LETTERED.labels(self.topic, self.group, letter.reason).inc()
                log.error(
                    "record_dead_lettered",
                    topic=letter.at.topic,
                    partition=letter.at.partition,
                    offset=letter.at.offset,
                    group=self.group,
                    reason=letter.reason,
                    error_type=letter.error_type,
                    correlation_id=letter.correlation_id,
                )
                return

    async def _commit(self, consumer: AIOKafkaConsumer, records: Sequence[RawRecord]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            offsets[TopicPartition(record.at.topic, record.at.partition)] = record.at.offset + 1
        self._handled_to.update(offsets)
        if not offsets:
            return
        try:
            await consumer.commit(offsets)
        except KafkaError as error:
            # The partitions are another's now, or go with the next commit: at worst the records are read again.
            log.info("offsets_not_committed", topic=self.topic, group=self.group, error_type=type(error).__name__)

    def _put_back(self, consumer: AIOKafkaConsumer, records: Sequence[RawRecord]) -> None:
        first: dict[TopicPartition, int] = {}
        for record in records:
            first.setdefault(TopicPartition(record.at.topic, record.at.partition), record.at.offset)
        for at in self._undecodable:
            place = TopicPartition(at.topic, at.partition)
            first[place] = min(first.get(place, at.offset), at.offset)
        for place, offset in first.items():
            # A partition that has gone to another member is read there, from what was committed.
            if place in consumer.assignment():
                consumer.seek(place, offset)
        log.info("batch_put_back", topic=self.topic, group=self.group, failures=self._failures)

    def _blow(self, record: RawRecord, poison: _Poison) -> None:
        at = record.at
        self._blown = (
            f"fuse blown: {self._fuse.failures_in_a_row} records in a row cannot be taken, from {at.topic}/{at.partition}/{at.offset} on "
            f"({poison.reason}, {poison.error_type}); nothing of it is committed. Mend the cause and start the service again."
        )
        log.critical(
            "fuse_blown",
            topic=at.topic,
            partition=at.partition,
            offset=at.offset,
            group=self.group,
            reason=poison.reason,
            error_type=poison.error_type,
        )

    async def _wait_or_put_back(self, error: Exception, doing: str = "its handler") -> None:
        self._failing(error, doing)
        if self._stopping.is_set() or time.monotonic() >= self._give_back_at:
            raise _PutBack from error
        await self._sleep()
        if self._stopping.is_set():
            raise _PutBack from error

    def _failing(self, error: Exception, doing: str = "the broker") -> None:
        self._failures += 1
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        self._trouble = f"{doing}: {type(error).__name__}"
        RETRIED.labels(self.topic, self.group).inc()
        log.warning("consumer_held", topic=self.topic, group=self.group, trouble=self._trouble, failures=self._failures)

    def _recovered(self) -> None:
        if self._failures:
            log.info("consumer_recovered", topic=self.topic, group=self.group, failures=self._failures)
        self._failures, self._failing_since, self._trouble = 0, None, None

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._retry.backoff.seconds(self._failures))

    def _report_lag(self, consumer: AIOKafkaConsumer) -> None:
        for partition in consumer.assignment():
            end, handled_to = consumer.highwater(partition), self._handled_to.get(partition)
            if end is not None and handled_to is not None:
                LAG.labels(partition.topic, str(partition.partition), self.group).set(max(0, end - handled_to))


class _Batch(Generic[T]):
    """The records of one poll as they were read, and those that cannot be taken, by index."""

    def __init__(self, items: list[T | Unreadable]) -> None:
        self.items = items
        self.poison: dict[int, _Poison] = {
            index: _Poison(item.reason, item.error_type) for index, item in enumerate(items) if isinstance(item, Unreadable)
        }

    def good(self, indices: list[int]) -> list[T]:
        return [item for index in indices if not isinstance(item := self.items[index], Unreadable)]
