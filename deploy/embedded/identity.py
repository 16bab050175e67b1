"""Who vouches for people in the embedded stack: a provider of its own with demo people, unless the environment names one."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from deploy.embedded import known, services
from deploy.embedded.demo_people import demo_people
from deploy.embedded.known import client_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.embedded.home import Home

_PATH: Final = "/login-provider"
"""Where the local provider answers under the stack's one address."""
_SESSIONS: Final = "sessions"
_ISSUER: Final = "LEDIGPLADS_IDENTITY_ISSUER"
_CLIENT_SECRET: Final = "LEDIGPLADS_IDENTITY_CLIENT_SECRET"  # noqa: S105 - the variable's name
_BEFORE: Final = "LEDIGPLADS_IDENTITY_SESSION_SECRET_BEFORE"
_AUDIENCE: Final = "LEDIGPLADS_IDENTITY_AUDIENCE"


def issuer(address: str) -> str:
    """Give the provider that the environment names, or our own."""
    return os.environ.get(_ISSUER) or f"{address}{_PATH}"


def audience() -> str:
    """Give to whom its access tokens are given."""
    return os.environ.get(_AUDIENCE) or "ledigplads"


def settings(home: Home, address: str) -> Mapping[str, str]:
    """Tell a service who vouches for people; what the user's environment says of that goes before."""
    own = {
        _ISSUER: issuer(address),
        _AUDIENCE: audience(),
        "LEDIGPLADS_IDENTITY_SESSION_SECRET": home.secret(_SESSIONS),
    }
    before = {_BEFORE: os.environ[_BEFORE]} if os.environ.get(_BEFORE) else {}
    return {name: os.environ.get(name) or value for name, value in own.items()} | before


def pages_settings(home: Home) -> Mapping[str, str]:
    """Tell intake how its pages prove themselves to the provider: our own, or the one that the environment names."""
    if os.environ.get(_ISSUER):
        return {_CLIENT_SECRET: os.environ[_CLIENT_SECRET]} if os.environ.get(_CLIENT_SECRET) else {}
    return {"LEDIGPLADS_IDENTITY_CLIENT_ID": known.WEB, _CLIENT_SECRET: client_secret(home, known.WEB)}


def prepare(home: Home, address: str, pages: str | None = None) -> services.Service | None:
    """Write down who can log in, and give the provider to be started; None where the environment names another.

    Args:
        home: the stack's folder.
        address: where the provider answers, below its path.
        pages: where the pages are, if not at the same address.
    """
    if os.environ.get(_ISSUER):
        return None
    folder = home.login_provider
    folder.mkdir(mode=0o700, exist_ok=True)
    programs = (known.WEB, *known.PROGRAMS)
    secret_of = {name: client_secret(home, name) for name in programs}
    known.write(folder / "clients.json", [*known.clients(pages or address, secret_of), *known.partners_of(folder)])
    known.write(folder / "people.json", demo_people(datetime.now(UTC).date()))
    return services.login_provider(home, issuer(address), audience())
