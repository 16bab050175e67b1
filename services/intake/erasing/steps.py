"""The steps of an erasure: each is done, then noted; a crash between the two does it again, and nothing is lost by that.

The order is DESIGN's: destroy the key, delete, publish tombstones, vacuum, publish again after the compaction lag, wait for
matching's own and for notifications to have read them, done when a full read finds nothing that says anything. When the tombstones
have aged out too, the ids leave the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from services.intake.domain.commands import EraseNeed
from services.intake.domain.outcomes import Rejected
from services.intake.erasing.job import Step
from services.intake.erasing.log_scan import STATE_TOPICS
from services.intake.erasing.store import TABLES
from services.intake.publishing import envelope
from services.intake.service import Request
from shared.messaging import outbox
from shared.messaging.groups import committed_offsets
from shared.messaging.outbox import OutboxMessage
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from services.intake.citizens.vault import Vault
    from services.intake.erasing.job import Job, Waiting
    from services.intake.erasing.log_scan import LogScan, Scan
    from services.intake.erasing.store import ErasureStore
    from services.intake.service import Intake
    from services.intake.store import Store
    from shared.database import Connection
    from shared.messaging.topics import TopicNames

LEASE: Final = timedelta(seconds=15)
"""How long one process may work on a job without a sign of life."""
SWEEP_KEY: Final = "-sweep"
"""A tombstone of nothing: an idle partition compacts its last tombstones only when something is appended to it."""
_TOMBSTONES_AT_LEAST: Final = 2
"""The second, after the lag, ends the segment that the first stands in."""
_VERSIONS_SINCE: Final = 1_700_000_000
_READS_MATCHES: Final = "notifications"


@dataclass(frozen=True, slots=True)
class TheLog:
    """Where tombstones go, and how long it takes to forget."""

    bootstrap: str
    names: TopicNames
    waiting: Waiting
    scan: LogScan


class Steps:
    """What follows each step."""

    def __init__(
        self,
        *,
        intake: Intake,
        store: Store,
        erasures: ErasureStore,
        vault: Vault | None,
        log: TheLog,
        rewrite_at_most_bytes: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._store = store
        self._erasures = erasures
        self._vault = vault
        self._log = log
        self._waiting = log.waiting
        self._scan = log.scan
        self._rewrite_at_most_bytes = rewrite_at_most_bytes
        self._clock = clock
        self._after: Mapping[Step, Callable[[Job], Awaitable[Job]]] = {
            Step.BEGUN: self._destroy_key,
            Step.KEY_DESTROYED: self._delete,
            Step.DELETED: self._await_publishing,
            Step.PUBLISHED: self._rewrite_tables,
            Step.REWRITTEN: self._await_compaction,
            Step.DONE: self._await_tombstones,
            Step.PURGED: self._rewrite_last,
        }

    async def next(self, job: Job) -> Job:
        """Take a job from the step that is done to the next, if that can be done now; else it comes back with the step it had."""
        after = self._after.get(job.step)
        return job if after is None else await after(job)

    async def _destroy_key(self, job: Job) -> Job:
        keys = 0
        if self._vault is not None:
            keys = await self._vault.destroy([] if job.citizen_id is None else [job.citizen_id], job.ids)
            await self._vault.rewrite()
        before = int(job.destroyed.get("keys", 0))
        return replace(job, step=Step.KEY_DESTROYED, destroyed={**job.destroyed, "keys": before + keys})

    async def _delete(self, job: Job) -> Job:
        """Delete all but the needs' ids, and put tombstones into the outbox, in one transaction with the note of it.

        A need that was erased already has its first tombstone.
        """

        async def work(connection: Connection) -> Job:
            now = self._clock()
            living = await self._erasures.living_needs(connection, job.needs)
            rows = await self._erasures.forget(connection, job)
            requests = [Request(EraseNeed(need_id), new_correlation_id()) for need_id in living]
            outcomes, _, messages = await self._intake.decide(connection, requests, now)
            if any(isinstance(outcome, Rejected) for outcome in outcomes):
                raise RuntimeError("a need that lives cannot be erased")
            await outbox.add(connection, messages)
            done = replace(
                job,
                step=Step.DELETED,
                tombstones=1,
                tombstoned_at=now,
                destroyed={**job.destroyed, "rows": {"need": len(living), **rows}},
            )
            await self._erasures.save(connection, done, now + LEASE)
            return done

        return await self._store.in_transaction(work)

    async def _bury(self, connection: Connection, need_ids: Sequence[str], now: datetime) -> None:
        """Publish tombstones again, each with the next version."""
        correlation_id = new_correlation_id()
        buried = await self._erasures.bury_again(connection, need_ids, correlation_id, now)
        await outbox.add(
            connection,
            [
                OutboxMessage("need-profiles", key, envelope("need-profiles", key, where, now, correlation_id).to_headers(), None)
                for key, where in buried
            ],
        )

    async def _await_publishing(self, job: Job) -> Job:
        if await self._erasures.waits_to_be_published(job.needs):
            return job
        return replace(job, step=Step.PUBLISHED, tombstoned_at=self._clock())

    async def _rewrite_tables(self, job: Job) -> Job:
        done = await self._erasures.rewrite(TABLES, self._rewrite_at_most_bytes)
        return replace(job, step=Step.REWRITTEN, destroyed={**job.destroyed, "tables": done})

    async def _rewrite_last(self, job: Job) -> Job:
        """The job's own row named them too."""
        done = await self._erasures.rewrite((*TABLES, "erasure"), self._rewrite_at_most_bytes)
        return replace(job, step=Step.ENDED, ended_at=self._clock(), destroyed={**job.destroyed, "tables": done})

    async def _await_compaction(self, job: Job) -> Job:
        """After the lag: tombstones again, then full reads until nothing says anything any more; from time to time again."""
        now = self._clock()
        if not job.needs:
            return replace(job, step=Step.DONE, done_at=now, found=_told(await self._scan.look(job.ids), now))
        lag_is_over = job.tombstoned_at is not None and now >= job.tombstoned_at + self._waiting.lag
        if job.tombstones < _TOMBSTONES_AT_LEAST:
            return await self._again(job) if lag_is_over else job
        if not self._may_read_again(job, now):
            return job
        scan = await self._scan.look(job.ids)
        job = replace(job, found=_told(scan, now))
        says_nothing = not any(scan.by_topic[topic].bodies for topic in STATE_TOPICS if topic in scan.by_topic)
        if says_nothing and await self._all_have_answered(job, scan):
            return replace(job, step=Step.DONE, done_at=now)
        return await self._again(job) if lag_is_over else job

    async def _all_have_answered(self, job: Job, scan: Scan) -> bool:
        """Say whether matching's last word on each need is a tombstone (or nothing), and notifications has read it."""
        last = scan.last.get("matches", {})
        if any(need_id in last and last[need_id].value is not None for need_id in job.needs):
            return False
        if not last:
            return True
        names = self._log.names
        committed = await committed_offsets(self._log.bootstrap, names.group(_READS_MATCHES), names.topic("matches"))
        return all(committed.get(record.at.partition, 0) > record.at.offset for record in last.values())

    async def _await_tombstones(self, job: Job) -> Job:
        """When tombstones may go: full reads until not even they are found; what is idle is written to, so that it compacts."""
        now = self._clock()
        if job.tombstoned_at is None or now < job.tombstoned_at + self._waiting.tombstones_stay:
            return job if job.needs else await self._purged(job)
        if not self._may_read_again(job, now):
            return job
        scan = await self._scan.look(job.ids)
        job = replace(job, found=_told(scan, now))
        if not any(scan.by_topic[topic].is_anything for topic in STATE_TOPICS if topic in scan.by_topic):
            return await self._purged(job)
        if job.swept_at is not None and now < job.swept_at + self._waiting.lag:
            return job
        await self._sweep(scan.partitions, now)
        return replace(job, swept_at=now)

    async def _purged(self, job: Job) -> Job:
        await self._erasures.purge(job)
        return replace(job, step=Step.PURGED, needs=(), citizen_id=None)

    async def _again(self, job: Job) -> Job:
        now = self._clock()

        async def work(connection: Connection) -> None:
            await self._bury(connection, job.needs, now)

        await self._store.in_transaction(work)
        return replace(job, tombstones=job.tombstones + 1, tombstoned_at=now)

    async def _sweep(self, partitions: Mapping[str, frozenset[int]], now: datetime) -> None:
        """Append to the partitions that still hold a tombstone; matching answers on the same partition of its own topic."""
        numbers = sorted(set().union(*(partitions.get(topic, frozenset()) for topic in STATE_TOPICS)))

        async def work(connection: Connection) -> None:
            where = (await self._store.epoch(connection), int(now.timestamp()) - _VERSIONS_SINCE)
            headers = envelope("need-profiles", SWEEP_KEY, where, now, new_correlation_id()).to_headers()
            await outbox.add(
                connection, [OutboxMessage("need-profiles", SWEEP_KEY, headers, None, partition=number) for number in numbers]
            )

        await self._store.in_transaction(work)

    def _may_read_again(self, job: Job, now: datetime) -> bool:
        read_at = job.found.get("read_at")
        return read_at is None or now >= datetime.fromisoformat(read_at) + self._waiting.look_every


def _told(scan: Scan, now: datetime) -> dict[str, object]:
    return {"read_at": now.isoformat(), "topics": {name: found.told() for name, found in scan.by_topic.items()}}
