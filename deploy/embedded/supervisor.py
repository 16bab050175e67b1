"""Starts again what dies, with a growing pause, and says so."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.embedded.errors import CannotStartError
from deploy.embedded.process import Child
from deploy.embedded.reports import Reporter, Said

_LOOK_EVERY_SECONDS = 0.1
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0
_FORGIVEN_AFTER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Member:
    """A child that must run, and how it is brought back (blocking; may raise CannotStartError)."""

    name: str
    child: Child
    revive: Callable[[], None]


class Pauses:
    """How long to wait before the next start: doubled with each death, forgotten after a good while."""

    def __init__(self) -> None:
        self._next = _FIRST_PAUSE_SECONDS
        self._last_death = 0.0

    def after_death(self, now: float) -> float:
        """The pause in seconds for a death at `now` (seconds on any clock that only goes forward)."""
        if now - self._last_death > _FORGIVEN_AFTER_SECONDS + self._next:
            self._next = _FIRST_PAUSE_SECONDS
        self._last_death = now
        pause = self._next
        self._next = min(self._next * 2, _LONGEST_PAUSE_SECONDS)
        return pause


class Supervisor:
    """Looks after members until it is told to stop.

    Args:
        report: is told of each death and each return.
        changed: called when a member runs again, under another process id.
    """

    def __init__(self, report: Reporter, changed: Callable[[], None]) -> None:
        self._report = report
        self._changed = changed
        self._members: list[Member] = []
        self._reviving: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, Pauses] = {}
        self._stopping = False

    def add(self, member: Member) -> None:
        """Look after this one too."""
        self._members.append(member)

    async def run(self) -> None:
        """Look, for ever."""
        while not self._stopping:
            for member in self._members:
                task = self._reviving.get(member.name)
                if not member.child.running and (task is None or task.done()):
                    if task is not None:
                        task.result()
                    self._reviving[member.name] = asyncio.create_task(self._revive(member))
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def leave_alone(self) -> None:
        """Revive nothing any more; a start that is under way is cut short, so that nothing comes up afterwards."""
        self._stopping = True
        for member in self._members:
            task = self._reviving.get(member.name)
            while task is not None and not task.done():
                member.child.kill()
                await asyncio.wait([task], timeout=_LOOK_EVERY_SECONDS)

    async def _revive(self, member: Member) -> None:
        pause = self._pauses.setdefault(member.name, Pauses()).after_death(time.monotonic())
        self._report(Said(f"{member.name} {how_it_ended(member.child.exit_code)}; it is started again"))
        until = time.monotonic() + pause
        while time.monotonic() < until:
            if self._stopping:
                return
            await asyncio.sleep(min(_LOOK_EVERY_SECONDS, pause))
        if self._stopping:
            return
        try:
            await asyncio.to_thread(member.revive)
        except CannotStartError as error:
            self._report(Said(str(error)))
            return
        self._changed()
        self._report(Said(f"{member.name} runs again"))


def how_it_ended(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "ended"
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
