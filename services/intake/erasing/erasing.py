"""Erasing as a job: begun by whoever asks, carried on step by step (steps.py) until nothing is found any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from services.intake.citizens.vault import digest_of
from services.intake.erasing.job import Step, new_job
from services.intake.erasing.steps import LEASE
from shared.messaging.errors import is_passing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from services.intake.citizens.vault import Vault
    from services.intake.erasing.job import Job, Why
    from services.intake.erasing.steps import Steps
    from services.intake.erasing.store import ErasureStore
    from services.intake.store import Store
    from shared.database import Connection

log = structlog.get_logger(__name__)

_REST: Final = timedelta(seconds=0.5)
_AGAIN_SECONDS: Final = 1.0
_AT_ONCE: Final = 100


class NothingToErase(Exception):  # noqa: N818 - reads as what it is
    """There is no such citizen or need."""


class Erasing:
    """Begins erasures, and carries on those that have begun."""

    def __init__(
        self, store: Store, erasures: ErasureStore, vault: Vault | None, steps: Steps, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._erasures = erasures
        self._vault = vault
        self._steps = steps
        self._clock = clock
        self._awake = asyncio.Event()

    # --- beginning --------------------------------------------------------------------------------------------------

    async def begin_citizen(self, citizen_id: str, why: Why = "asked") -> str:
        """Begin to erase a citizen with all needs; gives the erasure's id, the same if it has begun already.

        Raises:
            NothingToErase: there is no such citizen.
        """

        async def work(connection: Connection) -> str:
            if (known := await self._erasures.under_way(connection, digest_of(citizen_id))) is not None:
                return known.erasure_id
            municipality = await self._erasures.mark_citizen(connection, citizen_id)
            if municipality is None:
                raise NothingToErase
            needs = await self._erasures.needs_of(connection, citizen_id)
            job = new_job(self._clock(), citizen_id, needs, municipality, why, citizen_id=citizen_id)
            return await self._add(connection, job)

        return await self._begun(work)

    async def begin_need(self, need_id: str, why: Why = "asked") -> str:
        """Begin to erase one need; the citizen, and other needs, stay.

        Raises:
            NothingToErase: there is no such need, or nothing is left of it.
        """

        async def work(connection: Connection) -> str:
            if (known := await self._erasures.under_way(connection, digest_of(need_id))) is not None:
                return known.erasure_id
            found = await self._erasures.need_named(connection, need_id)
            if found is None:
                raise NothingToErase
            return await self._add(connection, new_job(self._clock(), need_id, [need_id], found[1], why))

        return await self._begun(work)

    async def _begun(self, work: Callable[[Connection], Awaitable[str]]) -> str:
        erasure_id = await self._store.in_transaction(work)
        self._awake.set()
        return erasure_id

    async def _add(self, connection: Connection, job: Job) -> str:
        await self._erasures.add(connection, job)
        log.info("erasure_begun", erasure_id=job.erasure_id, why=job.why, needs=len(job.needs))
        return job.erasure_id

    # --- carrying on ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry on whatever is under way, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_passing(error):
                    log.exception("erasing_failed", error_type=type(error).__name__)
                else:
                    log.warning("erasing_held", error_type=type(error).__name__)
            try:
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                continue
            self._awake.clear()

    async def look(self) -> None:
        """Adopt needs that were erased by themselves, and carry on each job as far as it goes now."""
        for need_id in await self._erasures.erased_without_erasure(_AT_ONCE):
            await self.begin_need(need_id, "erased_need")
        while (job := await self._erasures.lease(self._clock(), self._clock() + LEASE)) is not None:
            await self._carry_on(job)

    async def erase_risen(self) -> int:
        """Erase again what a restored backup has brought back, up to what has to be published; gives how much that was."""
        if self._vault is None:
            return 0
        risen = await self._erasures.risen(await self._vault.forgotten())
        for erased_id, is_citizen in risen:
            await (self.begin_citizen if is_citizen else self.begin_need)(erased_id, "restored")
        if risen:
            log.warning("erased_again_after_restore", count=len(risen))
            await self.look()
        return len(risen)

    async def _carry_on(self, job: Job) -> None:
        """Go from step to step until one has to wait."""
        while True:
            after = await self._steps.next(replace(job, looked_at=self._clock()))
            moved = after.step is not job.step
            if moved:
                after = replace(after, step_at=self._clock())
                log.info("erasure_step", erasure_id=job.erasure_id, step=after.step.value)
            free = after.step is Step.ENDED or not moved
            leased_until = self._clock() + (_REST if free else LEASE)
            await self._store.in_transaction(partial(self._erasures.save, job=after, leased_until=leased_until))
            if free:
                return
            job = after
