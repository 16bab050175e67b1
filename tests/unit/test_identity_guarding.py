"""The door of every route: who is let in, who is told why not, and what a route must have asked before it answers."""

from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from shared.identity.grants import Grant, grant_of
from shared.identity.guarding import OwnershipNotAskedError, UndeclaredRoute, guarded
from shared.identity.permissions import INBOX, NOTIFICATIONS, SHEETS, TABLE, Permission, Service, Whose, permission_for
from shared.identity.person import Person, Role, set_person
from shared.web import exception_handlers

Handler = Callable[[Request], Awaitable[Response]]


def person(*roles: Role, **known: object) -> Person:
    fields: dict[str, object] = {
        "id": "p-1",
        "municipality": None,
        "team": None,
        "offers": frozenset(),
        "cvr": frozenset(),
        "p_numbers": frozenset(),
        "partner": None,
        "language": "da",
    }
    return Person(roles=frozenset(roles), **(fields | known))  # type: ignore[arg-type]


def row(service: Service, method: str, path: str) -> Permission:
    found = permission_for(service, method, path)
    assert found is not None
    return found


def app_of(service: Service, path: str, endpoint: Handler, asks: Person | None, method: str = "GET") -> TestClient:
    app = Starlette(routes=guarded(service, [Route(path, endpoint, methods=[method])]), exception_handlers=exception_handlers())

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            set_person(scope, asks)
        await app(scope, receive, send)

    return TestClient(identified, follow_redirects=False)


async def says_whose(request: Request) -> Response:
    return PlainTextResponse(",".join(sorted(grant_of(request).municipalities)))


async def asks_nothing(_request: Request) -> Response:
    return PlainTextResponse("everybody's needs")


def test_a_route_without_a_row_keeps_the_service_from_starting() -> None:
    with pytest.raises(UndeclaredRoute, match="GET /forgotten"):
        guarded(Service.INTAKE, [Route("/forgotten", asks_nothing)])
    with pytest.raises(UndeclaredRoute, match="DELETE /needs"):
        guarded(Service.INTAKE, [Route("/needs", asks_nothing, methods=["DELETE"])])
    with pytest.raises(UndeclaredRoute, match="/needs/\\*"):
        guarded(Service.INTAKE, [Mount("/needs", routes=[])])
    with pytest.raises(UndeclaredRoute, match="WebSocketRoute"):
        guarded(Service.INTAKE, [WebSocketRoute("/needs", asks_nothing)])


def test_a_row_of_one_service_opens_nothing_in_another() -> None:
    with pytest.raises(UndeclaredRoute):
        guarded(Service.MATCHING, [Route("/needs", asks_nothing)])


def test_who_does_not_say_who_asks_is_told_to_log_in() -> None:
    answer = app_of(Service.INTAKE, "/needs", says_whose, None).get("/needs")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Log ind" in answer.json()["detail"]
    english = app_of(Service.INTAKE, "/needs", says_whose, None).get("/needs", headers={"Accept-Language": "en"})
    assert "Log in" in english.json()["detail"]


def test_a_page_sends_the_public_to_log_in_and_back_again() -> None:
    answer = app_of(Service.NOTIFICATIONS, "/notifications/", says_whose, None).get("/notifications/?before=7&language=en")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=%2Fnotifications%2F%3Fbefore%3D7%26language%3Den"


def test_another_role_is_told_which_one_it_takes() -> None:
    answer = app_of(Service.INTAKE, "/needs", says_whose, person(Role.OPERATOR)).get("/needs")
    assert answer.status_code == 403
    assert "sagsbehandler, partner eller teamleder" in answer.json()["detail"]


def test_a_person_without_a_role_is_let_in_nowhere_but_where_everybody_is() -> None:
    for one in TABLE:
        assert one.is_public is not bool(one.roles), one.name
        assert not (person().roles & one.roles.keys())


def test_who_may_come_in_is_told_how_far_he_reaches() -> None:
    mine = person(Role.CASEWORKER, municipality="0751")
    assert app_of(Service.INTAKE, "/needs", says_whose, mine).get("/needs").text == "0751"
    homeless = person(Role.CASEWORKER)
    assert not app_of(Service.INTAKE, "/needs", says_whose, homeless).get("/needs").text


def test_a_handler_that_does_not_ask_whose_it_is_gives_no_answer() -> None:
    mine = person(Role.CASEWORKER, municipality="0751")
    with pytest.raises(OwnershipNotAskedError, match="GET /needs"):
        app_of(Service.INTAKE, "/needs", asks_nothing, mine).get("/needs")


def test_a_handler_of_all_need_not_ask() -> None:
    client = app_of(Service.INTAKE, "/operator/counts", asks_nothing, person(Role.OPERATOR))
    assert client.get("/operator/counts").status_code == 200
    assert app_of(Service.INTAKE, "/search", asks_nothing, None).get("/search").status_code == 200


def test_head_goes_with_get() -> None:
    assert app_of(Service.INTAKE, "/needs", says_whose, None).head("/needs").status_code == 401


def test_a_handler_that_is_not_guarded_was_granted_nothing() -> None:
    with pytest.raises(LookupError, match="not guarded"):
        TestClient(Starlette(routes=[Route("/needs", says_whose)])).get("/needs")


def test_a_role_reaches_only_as_far_as_the_row_says() -> None:
    """Who is also staff of an offer does not reach an offer's things by way of a row that lets in caseworkers only."""
    both = person(Role.CASEWORKER, Role.OFFER_STAFF, Role.PARTNER, municipality="0751", offers=frozenset({"skovly"}), partner="x")
    needs = Grant(row(Service.MATCHING, "GET", "/matching/needs/{need_id}"), both)
    assert needs.municipalities == {"0751"}
    assert not needs.offers
    assert needs.partner is None
    assert not needs.reaches_all


def test_a_sheet_reaches_what_each_of_the_roles_reaches() -> None:
    both = person(Role.CASEWORKER, Role.OFFER_STAFF, municipality="0751", offers=frozenset({"skovly"}))
    sheets = Grant(row(Service.INTAKE, "POST", "/sheets/{kind}"), both)
    assert sheets.municipalities == {"0751"}
    assert sheets.offers == {"skovly"}
    assert SHEETS[Role.CASEWORKER] is Whose.OWN_MUNICIPALITY


def test_an_inbox_is_ones_own_or_of_the_team_that_one_leads() -> None:
    stream = row(Service.NOTIFICATIONS, "GET", "/notifications/stream")
    lead = Grant(stream, person(Role.TEAM_LEAD, municipality="0751", team="voksen"))
    assert lead.is_own_person("p-1")
    assert lead.is_own_team("0751", "voksen")
    assert not lead.is_own_team("0791", "voksen")
    assert not lead.is_own_team("0751", "unge")
    assert not Grant(stream, person(Role.TEAM_LEAD, municipality="0751")).is_own_team("0751", None)
    caseworker = Grant(stream, person(Role.CASEWORKER, municipality="0751", team="voksen"))
    assert caseworker.is_own_person("p-1")
    assert not caseworker.is_own_team("0751", "voksen")


def test_operators_reach_nothing_about_a_citizen() -> None:
    about_citizens = [one for one in TABLE if "need" in one.path or one.path.startswith("/sheets") or one.roles is INBOX]
    assert len(about_citizens) > 10
    for one in about_citizens:
        assert Role.OPERATOR not in one.roles, one.name
    assert all(one.roles.keys() == {Role.OPERATOR} for one in TABLE if "/operator/" in one.path)


def test_a_route_stands_in_the_table_once() -> None:
    assert len({one.name for one in TABLE}) == len(TABLE)
    assert all(one.service is Service.NOTIFICATIONS for one in NOTIFICATIONS)
