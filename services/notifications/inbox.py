"""The reading side: a person's inbox as a page, as a live stream and as lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson

from services.notifications.live import FellBehind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from services.notifications.domain.alerts import Alert
    from services.notifications.live import Live
    from services.notifications.pages.rendering import Pages
    from services.notifications.pages.words import Language
    from services.notifications.store import Person, Store
    from shared.identity.greeting import Greeting, Public

PAGE_ALERTS = 100
_LINES_AT_A_TIME = 1000
_ASK_AGAIN_SECONDS = 10.0
NO_END = 2**63 - 1


class Inbox:
    """What may be read of the alerts.

    Args:
        store: the service's database.
        live: hands out alerts as they come.
        pages: renders.
    """

    def __init__(self, store: Store, live: Live, pages: Pages) -> None:
        self._store = store
        self._live = live
        self._pages = pages
        self._asked_for_policies = float("-inf")

    async def page(
        self, person_id: str, readers: Sequence[Person], before: int, language: Language, viewer: Greeting | Public
    ) -> str:
        """Render the page of one person; `readers`: whose inboxes whoever asks may choose from, that person's among them; `viewer` is who looks."""
        person = next(one for one in readers if one.person == person_id)
        # First where the live stream is to begin, then the alerts: one that comes in between is in both, and shown once.
        newest = await self._store.last_alert_id()
        items = await self._store.inbox(person.person, before, PAGE_ALERTS)
        await self._learn(item.alert for item in items)
        return self._pages.inbox(
            people=readers,
            person=person,
            alerts=items,
            language=language,
            is_first_page=before == NO_END,
            older_before=items[-1].alert.alert_id if len(items) == PAGE_ALERTS else None,
            newest=newest,
            viewer=viewer,
        )

    async def lines(self, person: str, after: int, most: int | None) -> AsyncIterator[bytes]:
        """Give stored alerts as JSON lines, oldest first."""
        left = NO_END if most is None else most
        while left > 0:
            page = await self._store.alerts_after(after, [person], min(left, _LINES_AT_A_TIME))
            if not page:
                return
            yield b"".join(as_json(alert) + b"\n" for alert in page)
            after, left = page[-1].alert_id, left - len(page)

    async def follow(self, person: str, after: int) -> AsyncIterator[bytes]:
        """Give stored alerts as JSON lines, and then each as it comes."""
        async for alert in self._alerts(person, after):
            yield as_json(alert) + b"\n"

    async def events(self, person: str, after: int | None) -> AsyncIterator[dict[str, Any]]:
        """Give alerts as server-sent events, resumable by their ids; `after` None: only what is new."""
        async for alert in self._alerts(person, self._live.newest if after is None else after):
            yield {"id": str(alert.alert_id), "event": "alert", "data": as_json(alert).decode()}

    async def card_events(self, person: str, after: int | None, language: Language) -> AsyncIterator[dict[str, Any]]:
        """Give alerts as server-sent events that the page puts in as they are."""
        async for alert in self._alerts(person, self._live.newest if after is None else after):
            await self._learn([alert])
            abouts = await self._store.abouts([alert.need_id])
            message = {
                "alert_id": alert.alert_id,
                "need_id": alert.need_id,
                "card": self._pages.card(alert, language),
                "group": self._pages.group(alert, abouts.get(alert.need_id, {}), language),
                "announcement": self._pages.announcement(alert, language),
            }
            yield {"id": str(alert.alert_id), "event": "alert", "data": orjson.dumps(message).decode()}

    async def _alerts(self, person: str, after: int) -> AsyncIterator[Alert]:
        async with self._live.stream(person, after) as stream:
            try:
                async for alert in stream.alerts():
                    yield alert
            except FellBehind:
                # The end of the stream tells the client, which comes back with the id that it has.
                return

    async def _learn(self, alerts: Iterable[Alert]) -> None:
        """Look up the words of policies that are new to this process, though not more often than now and then."""
        is_known = all(self._pages.knows(alert.policy) for alert in alerts)
        if is_known or time.monotonic() - self._asked_for_policies < _ASK_AGAIN_SECONDS:
            return
        self._asked_for_policies = time.monotonic()
        self._pages.learn(await self._store.policies())


def as_json(alert: Alert) -> bytes:
    """Say an alert in the public shape of the issue."""
    return orjson.dumps(
        {
            "alert_id": alert.alert_id,
            "need_id": alert.need_id,
            "vacancy_id": alert.vacancy_id,
            "opening": alert.opening,
            "kind": alert.kind,
            "score": alert.score,
            "municipality": alert.said["municipality"],
            "recipient": alert.person,
            "channel": alert.channel,
            "alerted_at": alert.alerted_at,
            "correlation_id": alert.correlation_id,
        }
    )
