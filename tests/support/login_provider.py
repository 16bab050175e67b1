"""The embedded stack's provider for tests, as the launcher starts it; and a browser's way through it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from deploy.embedded import identity
from deploy.embedded.home import Home
from deploy.embedded.known import client_secret
from deploy.embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.embedded.services import Service

_READY_WITHIN_SECONDS = 60.0


@contextmanager
def running_provider(folder: Path, address: str | None = None) -> Iterator[Home]:
    """Run a stack of which only the provider is up, at its own port.

    Args:
        folder: the stack's.
        address: where the pages are that people log in at; by default the provider's own address.
    """
    home = Home(folder)
    with pytest.MonkeyPatch.context() as environment, home.owned():
        environment.delenv("LEDIGPLADS_IDENTITY_ISSUER")
        own = f"http://{LOOPBACK}:{home.port('login-provider')}"
        provider = identity.prepare(home, own, pages=address)
        assert provider is not None
        home.write_state({"address": own, "identity": {"issuer": identity.issuer(own), "audience": identity.audience()}})
        provider.child.start()
        _wait_until_ready(provider)
        yield home
        provider.child.stop()


def issuer_of(home: Home) -> str:
    """The name in which it signs."""
    return str(home.state()["identity"]["issuer"])


def client_secret_of(home: Home, client: str) -> str:
    """By what a program proves itself to it."""
    return client_secret(home, client)


def _wait_until_ready(provider: Service) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert provider.child.running, provider.child.last_words()
        try:
            if httpx2.get(f"{provider.url}/readyz").status_code == httpx2.codes.OK:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise AssertionError(provider.child.last_words())
