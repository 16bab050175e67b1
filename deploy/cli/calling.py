"""Calls to the services, for commands: who is away or says no ends the command with a sentence."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import httpx2

from deploy.cli.signing_in import authorization
from deploy.simulate.ways_in import Intake, RefusedError, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.cli.stack_state import StackState


CASEWORKER: Final = "sb-0751-1"
"""Who asks about needs in the embedded stack when nobody has logged in: one of the sample's caseworkers, who sees Aarhus."""


@asynccontextmanager
async def client(demo: str = "cli") -> AsyncIterator[httpx2.AsyncClient]:
    """Open a client that says who calls; `demo` is who does in the embedded stack when nobody has logged in."""
    async with httpx2.AsyncClient(headers=await authorization(demo)) as made:
        yield made


@asynccontextmanager
async def intake_of(stack: StackState, demo: str = "cli") -> AsyncIterator[Intake]:
    """Talk to intake; see `client`."""
    async with client(demo) as made:
        yield Intake(made, stack.url("intake"))


@asynccontextmanager
async def service_of(stack: StackState, name: str, demo: str = "cli") -> AsyncIterator[Service]:
    """Talk to one service by its name; see `client`."""
    async with client(demo) as made:
        yield Service(made, stack.url(name))


def sentences(error: RefusedError) -> list[str]:
    """Give what a service says is wrong: a line for each field, in Danish and English."""
    reasons = [
        f"  {reason.get('field') or '(hele)'}: {reason.get('text_da', '')} / {reason.get('text_en', '')} [{reason.get('code', '')}]"
        for reason in error.problem.get("errors", [])
    ]
    return [str(error), *reasons]
