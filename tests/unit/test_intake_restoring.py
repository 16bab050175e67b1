"""An operator's decision after a restore, and what begins then: done once, to its end, whoever goes away or fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from services.intake.duties import Duties
from services.intake.restoring.hold import Hold
from services.intake.restoring.restoring import Restored
from services.intake.restoring.routes import routes
from shared.web import exception_handlers
from tests.support.waiting import eventually


class Relay:
    """Counts how often it runs at once."""

    def __init__(self) -> None:
        self.running_now = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.running_now += 1
        try:
            yield
        finally:
            self.running_now -= 1


class Runs:
    """Timers, consumers and what forgets, which end at once, and settings that cannot be published the first times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.started = 0

    async def publish_settings(self, _today: object) -> list[str]:
        if self.failures:
            self.failures -= 1
            raise OSError("away")
        return []

    async def run(self) -> None:
        self.started += 1

    start = run

    async def stop(self) -> None:
        pass

    async def erase_risen(self) -> int:
        return 0


def work_of(relay: Relay, runs: Runs) -> Duties:
    parts: Any = runs
    running: Any = relay
    return Duties(parts, running, parts, parts, lambda: datetime(2026, 11, 25, 12, tzinfo=UTC), erasing=parts, retention=parts)


async def test_what_failed_to_begin_has_not_begun_and_begins_once_when_asked_again() -> None:
    relay, runs = Relay(), Runs(failures=1)
    work = work_of(relay, runs)
    with pytest.raises(OSError, match="away"):
        await work.begin()
    assert relay.running_now == 0

    await work.begin()
    assert relay.running_now == 1
    await eventually(lambda: runs.started == 4)
    await work.end()
    assert relay.running_now == 0


class Restoring:
    """Takes until it is let go on."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()

    async def restore(self, **_how: bool) -> Restored:
        self.begun += 1
        await self.go_on.wait()
        return Restored(epoch=2)


async def test_a_restore_whose_caller_went_away_goes_on_alone_and_lets_intake_begin() -> None:
    hold, restoring, relay = Hold(), Restoring(), Relay()
    hold.reason = "the log holds what this database does not know"
    state: dict[str, Any] = {"hold": hold, "restoring": restoring, "work": work_of(relay, Runs(failures=0))}
    app = Starlette(routes=routes(), exception_handlers=exception_handlers())

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": state}, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=with_state), base_url="http://intake") as client:
        asking = asyncio.create_task(client.post("/operator/restored", json={}))
        await eventually(lambda: restoring.begun == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        again = await asyncio.wait_for(client.post("/operator/restored", json={}), timeout=10)
        assert (again.status_code, restoring.begun) == (409, 1)
        restoring.go_on.set()
        await eventually(lambda: hold.reason is None)
        assert relay.running_now == 1
        assert (await client.post("/operator/restored", json={})).status_code == 409
    await state["work"].end()
