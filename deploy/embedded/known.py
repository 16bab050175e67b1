"""What the embedded stack's provider knows: programs with a secret of their own, and people who log in with one click."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from shared.identity import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from deploy.embedded.home import Home

WEB: Final = "ledigplads-web"
"""The pages; intake logs people in for all three services."""
CLI: Final = "ledigplads-cli"
"""The command line, which can keep no secret."""
PROGRAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "launcher": {"roles": [Role.OPERATOR]},
    "cli": {"roles": [Role.OPERATOR]},
    "sample": {"roles": [Role.PARTNER], "partner": "sample"},
    "simulate": {"roles": [Role.PARTNER], "partner": "simulate"},
    "demo": {"roles": [Role.PARTNER], "partner": "demo"},
    "bench": {"roles": [Role.PARTNER], "partner": "bench"},
    "bench-caseworker": {"roles": [Role.CASEWORKER], "municipality": "0825"},
}
"""Who logs in by client credentials, and what the provider says of them."""


PARTNERS: Final = "partner-"
"""How the clients begin that `ledigplads partner` makes."""
FIRST: Final = ("Begynd her", "Begin here")
FIRST_PEOPLE: Final = frozenset({"sb-0751-1", "leder-0751", "tilbud-vaerkstedet-birkholm", "drift-1"})
"""One for each role, who stand first on the page."""


class DemoPerson(BaseModel):
    """Somebody who logs in with one click."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    group_da: str
    group_en: str
    about: str
    claims: dict[str, Any] = Field(description="What the provider says of them beside id and name.")


class Client(BaseModel):
    """A program that the provider knows."""

    model_config = ConfigDict(frozen=True)

    id: str
    secret: str | None = Field(default=None, repr=False)
    redirects: tuple[str, ...] = ()
    after_logout: tuple[str, ...] = ()
    claims: dict[str, Any] | None = Field(default=None, description="Of the program itself, where it logs in by its own secret.")


@dataclass(frozen=True, slots=True)
class Known:
    """All that the provider knows."""

    people: Mapping[str, DemoPerson] = field(default_factory=dict)
    clients: Mapping[str, Client] = field(default_factory=dict)


def client_secret(home: Home, client: str) -> str:
    """Give the secret by which a program of this stack proves itself to the local provider."""
    return home.secret(f"client {client}")


def clients(address: str, secret_of: Mapping[str, str]) -> list[Client]:
    """Give the programs of one stack, by its address and their secrets."""
    return [
        Client(id=WEB, secret=secret_of[WEB], redirects=(f"{address}/login/callback",), after_logout=(f"{address}/logout",)),
        Client(id=CLI, redirects=("http://127.0.0.1/callback",)),
        *(Client(id=name, secret=secret_of[name], claims=dict(claims)) for name, claims in PROGRAMS.items()),
    ]


def partners_of(folder: Path) -> list[Client]:
    """Give the partners' clients that were made while the stack was up before."""
    if not (folder / "clients.json").exists():
        return []
    listed = orjson.loads((folder / "clients.json").read_bytes())
    return [client for client in map(Client.model_validate, listed) if client.id.startswith(PARTNERS)]


def write(file: Path, entries: Iterable[BaseModel]) -> None:
    """Replace a file of people or clients whole; only the user may read it, for there are secrets in it."""
    scratch = file.with_suffix(f".{secrets.token_hex(4)}")
    scratch.touch(mode=0o600)
    scratch.write_bytes(orjson.dumps([entry.model_dump(mode="json") for entry in entries], option=orjson.OPT_INDENT_2))
    scratch.replace(file)


def read(folder: Path) -> Known:
    """Read what the launcher wrote."""
    people = [DemoPerson.model_validate(one) for one in orjson.loads((folder / "people.json").read_bytes())]
    known = [Client.model_validate(one) for one in orjson.loads((folder / "clients.json").read_bytes())]
    return Known({one.id: one for one in people}, {one.id: one for one in known})
