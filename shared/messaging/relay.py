"""The relay: takes what the outbox holds to the log, each key in order and each row once, and deletes it when acknowledged."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import asyncpg
import structlog
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
    UnknownTopicOrPartitionError,
)
from prometheus_client import Counter, Gauge

from shared.messaging.backoff import Backoff
from shared.messaging.health import Check
from shared.messaging.outbox import SHARDS, decode_headers
from shared.messaging.outbox_table import OutboxTable
from shared.messaging.standing import WaitingRow, standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from aiokafka.structs import RecordMetadata
    from asyncpg import Connection, Pool, Record

    from shared.messaging.producing import Producer
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

PUBLISHED = Counter("ledigplads_outbox_published", "Records the relay has published", ["topic"])
STRUCK_OUT = Counter("ledigplads_outbox_struck_out", "Rows that were found on the log, sent before a crash or a failure")
WAITING = Gauge("ledigplads_outbox_waiting", "Rows in the outbox, counted up to 10,000, at the last safety poll")
SET_ASIDE = Gauge("ledigplads_outbox_set_aside", "Rows that the broker refused for good, at the last safety poll")

_REFUSED = (MessageSizeTooLargeError, RecordTooLargeError, RecordListTooLargeError, InvalidTopicError)
_DATABASE_TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass(slots=True)
class _Shard:
    """What a relay knows of a shard.

    Attributes:
        in_doubt: its first rows may stand on the log already.
        taken_at: only rows from before this moment, by the database's clock, are in doubt; None: all that wait.
    """

    number: int
    in_doubt: bool = False
    taken_at: datetime | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    trouble: str | None = None


class OutboxRelay:
    """Publishes the outbox of one database.

    A relay holds the locks of its shards for as long as its connection lives, so a lone row costs one read and one delete; a
    second relay stands by and takes over what is free. Each shard has a task: it reads in the order of ids, sends all without
    waiting, and deletes the acknowledged rows *before* the first that failed.

    A shard is in doubt when it is taken over and after each failure: its first rows may have been sent. Then the log is read
    first, from a little before the oldest of them was written, and those that stand there are deleted unsent (see `standing`).
    Where a key's rows stand there in another order than theirs they are sent again, so the last record of a key in the log is
    always its last version; readers drop the repetition by its version.
    """

    def __init__(
        self,
        pool: Pool[Record],
        producer: Producer,
        names: TopicNames,
        *,
        batch: int = 500,
        safety_poll_seconds: float = 5.0,
        backoff: Backoff | None = None,
        vanishing: tuple[str, ...] = ("receipts-", "deliveries-"),
        vanished_after_failures: int = 3,
        settle_seconds: float = 0.5,
        clock_margin: timedelta = timedelta(minutes=1),
    ) -> None:
        """Take the parts; `run` does the work.

        Args:
            pool: one of its connections is held while the relay runs.
            producer: started by the caller.
            names: the prefix of the topics.
            batch: rows of a shard read at a time.
            safety_poll_seconds: how often to look without having been woken, and to try for the shards of another relay.
            backoff: the delays of a shard that fails.
            vanishing: beginnings of logical names whose topics go with a partner: a row for one that is not there is set aside.
            vanished_after_failures: how often in a row such a topic must be found missing before.
            settle_seconds: how long a request that a dead relay had sent may take to be seen on the log.
            clock_margin: how far the clock of a relay may be behind the database's.
        """
        self._pool = pool
        self._producer = producer
        self._names = names
        self._batch = batch
        self._safety_poll_seconds = safety_poll_seconds
        self._backoff = backoff or Backoff()
        self._vanishing = vanishing
        self._vanished_after = vanished_after_failures
        self._settle_seconds = settle_seconds
        self._clock_margin = clock_margin
        self._clearing = asyncio.Lock()
        self._doubt: str | None = None
        self._unanswered: set[asyncio.Future[RecordMetadata]] = set()
        self._marks: dict[tuple[str, int], int] = {}
        self._shards = {number: _Shard(number) for number in range(SHARDS)}
        self._owned: set[int] = set()
        self._trouble: str | None = "not started"
        self._set_aside = 0
        self._database_failures = 0
        self._stopping = asyncio.Event()
        self._looked = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; a lost database or broker is waited for."""
        while not self._stopping.is_set():
            try:
                async with self._pool.acquire() as connection:
                    try:
                        await self._serve(connection)  # type: ignore[arg-type] # the proxy is a connection
                    finally:
                        # It listens and holds locks: the pool gets a new one instead.
                        connection.terminate()
            except Exception as error:
                self._database_failures += 1
                self._trouble = f"database: {type(error).__name__}"
                if isinstance(error, _DATABASE_TROUBLE):
                    log.warning("outbox_database_lost", error_type=type(error).__name__, failures=self._database_failures)
                else:
                    log.exception("outbox_relay_failed", failures=self._database_failures)
                await self._pause(self._stopping, self._backoff.seconds(self._database_failures))
            finally:
                self._let_go()
                self._looked.set()

    @asynccontextmanager
    async def running(self, grace_seconds: float = 10.0) -> AsyncIterator[Self]:
        """Run in the background; on leaving, finish the batches in hand for as long as the grace lasts.

        The block begins when the relay has its shards, if it can have them: what is written inside it is in no doubt.
        """
        self._stopping.clear()
        self._looked.clear()
        task = asyncio.create_task(self.run(), name="outbox-relay")
        try:
            await self._looked.wait()
            yield self
        finally:
            self.stop()
            done, _ = await asyncio.wait([task], timeout=grace_seconds)
            if not done:
                # Kafka is away: what was not acknowledged stays in the table.
                task.cancel()
                await asyncio.wait([task])

    def stop(self) -> None:
        """Ask `run` to end after the batches in hand."""
        self._stopping.set()
        for shard in self._shards.values():
            shard.wake.set()

    def check(self) -> Check:
        """Answer readiness."""
        notes = [f"shard {shard.number}: {shard.trouble}" for shard in self._shards.values() if shard.trouble]
        notes = [trouble for trouble in (self._trouble, self._doubt) if trouble] + notes
        ok = not notes
        if self._set_aside:
            notes.append(f"{self._set_aside} rows set aside in outbox_failed")
        if not self._owned and ok:
            notes.append("standing by for another relay")
        return Check(ok=ok, detail="; ".join(notes) or "publishing")

    async def _serve(self, connection: Connection[Record]) -> None:
        table = OutboxTable(connection)
        await table.open(self._heard)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_watch(table, tasks))
        except ExceptionGroup as group:
            raise _cause(group) from group

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for number in str(payload).split(","):
            if number.isdigit() and int(number) in self._shards:
                self._shards[int(number)].wake.set()

    async def _keep_watch(self, table: OutboxTable, tasks: asyncio.TaskGroup) -> None:
        """Take free shards, look at everything once in a while, and notice a lost connection."""
        while not self._stopping.is_set():
            free = [number for number in self._shards if number not in self._owned]
            for number, taken_at in await table.take(free):
                shard = self._shards[number]
                self._owned.add(number)
                shard.in_doubt, shard.taken_at = True, taken_at
                shard.wake.set()
                tasks.create_task(self._work(shard, table))
            waiting, self._set_aside = await table.counts()
            WAITING.set(waiting)
            SET_ASIDE.set(self._set_aside)
            self._trouble, self._database_failures = None, 0
            await self._write_marks(table)
            for number in self._owned:
                self._shards[number].wake.set()
            self._looked.set()
            await self._pause_either(table)
            if table.lost.is_set():
                raise ConnectionResetError("the relay's connection to the database is gone")
        await self._write_marks(table)

    async def _write_marks(self, table: OutboxTable) -> None:
        """Say up to where the log is known; every so often, since whoever reads on from an old mark only reads a little more."""
        if self._marks:
            marks, self._marks = self._marks, {}
            await table.mark(marks)

    def _let_go(self) -> None:
        """Forget what was known of the shards: another relay may have them now."""
        self._owned.clear()
        self._doubt = None
        for shard in self._shards.values():
            shard.failures, shard.trouble = 0, None

    async def _work(self, shard: _Shard, table: OutboxTable) -> None:
        while not self._stopping.is_set():
            await shard.wake.wait()
            shard.wake.clear()
            while not self._stopping.is_set() and await self._drain(shard, table):
                pass

    async def _drain(self, shard: _Shard, table: OutboxTable) -> bool:
        """Publish one batch of a shard; says whether there may be more."""
        if shard.in_doubt:
            async with self._clearing:
                if shard.in_doubt:
                    await self._clear_doubts(table)
            return True
        rows = await table.read(shard.number, 1 if shard.failures else self._batch)
        if not rows:
            shard.failures, shard.trouble = 0, None
            return False
        done, error = await self._publish(shard, rows)
        if done:
            await table.delete([shard.number], [row["id"] for row in rows[:done]])
            for topic, count in Tally(row["topic"] for row in rows[:done]).items():
                PUBLISHED.labels(topic).inc(count)
        if error is None:
            shard.failures, shard.trouble = 0, None
            return True
        await self._failed(shard, table, rows[done], error)
        return True

    async def _clear_doubts(self, table: OutboxTable) -> None:
        """Strike out what stands on the log already, of all shards in doubt at once; a log that cannot be read is waited for."""
        doubtful = [shard for shard in self._shards.values() if shard.in_doubt and shard.number in self._owned]
        failures = 0
        while doubtful and not self._stopping.is_set():
            try:
                await self._strike_out(table, {shard.number: shard.taken_at for shard in doubtful})
            except (KafkaError, OSError) as error:
                failures += 1
                self._doubt = f"what was sent cannot be looked up: {type(error).__name__}"
                log.warning("outbox_in_doubt", error_type=type(error).__name__, failures=failures)
                await self._pause(self._stopping, self._backoff.seconds(failures))
            else:
                self._doubt = None
                for shard in doubtful:
                    shard.in_doubt, shard.taken_at = self._stopping.is_set(), None
                return

    async def _strike_out(self, table: OutboxTable, shards: dict[int, datetime | None]) -> None:
        """Delete the rows that stand on the log; a relay has at most a batch of a shard under way, so those are the first ones.

        More are looked at as long as there is more: a crash of the database forgets the last deletes.

        Args:
            table: on the connection that holds the shards' locks.
            shards: those in doubt, each with the moment since when no other relay can have read its rows, if there is one.
        """
        while found := await table.read_in_doubt(shards, 2 * self._batch):
            if self._unanswered:
                await asyncio.wait(set(self._unanswered))
            await self._pause(self._stopping, self._settle_seconds)
            rows = [self._waiting(row) for row in found]
            there = await standing(self._producer.bootstrap_servers, rows, margin=self._clock_margin)
            if there:
                await table.delete(shards, there)
                STRUCK_OUT.inc(len(there))
            log.info("outbox_doubt_cleared", waiting=len(found), stood_on_the_log=len(there))
            struck = Tally(row["shard"] for row in found if row["id"] in there)
            shards = {number: taken_at for number, taken_at in shards.items() if struck[number] >= self._batch}

    def _waiting(self, row: Record) -> WaitingRow:
        return WaitingRow(
            row_id=row["id"],
            topic=self._names.topic(row["topic"]),
            may_vanish=row["topic"].startswith(self._vanishing),
            key=row["key"],
            headers=decode_headers(row["headers"]),
            digest=row["digest"],
            added_at=row["added_at"],
        )

    async def _publish(self, shard: _Shard, rows: Sequence[Record]) -> tuple[int, BaseException | None]:
        """Send rows in their order; gives how many from the first on are acknowledged, and what stopped the next."""
        sent: list[asyncio.Future[RecordMetadata]] = []
        stopped_by: Exception | None = None
        for row in rows:
            try:
                future = await self._producer.publish_no_wait(
                    self._names.topic(row["topic"]),
                    key=row["key"],
                    value=row["value"],
                    headers=decode_headers(row["headers"]),
                    partition=row["partition"],
                )
            except (KafkaError, OSError) as error:
                stopped_by = error
                break
            self._unanswered.add(future)
            future.add_done_callback(self._unanswered.discard)
            sent.append(future)
        if sent:
            # Not `gather`: it would cancel them with this task, and then nobody could tell any more whether they are on their way.
            await asyncio.wait(sent)
        for place, future in enumerate(sent):
            if (failure := future.exception()) is not None:
                shard.in_doubt = True
                return place, failure
            written = future.result()
            self._marks[rows[place]["topic"], written.partition] = written.offset + 1
        return len(sent), stopped_by

    async def _failed(self, shard: _Shard, table: OutboxTable, row: Record, error: BaseException) -> None:
        """Hold the shard back, or set the row aside when it was alone and the broker will never take it.

        A refused batch names none of its rows, so after a failure the shard goes one row at a time until one passes.
        """
        shard.failures += 1
        alone = shard.failures > 1
        reason = type(error).__name__
        if (isinstance(error, _REFUSED) and alone) or self._vanished(shard, row, error):
            await table.set_aside(shard.number, row["id"], reason)
            self._set_aside += 1
            log.error("outbox_row_set_aside", row=row["id"], topic=row["topic"], reason=reason, shard=shard.number)
            shard.failures, shard.trouble = 0, None
            return
        shard.trouble = f"{row['topic']}: {reason}"
        log.warning("outbox_shard_held", shard=shard.number, topic=row["topic"], error_type=reason, failures=shard.failures)
        if not isinstance(error, _REFUSED):
            await self._pause(self._stopping, self._backoff.seconds(shard.failures))

    def _vanished(self, shard: _Shard, row: Record, error: BaseException) -> bool:
        return (
            isinstance(error, UnknownTopicOrPartitionError)
            and row["topic"].startswith(self._vanishing)
            and shard.failures >= self._vanished_after
        )

    async def _pause_either(self, table: OutboxTable) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._stopping, table.lost)]
        try:
            await asyncio.wait(waits, timeout=self._safety_poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    @staticmethod
    async def _pause(event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)


def _cause(group: ExceptionGroup) -> Exception:
    """Give what went wrong in the relay's tasks: a bug before a lost connection."""
    trouble, bugs = group.split(_DATABASE_TROUBLE)
    first = (bugs or trouble or group).exceptions[0]
    return _cause(first) if isinstance(first, ExceptionGroup) else first
