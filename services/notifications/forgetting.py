"""After an erasure the tables are written anew: a deleted row's bytes stay in their page until others are written there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from shared.messaging.errors import is_passing

if TYPE_CHECKING:
    from services.notifications.store import Store

_log = structlog.get_logger(__name__)

_GATHER_SECONDS = 1.0
_AGAIN_SECONDS = 60.0


class Forgetting:
    """Sleeps while nothing was erased; erasures that come together are one piece of work."""

    def __init__(self, store: Store, rewrite_at_most_bytes: int) -> None:
        self._store = store
        self._rewrite_at_most_bytes = rewrite_at_most_bytes
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Something was erased."""
        self._awake.set()

    async def run(self) -> None:
        """Look at the start, for a crash may have come between, and whenever something was erased, until cancelled."""
        while True:
            try:
                if await self._store.is_to_be_rewritten():
                    done = await self._store.rewrite(self._rewrite_at_most_bytes)
                    _log.info("tables_rewritten", **done)
            except Exception as error:
                if not is_passing(error):
                    raise
                _log.warning("tables_not_rewritten", error_type=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._awake.wait()
            self._awake.clear()
            await asyncio.sleep(_GATHER_SECONDS)
