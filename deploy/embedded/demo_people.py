"""The demo people of the embedded stack's provider: those whom the sample is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.embedded.known import DemoPerson
from deploy.simulate.sample import make_sample
from shared.contracts.reference import municipalities
from shared.identity import Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deploy.simulate.sample import Sample

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
