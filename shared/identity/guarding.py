"""The door of every route: who may come in is looked up in the one table, before the handler runs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from shared.identity.grants import Grant, set_grant
from shared.identity.permissions import Kind, Permission, Service, permission_for
from shared.identity.person import Person, Role, person_of
from shared.web import Problem, Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    Handler = Callable[[Request], Awaitable[Response]]

LOGIN: Final = "/login"
_NO_ERROR: Final = 400

ROLE_NAMES: Final = {
    Role.OFFER_STAFF: Text("tilbuddets personale", "the offer's staff"),
    Role.CASEWORKER: Text("sagsbehandler", "caseworker"),
    Role.TEAM_LEAD: Text("teamleder", "team lead"),
    Role.PARTNER: Text("partner", "partner"),
    Role.OPERATOR: Text("drift", "operator"),
}


class UndeclaredRoute(LookupError):  # noqa: N818 - reads as what it is
    """A route without a row in `shared/identity/permissions.py`: the service does not start before somebody says who may use it."""


class OwnershipNotAskedError(RuntimeError):
    """A handler answered without having asked whose it is, where the table says that somebody sees only a part."""


def guarded(service: Service, routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """Put the door before every route of a service.

    Raises:
        UndeclaredRoute: the table has no row for one of them.
    """
    return [_guarded(service, route) for route in routes]


def _guarded(service: Service, route: BaseRoute) -> BaseRoute:
    if isinstance(route, Mount):
        _row(service, "GET", f"{route.path}/*", must_be_public=True)
        return route
    if not isinstance(route, Route):
        raise UndeclaredRoute(f"{service}: {type(route).__name__} cannot be guarded")
    rows = {method: _row(service, method, route.path) for method in sorted(route.methods or ())}
    return Route(route.path, _behind(route.endpoint, rows), methods=sorted(rows), name=route.name)


def _row(service: Service, method: str, path: str, *, must_be_public: bool = False) -> Permission:
    row = permission_for(service, method, path)
    if row is None or (must_be_public and not row.is_public):
        wanted = "a public row" if must_be_public else "a row"
        raise UndeclaredRoute(f"{service} {method} {path} has no such line: give it {wanted} in shared/identity/permissions.py")
    return row


def _behind(endpoint: Handler, rows: Mapping[str, Permission]) -> Handler:
    @functools.wraps(endpoint)
    async def handler(request: Request) -> Response:
        row, person = rows[request.method], person_of(request)
        if person is None and not row.is_public and row.kind is Kind.PAGE:
            return _to_login(request)
        grant = granted(row, person)
        set_grant(request, grant)
        response = await endpoint(request)
        if row.is_owned and response.status_code < _NO_ERROR and not grant.was_asked:
            raise OwnershipNotAskedError(row.name)
        return response

    return handler


def granted(row: Permission, person: Person | None) -> Grant:
    """Let somebody in.

    Raises:
        Problem: 401 when nobody says who asks, 403 when nobody of their roles may.
    """
    grant = Grant(row, person)
    if row.is_public or grant.roles:
        return grant
    if person is None:
        raise Problem(401, _WHO, _LOG_IN, headers={"WWW-Authenticate": "Bearer"})
    raise Problem(403, detail=_only_for(sorted(row.roles)))


def foreign() -> Problem:
    """Make the answer to whoever asks for another's: it is not there, so that nobody learns that it exists."""
    return Problem(404)


_WHO: Final = Text("Log ind først", "Log in first")
_LOG_IN: Final = Text(
    "Log ind på siden, eller send et gyldigt token i headeren Authorization: Bearer …",
    "Log in on the page, or send a valid token in the header Authorization: Bearer …",
)


def _only_for(roles: Sequence[Role]) -> Text:
    da, en = (_listed([getattr(ROLE_NAMES[role], language) for role in roles], word) for language, word in _OR)
    return Text(
        f"Det kan kun: {da}. Log ind med den rolle, eller bed din leder om den.",
        f"Only for: {en}. Log in with that role, or ask your leader for it.",
    )


_OR: Final = (("da", "eller"), ("en", "or"))


def _listed(names: Sequence[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _to_login(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?next={quote(here, safe='')}", 303, {"Cache-Control": "no-store"})
