"""Requests of programs of ours, signed as what they are: the launcher is an operator, the sample and the simulation are partners."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx2

from deploy.tokens import NoTokenError, client_token

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from deploy.embedded.home import Home

LAUNCHER: Final = "launcher"
CLI: Final = "cli"
READY_TOKEN: Final = "LEDIGPLADS_TOKEN"  # noqa: S105 - the name of a variable


class AsProgram(httpx2.Auth):
    """Signs each request with the token in LEDIGPLADS_TOKEN, else with the program's own; while the login is away, so is what is asked.

    Args:
        client_id: a program that the provider knows.
        home: the stack's folder; by default the one that commands are for.
        or_public: where there is no token to be had, ask as the public; who is asked then says what it takes.
    """

    def __init__(self, client_id: str, home: Home | None = None, *, or_public: bool = False) -> None:
        self._client_id = client_id
        self._home = home
        self._or_public = or_public
        # A hundred requests at once would ask for as many tokens, and the login would time out.
        self._one_asks = asyncio.Lock()

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Ask for a token, or use the one at hand."""
        try:
            async with self._one_asks:
                token = os.environ.get(READY_TOKEN) or await client_token(self._client_id, self._home)
        except NoTokenError as error:
            if not self._or_public:
                raise httpx2.ConnectError(str(error), request=request) from error
        else:
            request.headers["Authorization"] = f"Bearer {token}"
        yield request


@dataclass(frozen=True, slots=True)
class Signed:
    """How a load signs: what operators do, and what the partner does whose offers and municipalities they are."""

    operator: httpx2.Auth
    partner: httpx2.Auth


def signed_as(partner: str, home: Home | None = None) -> Signed:
    """Sign as the launcher, and as a partner's system that the stack's provider knows by the partner's name."""
    return Signed(AsProgram(LAUNCHER, home), AsProgram(partner, home))
