"""Waiting until what was put in has gone all the way through: matched, alerted, mailed, and nothing moves any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.simulate.broker_view import BrokerView, TopicView
    from deploy.simulate.ways_in import Answer, Service

_QUIET_SECONDS = 1.2
"""Without a change for so long nothing is on its way: a hop takes milliseconds, the slowest timer of a retry a second."""
_LOOK_EVERY_SECONDS = 0.2
_FLOW = ("vacancies", "need-profiles", "matches", "referrals", "settings")


@dataclass(frozen=True, slots=True)
class Settled:
    """What there was when it became quiet, or when the time was up."""

    quiet: bool
    notifications: Answer
    """Counts as notifications gives them."""


async def settle(view: BrokerView, notifications: Service, within_seconds: float) -> Settled:
    """Wait until no group lags, no delivery waits, and neither log nor alerts have changed for a moment.

    Args:
        view: of the broker.
        notifications: whose counts say what became of it.
        within_seconds: after so long it answers all the same, and says that it is not quiet.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_seconds
    before: tuple[object, ...] = ()
    quiet_since = loop.time()
    while True:
        topics, counts = await view.topics(), await notifications.call("GET", "/notifications/operator/counts")
        now = _fingerprint(topics, counts)
        if now != before or _busy(topics, counts):
            before, quiet_since = now, loop.time()
        if loop.time() - quiet_since >= _QUIET_SECONDS:
            return Settled(quiet=True, notifications=counts)
        if loop.time() >= deadline:
            return Settled(quiet=False, notifications=counts)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _busy(topics: Mapping[str, TopicView], counts: Answer) -> bool:
    lag = sum(sum(topics[name].lag.values()) for name in _FLOW if name in topics)
    return lag > 0 or int(counts.get("deliveries_waiting", 0)) > 0


def _fingerprint(topics: Mapping[str, TopicView], counts: Answer) -> tuple[object, ...]:
    return (*(topics[name].messages for name in _FLOW if name in topics), *sorted(counts.items()))
