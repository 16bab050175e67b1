"""The simulated market in front of a road: `ledigplads simulate` without its command line, its ledger in a file."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2

from deploy.simulate.drive import PARTNER, Drive
from deploy.simulate.ledger import Ledger
from deploy.simulate.plan import Plan
from deploy.simulate.ways_in import Intake, Service
from tests.support.asking import AsPartner, AsWhoeverMay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.road import Road

_NEEDS = 60
_OFFERS = 20
_PATIENCE_SECONDS = 240.0


@asynccontextmanager
async def market(road: Road, run: str, ledger_file: Path, *, events_per_second: float, seconds: float) -> AsyncIterator[Drive]:
    """Have a seeded market that goes on when services are away, and writes down what was accepted."""
    plan = Plan(
        rate=events_per_second,
        duration_seconds=seconds,
        needs=_NEEDS,
        seed=7,
        run=run,
        offers=_OFFERS,
        patience_seconds=_PATIENCE_SECONDS,
    )
    async with httpx2.AsyncClient(auth=AsPartner(PARTNER)) as partner, httpx2.AsyncClient(auth=AsWhoeverMay()) as operator:
        with Ledger(ledger_file) as ledger:
            yield Drive(
                plan,
                intake=Intake(partner, road.intake.url),
                operators=Service(operator, road.intake.url),
                notifications=Service(operator, road.notifications.url),
                bootstrap=road.around.bootstrap_servers,
                names=road.around.names,
                ledger=ledger,
                day=datetime.now(UTC).date(),
            )
