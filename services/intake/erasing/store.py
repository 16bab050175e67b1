"""The only caller of SQL about erasures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from services.intake.erasing.job import Job, Step
from shared.contracts.receipt import Receipt
from shared.database import load_queries
from shared.messaging.outbox import decode_headers, encode_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from shared.database import Connection, Pool

_QUERIES: Final = Path(__file__).with_name("erasing.sql")
_GONE: Final = orjson.dumps({"type": "about:blank", "status": 410, "title": "Det er slettet · It has been erased", "errors": []})
_REWRITE_SECONDS: Final = 1800
_NAMED_AFTER_IT: Final = ("ce_subject", "ce_partitionkey")

TABLES: Final = (
    "need",
    "citizen",
    "citizen_need",
    "outbox",
    "outbox_failed",
    "answered_request",
    "submission",
    "sheet_row",
    "access_subject",
)
"""What may have held something of a citizen."""


class ErasureStore:
    """Reads and writes in transactions of the caller's or of its own.

    Args:
        pool: of intake's database.
        maintenance: of the same, for what cannot run in a transaction and must not wait long for a lock.
    """

    def __init__(self, pool: Pool, maintenance: Pool) -> None:
        self._pool = pool
        self._maintenance = maintenance
        self._queries = load_queries(_QUERIES)

    # --- the job ----------------------------------------------------------------------------------------------------

    async def mark_citizen(self, connection: Connection, citizen_id: str) -> str | None:
        """Close a citizen's record to changes; gives the municipality."""
        row = await self._queries.mark_citizen(connection, citizen_id=citizen_id)
        return None if row is None else str(row["municipality"])

    async def needs_of(self, connection: Connection, citizen_id: str) -> list[str]:
        return [row["need_id"] async for row in self._queries.needs_of(connection, citizen_id=citizen_id)]

    async def need_named(self, connection: Connection, need_id: str) -> tuple[str, str | None] | None:
        """Give a need's id and municipality."""
        row = await self._queries.need_named(connection, need_id=need_id)
        return None if row is None else (row["need_id"], row["handlekommune"])

    async def under_way(self, connection: Connection, about: bytes) -> Job | None:
        return _job(await self._queries.under_way(connection, about=about))

    async def add(self, connection: Connection, job: Job) -> None:
        await self._queries.add_erasure(
            connection,
            erasure_id=job.erasure_id,
            about=job.about,
            citizen_id=job.citizen_id,
            needs=list(job.needs),
            municipality=job.municipality,
            why=job.why,
            now=job.asked_at,
        )

    async def lease(self, now: datetime, until: datetime) -> Job | None:
        """Take a job that nobody works on."""
        async with self._pool.acquire() as connection:
            return _job(await self._queries.lease(connection, now=now, until=until))

    async def save(self, connection: Connection, job: Job, leased_until: datetime) -> None:
        await self._queries.save_step(
            connection,
            erasure_id=job.erasure_id,
            step=job.step.value,
            step_at=job.step_at,
            looked_at=job.looked_at,
            tombstoned_at=job.tombstoned_at,
            tombstones=job.tombstones,
            swept_at=job.swept_at,
            destroyed=dict(job.destroyed),
            found=dict(job.found),
            done_at=job.done_at,
            ended_at=job.ended_at,
            leased_until=leased_until,
        )

    async def erasure(self, erasure_id: str) -> Job | None:
        async with self._pool.acquire() as connection:
            return _job(await self._queries.erasure(connection, erasure_id=erasure_id))

    async def erasures(self, at_most: int) -> list[Job]:
        async with self._pool.acquire() as connection:
            found = [_job(row) async for row in self._queries.erasures(connection, at_most=at_most)]
        return [job for job in found if job is not None]

    # --- what is deleted --------------------------------------------------------------------------------------------

    async def living_needs(self, connection: Connection, need_ids: Collection[str]) -> list[str]:
        return [row["need_id"] async for row in self._queries.living_needs(connection, need_ids=list(need_ids))]

    async def forget(self, connection: Connection, job: Job) -> dict[str, int]:
        """Delete everything but the needs themselves; gives how many rows, by table."""
        needs = list(job.needs)
        counts = {
            "outbox": await self._queries.forget_waiting(connection, need_ids=needs),
            "answered_request": await self._queries.forget_answers(connection, need_ids=needs, body=_GONE),
            "submission": await self._forget_receipts(connection, needs),
            "sheet_row": await self._queries.forget_sheet_rows(connection, need_ids=needs),
            "access_subject": await self._queries.forget_looks(connection, ids=list(job.ids)),
            "citizen_need": await self._queries.forget_citizen(connection, citizen_id=job.citizen_id, need_ids=needs),
        }
        if job.citizen_id is not None:
            counts["citizen"] = await self._queries.delete_citizen(connection, citizen_id=job.citizen_id)
        return counts

    async def _forget_receipts(self, connection: Connection, needs: Sequence[str]) -> int:
        """Blank what receipts are about. The identity of the submission stays: sent again, it must not make the need anew."""
        rows = [row async for row in self._queries.receipts_about(connection, need_ids=list(needs))]
        if rows:
            await self._queries.blank_receipts(
                connection,
                partners=[row["partner"] for row in rows],
                submission_ids=[row["submission_id"] for row in rows],
                keys=[row["position"] for row in rows],
                headers=[_blank_headers(row["headers"], row["position"]) for row in rows],
                receipts=[_blank_receipt(row["receipt"]) for row in rows],
            )
        return len(rows)

    async def bury_again(
        self, connection: Connection, need_ids: Collection[str], correlation_id: str, now: datetime
    ) -> list[tuple[str, tuple[int, int]]]:
        """Raise the version of tombstones; gives each with its position."""
        rows = self._queries.bury_again(connection, need_ids=list(need_ids), correlation_id=correlation_id, now=now)
        return [(row["need_id"], (row["epoch"], row["version"])) async for row in rows]

    async def waits_to_be_published(self, need_ids: Collection[str]) -> bool:
        async with self._pool.acquire() as connection:
            return bool(await self._queries.waits_to_be_published(connection, need_ids=list(need_ids)))

    async def purge(self, job: Job) -> None:
        """Delete the ids too."""
        async with self._pool.acquire() as connection:
            await self._queries.purge(connection, erasure_id=job.erasure_id, need_ids=list(job.needs))

    async def rewrite(self, tables: Sequence[str], at_most_bytes: int) -> dict[str, str]:
        """Write tables anew, since a deleted row's bytes stay in its page until others are written there.

        A table beyond the limit is only vacuumed: to write it anew would lock it for long. That is said in the proof, and a
        maintenance window is the time for it.

        Raises:
            asyncpg.LockNotAvailableError: somebody holds a table; try again.
        """
        async with self._maintenance.acquire() as connection:
            rows = [row async for row in self._queries.sizes(connection, tables=list(tables))]
            done = {}
            for row in rows:
                is_small = row["bytes"] <= at_most_bytes
                how = "(FULL)" if is_small else "(INDEX_CLEANUP ON)"
                await connection.execute(f'VACUUM {how} "{row["name"]}"', timeout=_REWRITE_SECONDS)
                done[row["name"]] = "rewritten" if is_small else "vacuumed"
        return done

    # --- what is due ------------------------------------------------------------------------------------------------

    async def erased_without_erasure(self, at_most: int) -> list[str]:
        async with self._pool.acquire() as connection:
            return [row["need_id"] async for row in self._queries.erased_without_erasure(connection, at_most=at_most)]

    async def risen(self, digests: Sequence[bytes]) -> list[tuple[str, bool]]:
        """Find what was erased for good and is here again; with each, whether it is a citizen."""
        async with self._pool.acquire() as connection:
            return [(row["id"], row["is_citizen"]) async for row in self._queries.risen(connection, digests=list(digests))]

    async def due(self, what: str, changed_before: datetime, at_most: int) -> list[str]:
        """Find what a retention rule is due for; `what` is needs_to_close, needs_to_erase or citizens_to_erase."""
        async with self._pool.acquire() as connection:
            rows = getattr(self._queries, what)(connection, changed_before=changed_before, at_most=at_most)
            return [row[0] async for row in rows]


def _job(row: Any) -> Job | None:  # noqa: ANN401 - a row
    if row is None:
        return None
    fields = {name: value for name, value in row.items() if name != "leased_until"}
    return Job(**fields | {"needs": tuple(row["needs"]), "step": Step(row["step"])})


def _blank_headers(headers: str, position: str) -> str:
    blank = [(name, position.encode() if name in _NAMED_AFTER_IT else value) for name, value in decode_headers(headers)]
    return encode_headers(blank)


def _blank_receipt(receipt: bytes) -> bytes:
    blank = {"reference": None, "entity_id": None, "version": None}
    return Receipt.model_validate_json(receipt).model_copy(update=blank).model_dump_json().encode()
