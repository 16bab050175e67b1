"""Saying what is true: writes to `matches` whatever differs from what was said there, as long as the partition is ours.

Needs that change while the broker is slow or away are told of once, with what is true when it is their turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from aiokafka.errors import KafkaError

from services.matching.domain.need_book import GONE
from services.matching.records import digest, has_no_places, match_headers, whole_body
from shared.messaging.backoff import Backoff
from shared.messaging.health import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiokafka.structs import RecordMetadata

    from services.matching.domain.causes import Cause
    from services.matching.domain.partition import Partition
    from services.matching.metrics import Metrics
    from services.matching.service import Matching
    from shared.messaging.producing import KeyedRecord, Producer

log = structlog.get_logger(__name__)

_RECORDS_A_TURN: Final = 1000
"""After so many, the loop is let go: heartbeats and readers come to their turn."""

_ASKED_AT_ONCE: Final = 200
"""What stands on so many lists is weighed together."""

_EMPTY_LIST_COUNTS_FOR: Final = 50
"""What is in the way of an empty list is asked of all open places: some milliseconds, where a record costs some hundredths of one."""


class _Due(NamedTuple):
    """A record, why it is written, and the digest of what it says."""

    record: KeyedRecord
    cause: Cause
    content: int


class Speaker:
    """One task that scores what is queued and writes what is unsaid."""

    def __init__(self, matching: Matching, producer: Producer, topic: str, *, worker: str, metrics: Metrics) -> None:
        self._matching = matching
        self._producer = producer
        self._topic = topic
        self._worker = worker
        self._emitted = {kind: metrics.emitted.labels(kind) for kind in ("match", "tombstone")}
        self._backoff = Backoff()
        self._failures = 0
        self._trouble: str | None = None
        self._stopping = False
        self._awake = asyncio.Event()
        self._in_flight: set[asyncio.Future[RecordMetadata]] = set()
        self._told: Counter[str] = Counter()

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        """Ask `run` to end once nothing is left to be said."""
        self._stopping = True
        self.wake()

    def check(self) -> Check:
        return Check(ok=False, detail=self._trouble) if self._trouble else Check(ok=True, detail="speaking")

    async def run(self) -> None:
        """Score and write until `stop`; whatever goes wrong, it is said, and tried again: what is unsaid stays so."""
        while True:
            self._awake.clear()
            try:
                said = await self._say_some()
                scored = self._matching.score_some()  # last: a piece that cannot be scored silences nobody else
            except Exception as error:  # noqa: BLE001 - a worker that has fallen silent for good would look well
                await self._trouble_with(error)
                continue
            if said or scored:
                await asyncio.sleep(0)
                continue
            self._failures, self._trouble = 0, None
            if self._stopping:
                return
            await self._awake.wait()

    async def flush(self, within_seconds: float) -> None:
        """Wait for the acknowledgements of what was sent."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=within_seconds)

    async def _say_some(self) -> int:
        said = 0
        try:
            due = [partition for partition in self._matching.partitions.values() if partition.may_speak and partition.unsaid]
            for partition in due:
                said += await self._say_of(partition, _RECORDS_A_TURN // len(due) + 1)
        finally:
            self._log_what_was_said()
        return said

    def _log_what_was_said(self) -> None:
        """Log a line per cause, so that a submission can be followed through here; one per need would cost more than scoring it."""
        for correlation_id, needs in self._told.items():
            log.info("matches_said", needs=needs, correlation_id=correlation_id)
        self._told.clear()

    async def _say_of(self, partition: Partition, most: int) -> int:
        """Say what is due of one partition, up to about `most` records; what cannot be said yet stays."""
        if not partition.may_speak:  # lost while another partition's records waited for the broker
            return 0
        due: list[_Due] = []
        settled: list[str] = []
        spent = 0
        sayable = iter(self._sayable(partition))
        while spent < most and (some := dict(islice(sayable, min(most - spent, _ASKED_AT_ONCE)))):
            for (need_id, cause), answer in zip(some.items(), self._matching.answers(partition, list(some)), strict=True):
                if answer == "later" or spent >= most:
                    continue
                content = GONE if answer == "gone" else digest(answer)
                if partition.must_say(need_id, content):
                    canonical = None if answer == "gone" else answer
                    due.append(_Due(self._record(partition, need_id, canonical, cause), cause, content))
                    spent += _EMPTY_LIST_COUNTS_FOR if canonical is not None and has_no_places(canonical) else 1
                settled.append(need_id)
        # Not before all of them could be answered: what counts as said is not looked at again.
        for one in due:
            partition.has_said(one.record[0], one.content, one.cause)
        for need_id in settled:
            del partition.unsaid[need_id]
        await self._write(partition, due)
        return len(due)

    def _sayable(self, partition: Partition) -> Iterable[tuple[str, Cause]]:
        """Give what may be said now: while many needs wait to be scored, only what is news of its own is worth asking for."""
        unsaid = partition.unsaid
        return unsaid.of_their_own.items() if self._matching.waiting else unsaid.items()

    def _record(self, partition: Partition, need_id: str, canonical: bytes | None, cause: Cause) -> KeyedRecord:
        body = None
        if canonical is not None:
            matching = self._matching
            own_news = matching.news_of_their_own(need_id, cause)
            in_the_way = matching.often_in_the_way(need_id) if has_no_places(canonical) else None
            body = whole_body(canonical, matching.terms, self._worker, cause.kind, own_news, often_in_the_way=in_the_way)
        is_erased = body is None and need_id in partition.erased
        return need_id, body, match_headers(need_id, partition.next_position(), cause, is_erased=is_erased)

    async def _write(self, partition: Partition, due: list[_Due]) -> None:
        """Hand records over, a batch at a time and as long as the partition is ours; what is not handed over is to be said again."""
        handed = 0
        try:
            while handed < len(due) and partition.may_speak:
                records = [one.record for one in due[handed:]]
                count, future = await self._producer.publish_batch_no_wait(self._topic, records, partition=partition.number)
                told = due[handed : handed + count]
                handed += count
                self._in_flight.add(future)
                future.add_done_callback(partial(self._acknowledged, partition, told))
                self._count(told)
        finally:
            for one in due[handed:]:
                partition.failed_to_say(one.record[0], one.cause)

    def _count(self, told: Sequence[_Due]) -> None:
        for (_, body, _), cause, _ in told:
            self._told[cause.correlation_id] += 1
            self._emitted["tombstone" if body is None else "match"].inc()

    def _acknowledged(self, partition: Partition, told: Sequence[_Due], future: asyncio.Future[RecordMetadata]) -> None:
        self._in_flight.discard(future)
        if future.cancelled() or future.exception() is not None:
            log.warning("matches_not_acknowledged", partition=partition.number, records=len(told))
            for one in told:
                partition.failed_to_say(one.record[0], one.cause)
            self.wake()

    async def _trouble_with(self, error: Exception) -> None:
        self._failures += 1
        self._trouble = f"cannot score, or write to {self._topic}: {type(error).__name__}"
        unexpected = None if isinstance(error, KafkaError | OSError) else error
        log.warning("speaking_held", error_type=type(error).__name__, failures=self._failures, exc_info=unexpected)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), self._backoff.seconds(self._failures))
