"""`ledigplads simulate`: a market that moves."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx2
from aiokafka.errors import KafkaError
from cyclopts import Parameter

from deploy.cli import output, partner_login
from deploy.cli.exits import AWAY, OK, REFUSED, NotReachableError
from deploy.cli.stack_state import StackState, find_stack
from deploy.signing import signed_as
from deploy.simulate.drive import PARTNER, Drive, Tally, describe
from deploy.simulate.ledger import Ledger
from deploy.simulate.plan import Plan
from deploy.simulate.ways_in import Intake, Service


async def simulate(
    *,
    rate: float = 20.0,
    duration: float = 60.0,
    size: int = 0,
    seed: int = 1,
    kafka: Annotated[int, Parameter(name="--kafka-percent")] = 30,
    needs: Annotated[int, Parameter(name="--need-percent")] = 10,
    run: str | None = None,
    ledger: Path | None = None,
    patience: float = 180.0,
) -> int:
    """Simulér et marked i bevægelse. Publish, change and withdraw vacancies and needs through the real ways in.

    Of the events 60 % publish, 30 % change and 10 % withdraw. Services that are away are waited for, and what was not answered is sent
    again. What was accepted is one line of JSON on stdout; progress is told on stderr. Ends with 1 when something was refused, with 3
    when answers were still out at the end.

        ledigplads simulate --rate 50 --duration 120 --size 10000 --ledger accepted.jsonl

    Parameters
    ----------
    rate
        Events a second.
    duration
        Seconds that events are made for.
    size
        Needs that are registered before the events begin; up to a million and beyond.
    seed
        The same seed makes the same people, places and events.
    kafka
        Percent of the vacancies that come over Kafka, as the partner `simulate`; the rest comes over HTTP.
    needs
        Percent of the events that are about needs.
    run
        Name of the run, part of every reference. Two runs with different names never meet; the default is new each time.
    ledger
        Append what was accepted to this file, a line of JSON each: at, entity, entity_id, reference, version, status, way.
    patience
        Seconds to wait for services that are away: before the first event, and for the last answers.
    """
    now = datetime.now(UTC)
    plan = Plan(
        rate,
        duration,
        size,
        seed,
        run or f"{now:%y%m%d-%H%M%S}",
        kafka_percent=kafka,
        need_percent=needs,
        patience_seconds=patience,
    )
    stack = find_stack()
    begun = time.monotonic()
    async with _drive(plan, stack, ledger, now) as drive:
        try:
            tally = await drive.run()
        except (KafkaError, OSError) as error:
            raise NotReachableError(f"Kafka does not answer at {stack.bootstrap_servers} ({type(error).__name__}).") from error
    output.line({"run": plan.run, "seed": seed, **describe(tally, time.monotonic() - begun)})
    if tally.unanswered:
        return AWAY
    return REFUSED if tally.refused else OK


@asynccontextmanager
async def _drive(plan: Plan, stack: StackState, path: Path | None, now: datetime) -> AsyncIterator[Drive]:
    with Ledger(path) as ledger:
        signed = signed_as(PARTNER)
        async with httpx2.AsyncClient(auth=signed.partner) as partner, httpx2.AsyncClient(auth=signed.operator) as operator:
            yield Drive(
                plan,
                intake=Intake(partner, stack.url("intake")),
                operators=Service(operator, stack.url("intake")),
                notifications=Service(operator, stack.url("notifications")),
                bootstrap=await partner_login.own(stack, PARTNER),
                names=stack.names,
                ledger=ledger,
                day=now.date(),
                progress=_tell,
            )


def _tell(what: str, tally: Tally) -> None:
    output.say(
        f"{what}: {tally.published} published, {tally.changed} changed, {tally.withdrawn} withdrawn, {tally.refused} refused, "
        f"{tally.retries} sent again"
    )
