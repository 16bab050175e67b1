"""Live alerts: one reader of new rows for all open streams, woken by the commit that added them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from shared.messaging.errors import is_passing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.notifications.domain.alerts import Alert
    from services.notifications.metrics import Metrics
    from services.notifications.store import Store

_log = structlog.get_logger(__name__)

_PAGE = 500
_MOST_UNREAD = 1000
_AGAIN_SECONDS = 0.5


class FellBehind(Exception):  # noqa: N818 - reads as what happened
    """A client did not read as fast as alerts came; its stream ends, and it resumes from the last id it has."""


class Stream:
    """One client's alerts, from `after` on without gap or repeat."""

    def __init__(self, store: Store, person: str | None, after: int) -> None:
        self._store = store
        self.person = person
        self._last = after
        self._unread: asyncio.Queue[Alert] = asyncio.Queue(_MOST_UNREAD)
        self._fell_behind = False

    def offer(self, alert: Alert) -> None:
        """Put an alert before the client; a queue that is full ends the stream, the others go on."""
        try:
            self._unread.put_nowait(alert)
        except asyncio.QueueFull:
            self._fell_behind = True

    async def alerts(self) -> AsyncIterator[Alert]:
        """Give what is stored first, then what comes.

        Raises:
            FellBehind: the client is too slow.
        """
        persons = None if self.person is None else [self.person]
        while page := await self._store.alerts_after(self._last, persons, _PAGE):
            for alert in page:
                self._last = alert.alert_id
                yield alert
        while not self._fell_behind:
            alert = await self._unread.get()
            # What was stored before may come a second time by the queue.
            if alert.alert_id > self._last:
                self._last = alert.alert_id
                yield alert
        raise FellBehind


class Live:
    """The fan-out: each commit is fetched once, for all who listen.

    Alert ids rise in the order of the commits (store: one writer at a time), so everything up to the id that a notification
    carries can be seen, and a cursor misses nothing.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._streams: set[Stream] = set()
        self._wake = asyncio.Event()
        # A stream that joined in the middle of a fetch could miss a commit that falls between that fetch and its own.
        self._between_fetches = asyncio.Lock()
        self._heard = 0
        self._cursor = 0

    @property
    def newest(self) -> int:
        """The highest alert id that was heard of: where somebody begins who wants only what is new."""
        return max(self._heard, self._cursor)

    def hear(self, last_id: str) -> None:
        """Take a notification of the alerts channel: the highest id of the commit."""
        self._heard = max(self._heard, int(last_id))
        self._wake.set()

    def look(self) -> None:
        """Notifications may have been missed."""
        self._wake.set()

    @asynccontextmanager
    async def stream(self, person: str | None, after: int) -> AsyncIterator[Stream]:
        """Open a stream of a person's alerts (None: everybody's) with ids above `after`."""
        stream = Stream(self._store, person, after)
        async with self._between_fetches:
            self._streams.add(stream)
        self._metrics.stream_opened()
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            self._metrics.stream_closed()

    async def start(self) -> None:
        """Begin after what is stored; to be awaited before the first stream opens."""
        self._cursor = await self._store.last_alert_id()

    async def run(self) -> None:
        """Fetch and hand out, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                async with self._between_fetches:
                    await self._hand_out()
            except Exception as error:
                if not is_passing(error):
                    raise
                _log.warning("alerts_not_fetched", error_type=type(error).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
                self._wake.set()

    async def _hand_out(self) -> None:
        heard = self._heard
        while self._streams:
            listening = {stream.person for stream in self._streams}
            persons = None if None in listening else {person for person in listening if person is not None}
            page = await self._store.alerts_after(self._cursor, persons, _PAGE)
            for alert in page:
                self._cursor = alert.alert_id
                for stream in self._streams:
                    if stream.person is None or stream.person == alert.person:
                        stream.offer(alert)
            if len(page) < _PAGE:
                break
        self._cursor = max(self._cursor, heard)
