"""Who may do what: every route, stream, page and export of the three services, the roles that may use it, and whose things they see there.

What is not in this table is refused: a service with a route that has no row does not start (`guarding.py`). The table says whose;
the route asks `whose` before it tells anything of what it has loaded. `docs/guides/roles.md` is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.identity.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Service(StrEnum):
    """Whose route it is."""

    INTAKE = "intake"
    MATCHING = "matching"
    NOTIFICATIONS = "notifications"


class Whose(StrEnum):
    """What a role sees of what a route has."""

    ALL = "all"  # nobody's in particular, or everybody's
    OWN_OFFERS = "own-offers"
    OWN_MUNICIPALITY = "own-municipality"
    OWN_TEAM = "own-team"
    OWN_PERSON = "own-person"
    DECLARED = "declared"  # the offers, kinds and municipalities that were declared for the partner


class Kind(StrEnum):
    """What comes back; who is not logged in is sent to log in from a page, and is told 401 elsewhere."""

    API = "api"
    PAGE = "page"
    STREAM = "stream"
    EXPORT = "export"
    ASSET = "asset"
    PROBE = "probe"  # for a launcher or a cluster on the service's own port; the one origin does not pass it on


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: a route, and who may use it.

    Attributes:
        service: whose route it is.
        method: of HTTP; HEAD goes with GET.
        path: as the route has it; `/*` at the end stands for all that is mounted there.
        roles: what each role sees there. A role that is not named may not use it.
        is_public: whether everybody may, without saying who they are.
        kind: what comes back.
    """

    service: Service
    method: str
    path: str
    roles: Mapping[Role, Whose]
    is_public: bool
    kind: Kind

    @property
    def is_owned(self) -> bool:
        """Say whether somebody sees only a part there, so that the route must ask whose it is."""
        return any(whose is not Whose.ALL for whose in self.roles.values())

    @property
    def name(self) -> str:
        """Name the row as people do."""
        return f"{self.service} {self.method} {self.path}"


Roles = MappingProxyType[Role, Whose]

PUBLIC: Final[Roles] = MappingProxyType({})
"""Everybody, logged in or not."""
OF_THE_OFFER: Final[Roles] = MappingProxyType({Role.OFFER_STAFF: Whose.OWN_OFFERS, Role.PARTNER: Whose.DECLARED})
OF_THE_OFFER_OR_OPERATOR: Final[Roles] = MappingProxyType({**OF_THE_OFFER, Role.OPERATOR: Whose.ALL})
"""Nothing about a citizen is in it, and an operator has to decide on it."""
OF_THE_NEED: Final[Roles] = MappingProxyType(
    {Role.CASEWORKER: Whose.OWN_MUNICIPALITY, Role.TEAM_LEAD: Whose.OWN_MUNICIPALITY, Role.PARTNER: Whose.DECLARED}
)
OF_THE_MUNICIPALITY: Final[Roles] = MappingProxyType(
    {Role.CASEWORKER: Whose.OWN_MUNICIPALITY, Role.TEAM_LEAD: Whose.OWN_MUNICIPALITY}
)
"""As `OF_THE_NEED`, for people only; also where the service does not know what is declared for a partner."""
WHO_ASKED_FOR_A_PLACE: Final[Roles] = MappingProxyType(
    {Role.CASEWORKER: Whose.ALL, Role.TEAM_LEAD: Whose.ALL, Role.PARTNER: Whose.DECLARED}
)
"""Those who place citizens tell what they found of any offer's posting; a partner whose kinds are needs too."""
SHEETS: Final[Roles] = MappingProxyType({**OF_THE_OFFER, **OF_THE_NEED})
"""Which sheet is whose is told by its kind: places are the offer's, needs the municipality's."""
INBOX: Final[Roles] = MappingProxyType({Role.CASEWORKER: Whose.OWN_PERSON, Role.TEAM_LEAD: Whose.OWN_TEAM})
"""Both also have the inbox of their municipality's needs that nobody has been given yet."""
OPERATORS: Final[Roles] = MappingProxyType({Role.OPERATOR: Whose.ALL})


def _rows(service: Service, kind: Kind, rows: Iterable[tuple[str, Roles]]) -> tuple[Permission, ...]:
    made = []
    for route, roles in rows:
        method, path = route.split(" ")
        made.append(Permission(service, method, path, roles, roles is PUBLIC, kind))
    return tuple(made)


_PROBES: Final = (("GET /healthz", PUBLIC), ("GET /readyz", PUBLIC), ("GET /metrics", PUBLIC))
"""Figures and names of checks only, reachable where the service listens: loopback, or inside the cluster."""

INTAKE: Final = (
    *_rows(
        Service.INTAKE,
        Kind.PAGE,
        (
            ("GET /", PUBLIC),
            ("GET /search.html", PUBLIC),
            ("GET /pladser/{vacancy_id}", PUBLIC),
            ("GET /tilbud/{offer_id}", PUBLIC),
        ),
    ),
    *_rows(
        Service.INTAKE,
        Kind.API,
        (
            # What is published of offers and vacancies is for everybody; a protected address has not left intake.
            ("GET /openapi.json", PUBLIC),
            ("GET /codes", PUBLIC),
            ("GET /codes/{code_list}", PUBLIC),
            ("GET /codes/{code_list}/{code}", PUBLIC),
            ("GET /search", PUBLIC),
            ("GET /search/why", PUBLIC),
            ("GET /search/ranking", PUBLIC),
            ("GET /offers", PUBLIC),
            ("GET /offers/{offer_id}", PUBLIC),
            ("GET /vacancies", PUBLIC),
            ("GET /vacancies/{vacancy_id}", PUBLIC),
            # To change it is for those whose it is.
            ("PUT /offers/{offer_id}", OF_THE_OFFER),
            ("POST /vacancies", OF_THE_OFFER),
            ("POST /vacancies:batch", OF_THE_OFFER),
            ("POST /vacancies:confirm", OF_THE_OFFER),
            ("PUT /vacancies/{vacancy_id}", OF_THE_OFFER),
            ("PATCH /vacancies/{vacancy_id}", OF_THE_OFFER),
            ("POST /vacancies/{vacancy_id}/withdraw", OF_THE_OFFER),
            ("POST /vacancies/{vacancy_id}/fill", OF_THE_OFFER),
            ("POST /vacancies/{vacancy_id}/confirm", OF_THE_OFFER),
            # The truth record: told by those who asked for a place, seen and objected to by the offer, ruled on by an operator.
            ("POST /vacancies/{vacancy_id}/observations", WHO_ASKED_FOR_A_PLACE),
            ("GET /offers/{offer_id}/observations", OF_THE_OFFER_OR_OPERATOR),
            ("POST /offers/{offer_id}/observations/{number}/objection", OF_THE_OFFER),
            ("DELETE /offers/{offer_id}/observations/{number}/objection", OF_THE_OFFER),
            ("POST /operator/offers/{offer_id}/observations/{number}/ruling", OPERATORS),
            # Needs are the municipality's; another's is not there.
            ("POST /needs", OF_THE_NEED),
            ("POST /needs:batch", OF_THE_NEED),
            ("GET /needs", OF_THE_NEED),
            ("GET /needs:references", OF_THE_NEED),
            ("GET /needs/{need_id}", OF_THE_NEED),
            ("PUT /needs/{need_id}", OF_THE_NEED),
            ("DELETE /needs/{need_id}", OF_THE_NEED),
            ("POST /needs/{need_id}/close", OF_THE_NEED),
            ("POST /needs/{need_id}/rule-out", OF_THE_NEED),
            # Who a need is about; a partner's system tells it, and only people of the municipality are told.
            ("PUT /needs/{need_id}/citizen", OF_THE_NEED),
            ("GET /needs/{need_id}/citizen", OF_THE_MUNICIPALITY),
            ("POST /citizens:find", OF_THE_MUNICIPALITY),
            ("GET /citizens/{citizen_id}/export", OF_THE_MUNICIPALITY),
            ("GET /citizens/{citizen_id}/accesses", OF_THE_MUNICIPALITY),
            # Whoever wants to become somebody is nobody yet.
            ("GET /login", PUBLIC),
            ("GET /login/callback", PUBLIC),
            ("GET /login/done", PUBLIC),
            ("GET /logout", PUBLIC),
            ("POST /logout", PUBLIC),
            ("GET /session", PUBLIC),
            ("POST /session/renew", PUBLIC),
            # Operators run it, and see no citizen's data.
            ("GET /operator/keys", OPERATORS),
            ("POST /operator/keys/rewrap", OPERATORS),
            ("GET /operator/erasures", OPERATORS),
            ("GET /operator/erasures/{erasure_id}", OPERATORS),
            ("POST /operator/erasures", OPERATORS),
            ("GET /operator/access/verify", OPERATORS),
            ("GET /operator/access/export/{municipality}", OPERATORS),
            ("GET /operator/counts", OPERATORS),
            ("GET /operator/partners", OPERATORS),
            ("POST /operator/partners", OPERATORS),
            ("DELETE /operator/partners/{partner}", OPERATORS),
            ("POST /operator/replay", OPERATORS),
            ("POST /operator/republish", OPERATORS),
            ("GET /operator/restored", OPERATORS),
            ("POST /operator/restored", OPERATORS),
            ("POST /operator/expire", OPERATORS),
            ("POST /operator/search/rebuild", OPERATORS),
        ),
    ),
    *_rows(
        Service.INTAKE,
        Kind.EXPORT,
        (
            ("POST /sheets/{kind}", SHEETS),
            ("GET /sheets/{kind}.{form}", SHEETS),
            ("GET /sheets/{kind}/template.xlsx", PUBLIC),
        ),
    ),
    *_rows(Service.INTAKE, Kind.ASSET, (("GET /session.js", PUBLIC), ("GET /session.css", PUBLIC))),
    *_rows(Service.INTAKE, Kind.PROBE, _PROBES),
)

MATCHING: Final = (
    *_rows(
        Service.MATCHING,
        Kind.API,
        (
            # The need comes whole with the question: it must be of the asker's own municipality, a "what if" too.
            ("POST /matching/explain", OF_THE_MUNICIPALITY),
            ("POST /matching/near-misses", OF_THE_MUNICIPALITY),
            ("GET /matching/needs/{need_id}", OF_THE_MUNICIPALITY),
            ("GET /matching/needs/{need_id}/near-misses", OF_THE_MUNICIPALITY),
            ("GET /matching/operator/counts", OPERATORS),
            ("POST /matching/operator/replay", OPERATORS),
        ),
    ),
    *_rows(Service.MATCHING, Kind.PROBE, _PROBES),
)

NOTIFICATIONS: Final = (
    *_rows(Service.NOTIFICATIONS, Kind.PAGE, (("GET /notifications", PUBLIC), ("GET /notifications/", INBOX))),
    *_rows(Service.NOTIFICATIONS, Kind.STREAM, (("GET /notifications/stream", INBOX),)),
    *_rows(Service.NOTIFICATIONS, Kind.EXPORT, (("GET /notifications/alerts", INBOX),)),
    *_rows(
        Service.NOTIFICATIONS,
        Kind.API,
        (
            # The people are employees: an operator keeps the table, and sees whom it may tell, not of what.
            ("GET /notifications/operator/people", OPERATORS),
            ("PUT /notifications/operator/people/{person}", OPERATORS),
            ("GET /notifications/operator/counts", OPERATORS),
            ("POST /notifications/operator/replay", OPERATORS),
        ),
    ),
    *_rows(Service.NOTIFICATIONS, Kind.ASSET, (("GET /notifications/assets/*", PUBLIC),)),
    *_rows(Service.NOTIFICATIONS, Kind.PROBE, _PROBES),
)

TABLE: Final = (*INTAKE, *MATCHING, *NOTIFICATIONS)

_BY_ROUTE: Final[Mapping[tuple[Service, str, str], Permission]] = MappingProxyType(
    {(row.service, row.method, row.path): row for row in TABLE}
)


def permission_for(service: Service, method: str, path: str) -> Permission | None:
    """Give the row of a route; None: nobody may use it, since nobody has said who may."""
    return _BY_ROUTE.get((service, "GET" if method == "HEAD" else method, path))
