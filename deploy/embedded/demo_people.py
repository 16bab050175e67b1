"""Who can log in at the embedded stack's own provider: people of the sample, and programs with a secret of their own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from deploy.simulate.sample import make_sample
from shared.contracts.reference import municipalities
from shared.identity import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from deploy.simulate.sample import Sample

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
}
"""Who logs in by client credentials, and what the provider says of them."""


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


FIRST: Final = ("Begynd her", "Begin here")
FIRST_PEOPLE: Final = frozenset({"sb-0751-1", "leder-0751", "tilbud-vaerkstedet-birkholm", "drift-1"})
"""One for each role, who stand first on the page."""
_OFFER_STAFF: Final = ("Medarbejdere på tilbud", "Staff of offers")
_TEAM_LEADS: Final = ("Teamledere", "Team leads")
_OPERATORS: Final = ("Drift", "Operators")
_FEW_OFFERS: Final = 8


def demo_people(today: date) -> list[DemoPerson]:
    """Give staff of some of the sample's offers, its caseworkers, a lead for each municipality's team, and an operator.

    They are who the sample is about, so that each has something to see.
    """
    sample = make_sample(today)
    return [*_staff(sample), *_caseworkers(sample), _operator()]


def _staff(sample: Sample) -> Iterable[DemoPerson]:
    # Those whose vacancies are written by hand come first in the sample, and make the better stories.
    with_vacancies = dict.fromkeys(vacancy.offer_id for vacancy in sample.vacancies)
    for offer_id in list(with_vacancies)[:_FEW_OFFERS]:
        draft = sample.offers[offer_id]
        yield DemoPerson(
            id=f"tilbud-{offer_id}",
            name=draft.name,
            group_da=_OFFER_STAFF[0],
            group_en=_OFFER_STAFF[1],
            about=f"tilbud i {_municipality(draft.municipality)} · staff of the offer",
            claims={"roles": [Role.OFFER_STAFF], "offers": [offer_id]},
        )


def _caseworkers(sample: Sample) -> Iterable[DemoPerson]:
    leads: set[str] = set()
    for person in sample.people:
        where = _municipality(person.municipality)
        number = person.person_id.rpartition("-")[2]
        claims = {"municipality": person.municipality, "team": person.team, "locale": person.language}
        yield DemoPerson(
            id=person.person_id,
            name=f"Sagsbehandler {number}, {where}",
            group_da=where,
            group_en=where,
            about=f"{person.team} · caseworker",
            claims={"roles": [Role.CASEWORKER], **claims},
        )
        if person.municipality not in leads:
            leads.add(person.municipality)
            yield DemoPerson(
                id=f"leder-{person.municipality}",
                name=f"Teamleder, {where}",
                group_da=_TEAM_LEADS[0],
                group_en=_TEAM_LEADS[1],
                about=f"{person.team} · team lead",
                claims={"roles": [Role.TEAM_LEAD], **claims, "locale": "da"},
            )


def _municipality(code: str) -> str:
    found = municipalities().get(code)
    return code if found is None else found.name


def _operator() -> DemoPerson:
    return DemoPerson(
        id="drift-1",
        name="Driften",
        group_da=_OPERATORS[0],
        group_en=_OPERATORS[1],
        about="ser ingen borgerdata · sees no citizen data",
        claims={"roles": [Role.OPERATOR]},
    )


def clients(address: str, secret_of: Mapping[str, str]) -> list[Client]:
    """Give the programs of one stack, by its address and their secrets."""
    return [
        Client(id=WEB, secret=secret_of[WEB], redirects=(f"{address}/login/callback",), after_logout=(f"{address}/logout",)),
        Client(id=CLI, redirects=("http://127.0.0.1/callback",)),
        *(Client(id=name, secret=secret_of[name], claims=dict(claims)) for name, claims in PROGRAMS.items()),
    ]


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
