"""What runs beside a service's requests: each part starts again after a failure, and readiness says so meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 5.0


class Background:
    """Named tasks of the service's life."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failing: set[str] = set()

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run this until it returns; a run that raises is followed by another."""
        self._tasks[name] = asyncio.create_task(self._keep_running(name, run), name=name)

    async def finish(self, name: str, *, within_seconds: float) -> None:
        """Wait for a task that was asked to end, if it was ever started; one that takes too long is cancelled."""
        task = self._tasks.pop(name, None)
        if task is None:
            return
        await asyncio.wait({task}, timeout=within_seconds)
        await _cancel(task)

    async def stop(self) -> None:
        for task in self._tasks.values():
            await _cancel(task)
        self._tasks.clear()

    async def check(self) -> tuple[bool, str]:
        """Answer readiness."""
        if self._failing:
            return False, f"failing, and tried again: {', '.join(sorted(self._failing))}"
        if cut_off := sorted(name for name, task in self._tasks.items() if task.cancelled()):
            return False, f"cut off, start the service again: {', '.join(cut_off)}"
        return True, "all running"

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - the loop of a service's life: whatever it was, it is told and tried again
                self._failing.add(name)
                _log.error("background_task_failed", task=name, exc_info=error)
                await asyncio.sleep(_AGAIN_SECONDS)
                self._failing.discard(name)
            else:
                return


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
