"""Who asks, as the rules of access see it: an opaque id, roles, and what they reach. No name and no mail address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import Scope

_IN_SCOPE: Final = "ledigplads.person"


class Role(StrEnum):
    """What somebody is here for. One person may have several."""

    OFFER_STAFF = "offer-staff"
    CASEWORKER = "caseworker"
    TEAM_LEAD = "team-lead"
    PARTNER = "partner"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider vouches for.

    Attributes:
        id: the provider's own opaque name for this person or system (the claim `sub`).
        roles: what they are here for; empty when the provider says nothing that we know.
        municipality: four digits of the municipality that they work for.
        team: their team in that municipality.
        offers: ids of the offers that are theirs.
        cvr: CVR numbers (eight digits) of the companies that they act for.
        p_numbers: P-numbers (ten digits) of the places that they act for.
        partner: the partner whose system this is.
        language: `da` or `en`.
    """

    id: str
    roles: frozenset[Role]
    municipality: str | None
    team: str | None
    offers: frozenset[str]
    cvr: frozenset[str]
    p_numbers: frozenset[str]
    partner: str | None
    language: str


def person_of(request: HTTPConnection) -> Person | None:
    """Give who asks, as the identity middleware found it; None is the public."""
    person: Person | None = request.scope.get(_IN_SCOPE)
    return person


def set_person(scope: Scope, person: Person | None) -> None:
    """Say who asks. Only the identity middleware does, and tests of single routes."""
    scope[_IN_SCOPE] = person
