"""Kafka in: settings and vacancies by every worker, needs by the group, and the worker's own output beside its needs.

Bare aiokafka, because the group decides here about partitions whose state must be restored before they are spoken for
(docs/decisions). Both `need-profiles` and `matches` have the same number of partitions, and the range assignor gives a member the
same numbers of both; so one consumer reads a partition of needs and what was said about them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, KafkaError

from services.matching.domain.causes import Cause
from services.matching.domain.partition import Phase
from services.matching.lean_reading import lean_head, lean_need
from services.matching.reading import read_need, read_vacancy
from services.matching.records import claim_record, is_under_epoch
from services.matching.service import Said
from shared.contracts.settings import POLICY_KEY, TODAY_KEY, Policy, Today
from shared.messaging.backoff import Backoff
from shared.messaging.envelope import Envelope, MalformedEnvelope
from shared.messaging.health import Check
from shared.messaging.log import LogTail
from shared.messaging.polling import poll
from shared.messaging.records import Event, RawRecord, Unreadable, raw_record, read_event
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from aiokafka import ConsumerRecord

    from services.matching.lean_reading import LeanEvent
    from services.matching.metrics import Metrics
    from services.matching.service import Matching
    from services.matching.unreadable import Unreadables
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy
    from shared.messaging.producing import Producer
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

GROUP: Final = "matching"
NEEDS: Final = "need-profiles"
MATCHES: Final = "matches"
VACANCIES: Final = "vacancies"
SETTINGS: Final = "settings"

_POLL_MS: Final = 500
_NEEDS_A_BATCH: Final = 500
_COMMIT_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
"""In a long restore the ends of a hundred partitions are not compared after each batch."""

_VACANCIES_A_BATCH: Final = 500


class SettingsReader:
    """Follows the policy and the day."""

    def __init__(self, bootstrap: str, names: TopicNames, matching: Matching, unreadables: Unreadables) -> None:
        self._matching = matching
        self._unreadables = unreadables
        undecodable = partial(unreadables.add_undecodable, SETTINGS)
        self.tail = LogTail(bootstrap, names.topic(SETTINGS), self.on_records, on_undecodable=undecodable)

    async def on_records(self, records: list[RawRecord]) -> None:
        for record in records:
            self.apply(record)

    def apply(self, record: RawRecord) -> bool:
        """Take in one record; False if it cannot be read. A key that this build does not know is left alone."""
        event: Event[Policy] | Event[Today] | Unreadable
        if record.key == POLICY_KEY:
            event = read_event(record, Policy)
            if not isinstance(event, Unreadable):
                self._matching.policy_arrived(event)
        elif record.key == TODAY_KEY:
            event = read_event(record, Today)
            if not isinstance(event, Unreadable):
                self._matching.today_arrived(event)
        else:
            return True
        if isinstance(event, Unreadable):
            self._unreadables.add(SETTINGS, event)
            return False
        return True


class VacancyReader:
    """Follows all vacancies: every worker knows every open place."""

    def __init__(self, bootstrap: str, names: TopicNames, matching: Matching, unreadables: Unreadables) -> None:
        self._matching = matching
        self._unreadables = unreadables
        undecodable = partial(unreadables.add_undecodable, VACANCIES)
        self.tail = LogTail(
            bootstrap, names.topic(VACANCIES), self.on_records, max_records=_VACANCIES_A_BATCH, on_undecodable=undecodable
        )

    async def on_records(self, records: list[RawRecord]) -> None:
        events: list[Event[Vacancy]] = []
        for record in records:
            event = read_vacancy(record)
            if not isinstance(event, Unreadable):
                events.append(event)
                continue
            self._unreadables.add(VACANCIES, event)
            if self._restoring(record) and event.key:
                # In the order of the log: a good record may stand before it in this very batch.
                self._matching.vacancies_arrived(events)
                events = []
                self._matching.vacancy_unreadable_on_restore(event.key)
        self._matching.vacancies_arrived(events)
        await _let_others_run()

    def _restoring(self, record: RawRecord) -> bool:
        return record.at.offset < self.tail.ends_at_start.get(record.at.partition, 0)


class NeedReader(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Reads the worker's share of needs, and its own output, through every rebalance."""

    def __init__(
        self,
        bootstrap: str,
        names: TopicNames,
        matching: Matching,
        unreadables: Unreadables,
        producer: Producer,
        *,
        worker: int,
        session_timeout_ms: int,
        reclaim_seconds: float,
        metrics: Metrics,
    ) -> None:
        self._bootstrap = bootstrap
        self._names = names
        self._matching = matching
        self._unreadables = unreadables
        self._producer = producer
        self._member = f"{names.prefix}matching-{worker}"
        self._worker = f"matching-{worker}"
        self._session_timeout_ms = session_timeout_ms
        self._reclaim_seconds = reclaim_seconds
        self._metrics = metrics
        self._backoff = Backoff()
        self._failures = 0
        self._trouble: str | None = "not started"
        self._stopping = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        self._moved = asyncio.Condition()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._joined = False
        self._to_commit: dict[TopicPartition, int] = {}

    # --- looking -----------------------------------------------------------------------------------------------------

    def check(self) -> Check:
        """Answer readiness: a member of the group, and every owned partition live."""
        if self._trouble:
            return Check(ok=False, detail=self._trouble)
        if not self._joined:
            return Check(ok=False, detail="joining the group")
        behind = sorted(number for number, part in self._matching.partitions.items() if part.phase is not Phase.LIVE)
        if behind:
            partitions = self._matching.partitions.values()
            read = sum(len(part.needs) for part in partitions)
            return Check(ok=False, detail=f"restoring {len(behind)} of {len(partitions)} partitions, {read:,} needs read")
        if waiting := self._matching.waiting:
            return Check(ok=False, detail=f"scoring, {waiting} needs to go")
        return Check(ok=True, detail=f"{len(self._matching.partitions)} partitions live")

    # --- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read until `stop`; whatever goes wrong, it is said, and the same records are read again by a new consumer."""
        while not self._stopping.is_set():
            self._pause_all()
            consumer = self._make_consumer()
            try:
                await consumer.start()
                self._consumer = consumer
                consumer.subscribe([self._names.topic(NEEDS), self._names.topic(MATCHES)], listener=self)
                await self._read(consumer)
                await self._leave(consumer)
            except Exception as error:  # noqa: BLE001 - going on without a batch would be a hole in the state
                self._pause_all()
                await self._trouble_with(error)
            finally:
                self._consumer = None
                await consumer.stop()
        self._pause_all()

    def stop(self) -> None:
        """Ask `run` to end after the batch in hand."""
        self._stopping.set()

    def _make_consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **client_options(self._bootstrap),
            client_id=self._worker,
            group_id=self._names.group(GROUP),
            group_instance_id=self._member,
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=max(100, self._session_timeout_ms // 5),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_POLL_MS,
        )

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        next_commit = next_look = asyncio.get_running_loop().time() + _COMMIT_SECONDS
        while not self._stopping.is_set():
            polled = await poll(consumer, timeout_ms=_POLL_MS, max_records=_NEEDS_A_BATCH)
            self._failures, self._trouble = 0, None
            for at in polled.undecodable:
                self._unreadables.add_undecodable(self._names.logical(at.topic), at)
            self._take(polled.records)
            await _let_others_run()
            if len(polled.records) < _NEEDS_A_BATCH or asyncio.get_running_loop().time() >= next_look:
                next_look = asyncio.get_running_loop().time() + _LOOK_SECONDS
                await self._note_positions(consumer)
            if asyncio.get_running_loop().time() >= next_commit:
                next_commit = asyncio.get_running_loop().time() + _COMMIT_SECONDS
                await self._commit(consumer)

    def _take(self, records: Iterable[ConsumerRecord[Any, Any]]) -> None:
        by_place: dict[tuple[str, int], list[ConsumerRecord[Any, Any]]] = defaultdict(list)
        for record in records:
            by_place[record.topic, record.partition].append(record)
        for (topic, number), batch in by_place.items():
            partition = self._matching.partitions.get(number)
            if partition is None:
                continue
            end = batch[-1].offset + 1
            if topic == self._names.topic(MATCHES):
                self._take_said(number, [record for record in batch if record.offset >= partition.said_offset])
                partition.said_offset = max(partition.said_offset, end)
            else:
                news = [record for record in batch if record.offset >= partition.needs_offset]
                self._take_needs(number, [lean_need(record) or read_need(raw_record(record)) for record in news])
                partition.needs_offset = max(partition.needs_offset, end)

    def take_needs(self, number: int, batch: Iterable[RawRecord]) -> bool:
        """Take in needs; False if one of them cannot be read."""
        return self._take_needs(number, [read_need(record) for record in batch])

    def _take_needs(self, number: int, batch: Sequence[Event[NeedProfile] | LeanEvent | Unreadable]) -> bool:
        good: list[Event[NeedProfile] | LeanEvent] = []
        for event in batch:
            if not isinstance(event, Unreadable):
                good.append(event)
                continue
            self._unreadables.add(NEEDS, event)
            if event.key:
                self._matching.needs_arrived(number, good)
                good = []
                self._matching.need_unreadable(number, event.key)
        self._matching.needs_arrived(number, good)
        return len(good) == len(batch)

    def _take_said(self, number: int, batch: list[ConsumerRecord[Any, Any]]) -> None:
        claimed = self._matching.partitions[number].claimed
        for record in batch:
            if claimed is not None and is_under_epoch(record.key, record.headers, claimed.epoch):
                continue  # our own, come back: nearly all of them, so it must cost little
            head = lean_head(record)
            if head is not None:
                cause = Cause(head.correlation_id, head.time)
                self._matching.said_arrived(number, Said(head.key, head.position[0], cause, record.value, record.offset))
            else:
                self._take_unusual(number, raw_record(record))

    def _take_unusual(self, number: int, record: RawRecord) -> None:
        """Read a record of `matches` in full."""
        try:
            envelope = Envelope.from_headers(record.headers)
            epoch = envelope.epoch
        except MalformedEnvelope as error:
            self._said_unreadable(number, Unreadable(record.at, record.key, "malformed-envelope", type(error).__name__))
            return
        if record.key is None or envelope.partitionkey != record.key:
            self._said_unreadable(number, Unreadable(record.at, record.key, "key-differs-from-envelope", "KeyMismatch"))
            return
        cause = Cause(envelope.correlationid, envelope.time)
        self._matching.said_arrived(number, Said(record.key, epoch, cause, record.value, record.at.offset))

    def _said_unreadable(self, number: int, unreadable: Unreadable) -> None:
        self._unreadables.add(MATCHES, unreadable)
        if unreadable.key:
            self._matching.said_unreadable(number, unreadable.key)

    async def _note_positions(self, consumer: AIOKafkaConsumer) -> None:
        """Move on over gaps too, which compaction leaves at the end of a partition."""
        assigned = consumer.assignment()
        for place in assigned:
            partition = self._matching.partitions.get(place.partition)
            if partition is None or partition.phase is not Phase.RESTORING:
                continue
            try:
                position = await consumer.position(place)
            except KafkaError:
                return  # a rebalance is under way; the next turn asks again
            if place.topic == self._names.topic(MATCHES):
                partition.said_offset = max(partition.said_offset, position)
            else:
                partition.needs_offset = max(partition.needs_offset, position)
        async with self._moved:
            self._moved.notify_all()

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Tell the group how far we are: nothing is read from there, it is for those who look at the lag."""
        offsets: dict[TopicPartition, int] = {}
        for place in consumer.assignment():
            partition = self._matching.partitions.get(place.partition)
            if partition is not None and partition.phase is Phase.LIVE:
                is_said = place.topic == self._names.topic(MATCHES)
                offsets[place] = partition.said_offset if is_said else partition.needs_offset
                end = consumer.highwater(place)
                if end is not None:
                    lag = max(0, end - offsets[place])
                    self._metrics.lag.labels(self._names.logical(place.topic), place.partition).set(lag)
        news = {place: offset for place, offset in offsets.items() if self._to_commit.get(place) != offset}
        if news:
            try:
                await consumer.commit(news)
            except KafkaError as error:
                log.info("commit_left_out", error_type=type(error).__name__)
            else:
                self._to_commit.update(news)

    async def _leave(self, consumer: AIOKafkaConsumer) -> None:
        """Commit and leave the group at once, that others take over without waiting for the session to run out."""
        await self._commit(consumer)
        # aiokafka lets a static member stay when it stops; ours go for good, and a restart joins anew.
        consumer._coordinator._group_instance_id = None  # noqa: SLF001

    async def _trouble_with(self, error: Exception) -> None:
        self._failures += 1
        self._trouble = f"cannot read {NEEDS}: {type(error).__name__}"
        unexpected = None if isinstance(error, KafkaError | OSError | ConsumerStoppedError) else error
        log.warning("needs_held", error_type=type(error).__name__, failures=self._failures, exc_info=unexpected)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff.seconds(self._failures))

    # --- partitions come and go --------------------------------------------------------------------------------------

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Only mark: heartbeats wait for this to return."""
        self._pause_all()
        self._joined = False
        log.info("partitions_revoked", count=len({place.partition for place in revoked}))

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Only mark, place the readers where the kept state ends, and start a task for each partition."""
        consumer = self._consumer
        if consumer is None:
            return
        numbers = {place.partition for place in assigned}
        self._matching.assigned(numbers)
        for place in assigned:
            partition = self._matching.partitions[place.partition]
            is_said = place.topic == self._names.topic(MATCHES)
            consumer.seek(place, partition.said_offset if is_said else partition.needs_offset)
            if not is_said:
                # Until it is known up to when the partition was spoken for: an old need that comes after costs next to nothing.
                consumer.pause(place)
        for number in numbers:
            task = asyncio.create_task(self._own(consumer, number), name=f"partition {number}")
            task.add_done_callback(self._owning_ended)
            self._tasks[number] = task
        self._to_commit.clear()
        self._joined = True
        self._unreadables.owners_changed()
        log.info("partitions_assigned", count=len(numbers))

    def _pause_all(self) -> None:
        for number, task in self._tasks.items():
            task.cancel()
            self._matching.pause(number)
        self._tasks.clear()

    def _owning_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._trouble = f"{task.get_name()}: {type(error).__name__}"
            log.error("partition_failed", task=task.get_name(), exc_info=error)

    async def _own(self, consumer: AIOKafkaConsumer, number: int) -> None:
        """Restore a partition and speak for it, again and again if a rival's higher claim comes between, until it is revoked."""
        while True:
            await self._patiently(lambda: self._restore(consumer, number))
            await self._until(lambda: self._matching.partitions[number].fenced)
            self._metrics.fenced.inc()
            self._matching.pause(number)
            log.warning("partition_fenced", partition=number)
            # If the group takes the partition away now, this task is cancelled, and the rival was right.
            await asyncio.sleep(self._reclaim_seconds)

    async def _restore(self, consumer: AIOKafkaConsumer, number: int) -> None:
        partition = self._matching.partitions[number]
        partition.phase = Phase.RESTORING
        said, needs = (TopicPartition(self._names.topic(topic), number) for topic in (MATCHES, NEEDS))
        ends = await consumer.end_offsets([said, needs])
        await self._until(lambda: partition.said_offset >= ends[said])
        partition.resume()
        consumer.resume(needs)
        while partition.fenced:
            await self._claim(number)
        await self._until(lambda: partition.needs_offset >= ends[needs])
        self._matching.go_live(number)
        log.info("partition_live", partition=number, epoch=partition.highest_epoch, needs=len(partition.needs))

    async def _claim(self, number: int) -> None:
        """Write a claim one above the highest epoch seen and read up to it; lost if a rival did the same meanwhile."""
        partition = self._matching.partitions[number]
        epoch = partition.highest_epoch + 1
        body, headers = claim_record(self._worker, number, epoch, self._claim_cause(number, epoch))
        at = await self._producer.publish(self._names.topic(MATCHES), key="claim", value=body, headers=headers, partition=number)
        await self._until(lambda: partition.said_offset > at.offset)
        if not partition.won(epoch, at.offset):
            log.info("claim_lost", partition=number, epoch=epoch)

    def _claim_cause(self, number: int, epoch: int) -> Cause:
        return Cause(f"claim-{self._worker}-{number}-{epoch}", self._matching.latest)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._moved:
            await self._moved.wait_for(condition)

    async def _patiently(self, attempt: Callable[[], Coroutine[Any, Any, None]]) -> None:
        failures = 0
        while True:
            try:
                await attempt()
            except Exception as error:  # a partition without its task would be silent for good
                failures += 1
                unexpected = None if isinstance(error, KafkaError | OSError) else error
                log.warning("restore_held", error_type=type(error).__name__, failures=failures, exc_info=unexpected)
                await asyncio.sleep(self._backoff.seconds(failures))
            else:
                return


async def _let_others_run() -> None:
    """Give heartbeats and the speaker their turn: a poll that finds records in its buffer does not wait for anything."""
    await asyncio.sleep(0)
