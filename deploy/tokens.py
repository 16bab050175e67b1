"""Access tokens for programs of ours: by client credentials, at the stack's own provider or at the one that the environment names."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx2

from deploy.embedded.home import Home, home_folder
from deploy.embedded.known import client_secret
from shared.identity.errors import ProviderAwayError
from shared.identity.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

_ISSUER: Final = "LEDIGPLADS_IDENTITY_ISSUER"
_PROOF: Final = "LEDIGPLADS_CLIENT_SECRET"
_TIMEOUT_SECONDS: Final = 10.0
_EARLY_SECONDS: Final = 60.0


class NoTokenError(Exception):
    """The provider gives this program no token; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: float


_KEPT: Final[dict[tuple[str, str], _Kept]] = {}


async def client_token(client_id: str, home: Home | None = None) -> str:
    """Give an access token for a program, a kept one while it is good for another minute.

    Args:
        client_id: a program that the provider knows; of the embedded stack: `deploy.embedded.known.PROGRAMS`.
        home: the stack's folder, by default the one that commands are for. Where LEDIGPLADS_IDENTITY_ISSUER is set, that is asked
            instead, with the secret LEDIGPLADS_CLIENT_SECRET.

    Raises:
        NoTokenError: the provider is away, or does not know the program or its secret.
    """
    issuer, secret = _where(client_id, home or Home(home_folder()))
    kept = _KEPT.get((issuer, client_id))
    if kept is None or kept.until < time.monotonic():
        kept = await _ask(issuer, client_id, secret)
        _KEPT[issuer, client_id] = kept
    return kept.token


async def bearer_of(client_id: str, home: Home | None = None) -> Mapping[str, str]:
    """Give the header that sends such a token."""
    return {"Authorization": f"Bearer {await client_token(client_id, home)}"}


def _where(client_id: str, home: Home) -> tuple[str, str]:
    if issuer := os.environ.get(_ISSUER):
        secret = os.environ.get(_PROOF)
        if not secret:
            raise NoTokenError(f"{_ISSUER} is set and {_PROOF} is not: set it to the secret of the client {client_id}.")
        return issuer, secret
    stack = home.state().get("identity")
    if stack is None:
        raise NoTokenError("Nothing is up here, and LEDIGPLADS_IDENTITY_ISSUER names no provider.")
    return str(stack["issuer"]), client_secret(home, client_id)


async def _ask(issuer: str, client_id: str, secret: str) -> _Kept:
    try:
        endpoint = (await Provider(issuer).endpoints()).token_endpoint
        async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            answer = await client.post(endpoint, data={"grant_type": "client_credentials"}, auth=(client_id, secret))
    except (ProviderAwayError, httpx2.HTTPError) as error:
        raise NoTokenError(f"The login at {issuer} does not answer ({type(error).__name__}: {error}).") from error
    if answer.status_code != httpx2.codes.OK:
        raise NoTokenError(f"The login at {issuer} refuses the client {client_id} ({answer.status_code}).")
    said = answer.json()
    return _Kept(str(said["access_token"]), time.monotonic() + float(said.get("expires_in", 300)) - _EARLY_SECONDS)
