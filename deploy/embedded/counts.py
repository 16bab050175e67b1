"""How much there is now: asked of each service's operator page."""

import asyncio
import contextlib
from collections.abc import Iterable

import httpx2

from deploy.embedded.services import Service

_QUIET_SECONDS = 1.5
_LOOK_EVERY_SECONDS = 0.25
_PATHS = {
    "intake": "/operator/counts",
    "matching": "/matching/operator/counts",
    "notifications": "/notifications/operator/counts",
}
# What is shown, by the name that a service gives it.
_SHOWN = {"vacancies_open": "vacancies", "needs_open": "needs", "pairs": "matches", "alerts": "alerts"}
_ANSWERED_BY = {"vacancies_open": "intake", "needs_open": "intake", "pairs": "matching", "alerts": "notifications"}


async def counts(client: httpx2.AsyncClient, services: Iterable[Service]) -> dict[str, int]:
    """Open vacancies and needs, matches and alerts; what a service does not answer now is left out."""
    found: dict[str, int] = {}
    silent: set[str] = set()
    for one in services:
        kind = one.name.split("-")[0]
        if kind not in _PATHS:
            continue
        try:
            answer = await client.get(f"{one.url}{_PATHS[kind]}")
            answer.raise_for_status()
        except httpx2.HTTPError:
            silent.add(kind)
            continue
        for name, value in answer.json().items():
            if _ANSWERED_BY.get(name) == kind:
                # Each matching worker answers for its share of the needs.
                found[name] = found.get(name, 0) + int(value)
    return {_SHOWN[name]: value for name, value in found.items() if _ANSWERED_BY[name] not in silent}


async def settled_counts(client: httpx2.AsyncClient, services: Iterable[Service], within_seconds: float) -> dict[str, int]:
    """The counts once nothing has changed for a moment, or as they are when the time is up."""
    watched = tuple(services)
    last = await counts(client, watched)
    quiet = 0.0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_seconds):
            while quiet < _QUIET_SECONDS:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
                now = await counts(client, watched)
                quiet = quiet + _LOOK_EVERY_SECONDS if now == last else 0.0
                last = now
    return last


def growth(before: dict[str, int], after: dict[str, int]) -> str:
    """What changed, as in `+2 vacancies, -1 needs`; empty when nothing did."""
    changes = ((name, after[name] - before.get(name, 0)) for name in after if name in before)
    return ", ".join(f"{change:+d} {name}" for name, change in changes if change)
