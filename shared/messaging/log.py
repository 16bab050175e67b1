"""Reading the log without a group: to its end for a restore, along its tail for ever, or one record."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, UnknownTopicOrPartitionError

from shared.messaging.backoff import Backoff
from shared.messaging.health import Check
from shared.messaging.polling import poll
from shared.messaging.records import RawRecord, raw_record
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

    from aiokafka import ConsumerRecord

    from shared.messaging.records import Coordinates

log = structlog.get_logger(__name__)

_POLL_MS = 500
_READ_ONE_SECONDS = 10.0


async def end_offsets(bootstrap: str, topic: str, partitions: Collection[int] | None = None) -> dict[int, int]:
    """Give, for each partition (all by default), the offset that the next record will have; as of now.

    Raises:
        UnknownTopicOrPartitionError: there is no such topic.
    """
    async with reader(bootstrap) as consumer:
        return await _ends(consumer, await _placed(consumer, topic, partitions))


async def read_to_end(
    bootstrap: str,
    topic: str,
    partitions: Collection[int] | None = None,
    *,
    start: Mapping[int, int] | None = None,
    max_records: int = 2000,
) -> AsyncIterator[list[RawRecord]]:
    """Read partitions (all by default) up to the end offsets that they have when this is called.

    Each batch is in the order of offsets within a partition; records written meanwhile may come too. Gaps left by compaction
    and empty partitions are no obstacle. `start` gives offsets to begin at, by partition.
    """
    async for records in read_batches(bootstrap, topic, partitions, start=start, max_records=max_records):
        yield [raw_record(record) for record in records]


async def read_batches(
    bootstrap: str,
    topic: str,
    partitions: Collection[int] | None = None,
    *,
    start: Mapping[int, int] | None = None,
    max_records: int = 2000,
) -> AsyncIterator[tuple[ConsumerRecord[Any, Any], ...]]:
    """Read as `read_to_end` does, but give aiokafka's own records: for a restore that counts microseconds."""
    async with reader(bootstrap) as consumer:
        placed = await _placed(consumer, topic, partitions)
        ends = await _ends(consumer, placed)
        consumer.assign(placed)
        await _seek(consumer, placed, start or {})
        while [place for place in placed if await consumer.position(place) < ends[place.partition]]:
            polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=max_records)
            if polled.records:
                yield polled.records


async def read_since(bootstrap: str, moments_ms: Mapping[str, int], *, max_records: int = 2000) -> AsyncIterator[list[RawRecord]]:
    """Read topics, each from its first record that says it is as young as a moment, up to the ends that they have when this is called.

    Args:
        bootstrap: the brokers.
        moments_ms: by topic, milliseconds of the epoch; records bear the time of their producer's clock.
        max_records: the largest batch.

    Raises:
        UnknownTopicOrPartitionError: one of the topics is not there.
    """
    if not moments_ms:
        return
    async with reader(bootstrap) as consumer:
        moments = {place: ms for topic, ms in moments_ms.items() for place in await _placed(consumer, topic, None)}
        found = await consumer.offsets_for_times(moments)
        begins = {place: first.offset for place, first in found.items() if first is not None}
        async for records in _read_on(consumer, begins, max_records):
            yield records


async def read_from(
    bootstrap: str, starts: Mapping[str, Mapping[int, int]], *, max_records: int = 2000
) -> AsyncIterator[list[RawRecord]]:
    """Read topics, each partition from an offset on, up to the ends that they have when this is called.

    Args:
        bootstrap: the brokers.
        starts: by topic and partition; a partition that is not named, or ends before, is read from its beginning.
        max_records: the largest batch.

    Raises:
        UnknownTopicOrPartitionError: one of the topics is not there.
    """
    if not starts:
        return
    async with reader(bootstrap) as consumer:
        placed = [place for topic in starts for place in await _placed(consumer, topic, None)]
        beginnings, ends = await consumer.beginning_offsets(placed), await consumer.end_offsets(placed)
        begins = {}
        for place in placed:
            start = starts[place.topic].get(place.partition, 0)
            begins[place] = start if beginnings[place] <= start <= ends[place] else beginnings[place]
        async for records in _read_on(consumer, begins, max_records):
            yield records


async def _read_on(
    consumer: AIOKafkaConsumer, begins: Mapping[TopicPartition, int], max_records: int
) -> AsyncIterator[list[RawRecord]]:
    # aiokafka cancels whoever asks it about no partition at all.
    ends = await consumer.end_offsets(list(begins)) if begins else {}
    left = {place for place, offset in begins.items() if offset < ends[place]}
    if not left:
        return
    consumer.assign(list(left))
    for place in left:
        consumer.seek(place, begins[place])
    while left := {place for place in left if await consumer.position(place) < ends[place]}:
        polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=max_records)
        if polled.records:
            yield [raw_record(record) for record in polled.records]


async def read_one(bootstrap: str, topic: str, partition: int, offset: int) -> RawRecord | None:
    """Read the record at an offset; None if it is gone, by compaction or retention, or was never there."""
    place = TopicPartition(topic, partition)
    async with reader(bootstrap) as consumer:
        try:
            placed = await _placed(consumer, topic, [partition])
        except UnknownTopicOrPartitionError:
            return None
        beginning = (await consumer.beginning_offsets(placed))[place]
        end = (await consumer.end_offsets(placed))[place]
        if not beginning <= offset < end:
            return None
        consumer.assign(placed)
        consumer.seek(place, offset)
        async with asyncio.timeout(_READ_ONE_SECONDS):
            while await consumer.position(place) <= offset:
                polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=1)
                for record in polled.records:
                    return raw_record(record) if record.offset == offset else None
    return None


@asynccontextmanager
async def reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer that belongs to no group and commits nothing."""
    consumer = AIOKafkaConsumer(
        **client_options(bootstrap),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=_POLL_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


class LogTail:
    """Follows all partitions of a topic from their beginning, without a group, for as long as it runs."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        handler: Callable[[list[RawRecord]], Awaitable[None]],
        *,
        max_records: int = 500,
        backoff: Backoff | None = None,
        on_undecodable: Callable[[Coordinates], None] | None = None,
    ) -> None:
        """Take the parts; `run` does the work.

        Args:
            bootstrap: the brokers.
            topic: name on the broker.
            handler: gets each batch, in the order of offsets within a partition; an error makes it get the same batch again.
            max_records: the largest batch.
            backoff: the delays after an error.
            on_undecodable: told of each record that aiokafka cannot decode, which is passed over.
        """
        self._on_undecodable = on_undecodable
        self._bootstrap = bootstrap
        self._topic = topic
        self._handler = handler
        self._max_records = max_records
        self._backoff = backoff or Backoff()
        self._failures = 0
        self._trouble: str | None = "not started"
        self._stopping = asyncio.Event()
        self.positions: dict[int, int] = {}
        """By partition, the offset after the last record that the handler has taken."""
        self.ends_at_start: dict[int, int] = {}
        self.caught_up = asyncio.Event()
        """Set once the positions have reached the end offsets that the topic had when `run` began."""

    async def run(self) -> None:
        """Follow until `stop`; a broker that is away is waited for."""
        while not self._stopping.is_set():
            try:
                async with reader(self._bootstrap) as consumer:
                    await self._follow(consumer)
            except (KafkaError, OSError, ConsumerStoppedError) as error:
                await self._trouble_with(error)

    def stop(self) -> None:
        """Ask `run` to end after the batch in hand."""
        self._stopping.set()

    def check(self) -> Check:
        """Answer readiness: well means caught up and not failing."""
        if self._trouble:
            return Check(ok=False, detail=self._trouble)
        if not self.caught_up.is_set():
            behind = sum(max(0, end - self.positions.get(number, 0)) for number, end in self.ends_at_start.items())
            return Check(ok=False, detail=f"restoring, {behind} offsets to go")
        return Check(ok=True, detail="following")

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        placed = await _placed(consumer, self._topic, None)
        if not self.ends_at_start:
            self.ends_at_start = await _ends(consumer, placed)
        consumer.assign(placed)
        await _seek(consumer, placed, self.positions)
        self._recovered()
        await self._note(consumer, placed)
        while not self._stopping.is_set():
            polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=self._max_records)
            if polled.records:
                await self._take([raw_record(record) for record in polled.records])
            if self._on_undecodable is not None:
                for at in polled.undecodable:
                    self._on_undecodable(at)
            await self._note(consumer, placed)

    async def _take(self, records: list[RawRecord]) -> None:
        while not self._stopping.is_set():
            try:
                await self._handler(records)
            except Exception as error:  # noqa: BLE001 - whatever it is, going on without the batch would be a hole in the state
                await self._trouble_with(error)
            else:
                self._recovered()
                return

    async def _note(self, consumer: AIOKafkaConsumer, placed: list[TopicPartition]) -> None:
        if self._stopping.is_set():
            return
        for place in placed:
            self.positions[place.partition] = await consumer.position(place)
        if all(self.positions.get(number, 0) >= end for number, end in self.ends_at_start.items()):
            self.caught_up.set()

    async def _trouble_with(self, error: Exception) -> None:
        self._failures += 1
        self._trouble = f"{self._topic}: {type(error).__name__}"
        log.warning("log_tail_held", topic=self._topic, error_type=type(error).__name__, failures=self._failures)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff.seconds(self._failures))

    def _recovered(self) -> None:
        self._failures, self._trouble = 0, None


async def _placed(consumer: AIOKafkaConsumer, topic: str, partitions: Collection[int] | None) -> list[TopicPartition]:
    known: set[int] | None = consumer.partitions_for_topic(topic)
    if known is None:
        # The consumer has metadata of the topics that it is asked for, not of all.
        await consumer._client.force_metadata_update()  # noqa: SLF001
        known = consumer.partitions_for_topic(topic)
    if known is None or (partitions is not None and not known.issuperset(partitions)):
        raise UnknownTopicOrPartitionError(topic)
    return [TopicPartition(topic, number) for number in sorted(known if partitions is None else partitions)]


async def _ends(consumer: AIOKafkaConsumer, placed: list[TopicPartition]) -> dict[int, int]:
    return {place.partition: end for place, end in (await consumer.end_offsets(placed)).items()}


async def _seek(consumer: AIOKafkaConsumer, placed: list[TopicPartition], start: Mapping[int, int]) -> None:
    beginnings = await consumer.beginning_offsets(placed)
    for place in placed:
        consumer.seek(place, max(beginnings[place], start.get(place.partition, 0)))
