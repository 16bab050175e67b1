"""Who vouches for people in the embedded stack: a provider of its own with demo people, unless the environment names one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.embedded.home import Home

PATH: Final = "/login-provider"
"""Where the local provider answers under the stack's one address."""
_SESSIONS: Final = "session"
_ISSUER: Final = "LEDIGPLADS_IDENTITY_ISSUER"


def is_local() -> bool:
    """Whether this stack brings a provider of its own."""
    return not os.environ.get(_ISSUER)


def settings(home: Home, address: str) -> Mapping[str, str]:
    """Tell a service who vouches for people; what the user's environment says of that goes before."""
    own = {"LEDIGPLADS_IDENTITY_SESSION_SECRET": home.secret(_SESSIONS)}
    if is_local():
        own[_ISSUER] = f"{address}{PATH}"
    return {name: os.environ.get(name, value) for name, value in own.items()}
