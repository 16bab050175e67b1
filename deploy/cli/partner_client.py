"""A partner's client at the stack's own OpenID provider, for our HTTP APIs; another provider's administrators make theirs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from deploy.cli.signing_in import Logins
from deploy.embedded import known
from deploy.embedded.known import Client
from shared.identity import Role

if TYPE_CHECKING:
    from pathlib import Path

_CLIENTS: Final = "clients.json"


@dataclass(frozen=True, slots=True)
class ClientLogin:
    """What a partner's system is told.

    Attributes:
        issuer: the provider.
        client: its name there.
        secret: None if it has one already.
    """

    issuer: str
    client: str
    secret: str | None = field(repr=False)

    def write(self, file: Path) -> None:
        """Add the login to an environment file that only the caller may read."""
        if self.secret is None:
            return
        file.touch(mode=0o600)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"LEDIGPLADS_IDENTITY_ISSUER={self.issuer}\n")
            lines.write(f"LEDIGPLADS_CLIENT_ID={self.client}\nLEDIGPLADS_CLIENT_SECRET={self.secret}\n")

    def shown(self) -> dict[str, str]:
        """Give it to be shown."""
        return {"client_id": self.client, **({} if self.secret is None else {"client_secret": self.secret})}


def admit(partner: str, *, renew: bool = False) -> ClientLogin | None:
    """Make a partner's client, which gets its tokens by client credentials; None where the provider is not the stack's own."""
    logins = Logins()
    if logins.embedded is None or logins.issuer is None:
        return None
    folder = logins.embedded.login_provider
    clients = dict(known.read(folder).clients)
    name = f"{known.PARTNERS}{partner}"
    if name in clients and not renew:
        return ClientLogin(logins.issuer, name, None)
    secret = secrets.token_urlsafe(24)
    clients[name] = Client(id=name, secret=secret, claims={"roles": [Role.PARTNER], "partner": partner})
    known.write(folder / _CLIENTS, clients.values())
    return ClientLogin(logins.issuer, name, secret)


def dismiss(partner: str) -> None:
    """Take a partner's client away; tokens that it has are good for an hour at most."""
    logins = Logins()
    if logins.embedded is None:
        return
    folder = logins.embedded.login_provider
    left = [one for one in known.read(folder).clients.values() if one.id != f"{known.PARTNERS}{partner}"]
    known.write(folder / _CLIENTS, left)
