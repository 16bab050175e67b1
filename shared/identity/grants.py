"""What was granted to whoever asks: the roles that opened the door, and how far they reach behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.identity.permissions import Whose
from shared.identity.person import Role

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from shared.identity.permissions import Permission
    from shared.identity.person import Person

_IN_SCOPE: Final = "ledigplads.grant"


class Grant:
    """One request's answer to "may they": made when it comes in, asked by the route about each thing that it has loaded.

    Args:
        row: of the route.
        person: who asks; None is the public, whom only public routes let in.
    """

    def __init__(self, row: Permission, person: Person | None) -> None:
        self.row = row
        self.person = person
        self.roles = frozenset() if person is None else person.roles & row.roles.keys()
        self.was_asked = False
        """Whether the route has asked whose something is: one that must, and does not, gives no answer."""

    @property
    def asker(self) -> Person:
        """Give who asks.

        Raises:
            LookupError: the route is public, so it may be nobody.
        """
        if self.person is None:
            raise LookupError(f"{self.row.name} lets in the public: nobody need be asking")
        return self.person

    def reaches(self, whose: Whose) -> bool:
        """Say whether one of the roles that opened the door reaches so far."""
        return any(self.row.roles[role] is whose for role in self.roles)

    @property
    def reaches_all(self) -> bool:
        """Say whether nothing is narrowed for whoever asks."""
        self.was_asked = True
        return self.reaches(Whose.ALL)

    @property
    def offers(self) -> frozenset[str]:
        """Give the offers that are the asker's own here."""
        self.was_asked = True
        return self.person.offers if self.person is not None and self.reaches(Whose.OWN_OFFERS) else frozenset()

    @property
    def municipalities(self) -> frozenset[str]:
        """Give the municipality that the asker works for here: one, or none."""
        self.was_asked = True
        is_theirs = self.person is not None and self.reaches(Whose.OWN_MUNICIPALITY)
        return frozenset({self.person.municipality} if is_theirs and self.person and self.person.municipality else ())

    @property
    def partner(self) -> str | None:
        """Name the partner whose system asks, where a partner is let in here."""
        self.was_asked = True
        return self.person.partner if self.person is not None and Role.PARTNER in self.roles else None

    def is_own_municipality(self, municipality: str | None) -> bool:
        """Say whether something of this municipality is the asker's own."""
        return municipality in self.municipalities

    def is_own_person(self, person: str) -> bool:
        """Say whether something that belongs to this person is the asker's own; to lead a team is to be a person too."""
        self.was_asked = True
        return self.person is not None and bool(self.roles) and person == self.person.id

    def is_own_team(self, municipality: str | None, team: str | None) -> bool:
        """Say whether something of this team is the asker's own, as the leader of that team."""
        self.was_asked = True
        me = self.person
        if me is None or me.municipality is None or me.team is None or not self.reaches(Whose.OWN_TEAM):
            return False
        return (municipality, team) == (me.municipality, me.team)


def grant_of(request: HTTPConnection) -> Grant:
    """Give what was granted, as `guarded` found it.

    Raises:
        LookupError: the route is not guarded, so nothing was granted.
    """
    grant: Grant | None = request.scope.get(_IN_SCOPE)
    if grant is None:
        raise LookupError(f"{request.url.path} is not guarded: nothing was granted")
    return grant


def set_grant(request: HTTPConnection, grant: Grant) -> None:
    """Say what was granted. Only `guarded` does, and tests of single handlers."""
    request.scope[_IN_SCOPE] = grant
