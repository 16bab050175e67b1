"""`ledigplads status`: is it up, how far has each reader come, and how much is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import httpx2
from aiokafka.errors import KafkaError
from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.calling import client
from deploy.cli.exits import AWAY, OK
from deploy.cli.stack_state import ServiceAddress, StackState, find_stack
from deploy.simulate.broker_view import BrokerView

if TYPE_CHECKING:
    from collections.abc import Mapping

_READY_SECONDS = 5.0
_COUNTS = {
    "intake": "/operator/counts",
    "matching": "/matching/operator/counts",
    "notifications": "/notifications/operator/counts",
}
_DEAD_LETTERS = "-dlq"


async def status(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Vis om alt kører, og hvor langt hver læser er. Show what is up, how far each reader has come, and how much there is.

    Ends with 0 when every service is ready, with 3 when one is not or Kafka does not answer.

    Parameters
    ----------
    json
        One JSON document: services, topics with messages and lag per group, counts, dead_letters, address.
    """
    stack = find_stack()
    async with client() as http:
        services, counts, topics = await asyncio.gather(_services(http, stack), _counts(http, stack), _topics(stack))
    found: dict[str, Any] = {
        "services": services,
        "topics": topics or {},
        "counts": counts,
        "dead_letters": sum(facts["messages"] for name, facts in (topics or {}).items() if name.endswith(_DEAD_LETTERS)),
        "address": stack.address,
    }
    if topics is None:
        output.say(f"Kafka does not answer at {stack.bootstrap_servers}.")
    if json:
        output.document(found)
    else:
        _show(found)
    return OK if topics is not None and all(one["ready"] for one in services.values()) else AWAY


async def _services(http: httpx2.AsyncClient, stack: StackState) -> dict[str, dict[str, Any]]:
    answers = await asyncio.gather(*(_service(http, one) for one in stack.services.values()))
    return dict(zip(stack.services, answers, strict=True))


async def _service(http: httpx2.AsyncClient, one: ServiceAddress) -> dict[str, Any]:
    known = {"ready": False, "url": one.url, **{name: one.facts[name] for name in ("pid",) if name in one.facts}}
    try:
        answer = await http.get(f"{one.url}/readyz", timeout=_READY_SECONDS)
        said = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        return known | {"checks": {"http": {"ok": False, "detail": type(error).__name__}}}
    return known | {"ready": bool(said.get("ready")), "checks": said.get("checks", {})}


async def _counts(http: httpx2.AsyncClient, stack: StackState) -> dict[str, int | None]:
    """Ask each service for what it alone knows; None where it does not answer."""
    intake, notifications, *workers = await asyncio.gather(
        _asked(http, stack, "intake"),
        _asked(http, stack, "notifications"),
        *(_ask(http, worker, "matching") for worker in stack.of_kind("matching")),
    )
    pairs = [worker["pairs"] for worker in workers if worker is not None]
    return {
        "vacancies_open": None if intake is None else int(intake["vacancies_open"]),
        "needs_open": None if intake is None else int(intake["needs_open"]),
        # Each worker answers for its share of the needs.
        "matches": sum(map(int, pairs)) if len(pairs) == len(workers) else None,
        "alerts": None if notifications is None else int(notifications["alerts"]),
    }


async def _asked(http: httpx2.AsyncClient, stack: StackState, name: str) -> Mapping[str, Any] | None:
    return await _ask(http, stack.services[name], name) if name in stack.services else None


async def _ask(http: httpx2.AsyncClient, one: ServiceAddress, kind: str) -> Mapping[str, Any] | None:
    try:
        answer = await http.get(one.url + _COUNTS[kind], timeout=_READY_SECONDS)
        found: Mapping[str, Any] | None = answer.json() if answer.is_success else None
    except (httpx2.HTTPError, ValueError):
        return None
    return found


async def _topics(stack: StackState) -> dict[str, dict[str, Any]] | None:
    try:
        async with BrokerView(stack.bootstrap_servers, stack.names, stack.topics) as view:
            return {name: {"messages": one.messages, "lag": dict(one.lag)} for name, one in (await view.topics()).items()}
    except (KafkaError, OSError):
        return None


def _show(found: Mapping[str, Any]) -> None:
    services = output.table("service", "ready", "address", "what is wrong")
    for name, one in found["services"].items():
        wrong = "; ".join(f"{check}: {said['detail']}" for check, said in one["checks"].items() if not said["ok"])
        services.add_row(name, "yes" if one["ready"] else "no", one["url"], wrong)
    topics = output.table("topic", ">messages", "still to be read, by group")
    for name, one in found["topics"].items():
        if one["messages"]:
            topics.add_row(name, str(one["messages"]), ", ".join(f"{group} {lag}" for group, lag in one["lag"].items()))
    counts = output.table("how much", ">")
    for name, count in [*found["counts"].items(), ("dead_letters", found["dead_letters"])]:
        counts.add_row(name.replace("_", " "), "?" if count is None else str(count))
    for made in (services, topics, counts):
        output.show(made)
        output.text("")
    output.text(f"Open {found['address']}")
