"""What a page says at its top of who is logged in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.contracts.reference import municipalities
from shared.identity.middleware import session_of
from shared.identity.person import Role

if TYPE_CHECKING:
    from starlette.requests import Request

    from shared.identity.identity import Identity
    from shared.identity.sessions import Session

ROLES: Final = {
    Role.OFFER_STAFF: ("tilbud", "offer staff"),
    Role.CASEWORKER: ("sagsbehandler", "caseworker"),
    Role.TEAM_LEAD: ("teamleder", "team lead"),
    Role.PARTNER: ("partner", "partner"),
    Role.OPERATOR: ("drift", "operator"),
}


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who is logged in, in words, and what the page's script and forms need.

    Attributes:
        name: what to call them.
        roles_da: what they are here for.
        roles_en: the same in English.
        place: the municipality that they work for; empty when they work for none.
        person: their opaque id.
        csrf: for the page's forms.
        expires: when the session ends, seconds since 1970.
        here: this page's own path, to come back to.
    """

    name: str
    roles_da: str
    roles_en: str
    place: str
    person: str
    csrf: str
    expires: int
    here: str


@dataclass(frozen=True, slots=True)
class Public:
    """Nobody is logged in: where to come back to after the login."""

    here: str
    person: None = None


def greeting_of(request: Request, identity: Identity) -> Greeting | Public:
    """Say who is logged in."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    session = session_of(request)
    return Public(here) if session is None else greet(session, identity, here)


def greet(session: Session, identity: Identity, here: str) -> Greeting:
    """Put a session into words."""
    person = session.person
    where = municipalities().get(person.municipality or "")
    roles = [words for role, words in ROLES.items() if role in person.roles]
    return Greeting(
        name=session.name or person.id,
        roles_da=" og ".join(danish for danish, _ in roles),
        roles_en=" and ".join(english for _, english in roles),
        place=where.name if where is not None else "",
        person=person.id,
        csrf=identity.sessions.csrf_of(session),
        expires=session.expires,
        here=here,
    )
