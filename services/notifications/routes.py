"""HTTP in: one thin handler per endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from services.notifications.domain.matches import UNASSIGNED
from services.notifications.inbox import NO_END, Inbox
from services.notifications.pages.words import language_of
from services.notifications.store import Person, Store
from shared.contracts.common import EntityId, KnownMunicipality
from shared.identity.grants import grant_of
from shared.identity.greeting import greeting_of
from shared.identity.guarding import foreign
from shared.web import FieldError, Problem, read_body

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from shared.messaging.consuming import Consumers

_ASSETS = Path(__file__).parent / "pages" / "assets"
_PING_SECONDS = 15
_SEND_SECONDS = 20.0
"""A client that takes nothing for so long has gone, or is so slow that it had better come back and resume."""
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_NDJSON = "application/x-ndjson"


class PersonEntry(BaseModel):
    """What an operator says of somebody that alerts can be for: an employee, never a citizen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=120)
    mail: Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")] | None = None
    municipality: KnownMunicipality | None = None
    team: str | None = Field(default=None, max_length=60)
    language: Literal["da", "en"] = "da"


class RecordCoordinates(BaseModel):
    """Where a record stands that is to be read again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(min_length=1, max_length=249)
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class _PersonPath(BaseModel):
    person: EntityId


def routes() -> list[BaseRoute]:
    """What a browser and an operator may ask; the service is found in the request's state."""
    return [
        Route("/notifications", to_inbox),
        Route("/notifications/", inbox_page),
        Route("/notifications/stream", stream),
        Route("/notifications/alerts", alerts),
        Route("/notifications/operator/people", people),
        Route("/notifications/operator/people/{person}", put_person, methods=["PUT"]),
        Route("/notifications/operator/counts", counts),
        Route("/notifications/operator/replay", replay, methods=["POST"]),
        Mount("/notifications/assets", StaticFiles(directory=_ASSETS)),
    ]


async def to_inbox(_request: Request) -> Response:
    return RedirectResponse("/notifications/", 308)


async def inbox_page(request: Request) -> Response:
    before = _number(request, "before")
    whose, readers = await _whose(request), await _own_readers(request)
    viewer = greeting_of(request, request.state.identity)
    page = await _inbox(request).page(whose, readers, NO_END if before is None else before, _language(request), viewer)
    return HTMLResponse(page, headers=_PAGE_HEADERS)


async def stream(request: Request) -> Response:
    person, after = await _whose(request), _resume_after(request)
    if request.query_params.get("as") == "cards":
        events = _inbox(request).card_events(person, after, _language(request))
    else:
        events = _inbox(request).events(person, after)
    return EventSourceResponse(events, ping=_PING_SECONDS, send_timeout=_SEND_SECONDS)


async def alerts(request: Request) -> Response:
    person, after = await _whose(request), _number(request, "after") or 0
    if request.query_params.get("follow") == "1":
        # Not server-sent events, but with the same watch over clients that leave and over a service that stops.
        lines = _inbox(request).follow(person, after)
        return EventSourceResponse(lines, media_type=_NDJSON, ping=0, send_timeout=_SEND_SECONDS)
    return StreamingResponse(_inbox(request).lines(person, after, _number(request, "limit")), media_type=_NDJSON)


async def people(request: Request) -> Response:
    everybody = await _store(request).people()
    return _json([_person_document(person) for person in everybody])


async def put_person(request: Request) -> Response:
    person_id = _PersonPath(person=request.path_params["person"]).person
    entry = await read_body(request, PersonEntry)
    person = Person(person_id, entry.name, entry.mail, entry.municipality, entry.team, entry.language)
    is_new = await _store(request).save_person(person)
    return _json(_person_document(person), 201 if is_new else 200)


async def counts(request: Request) -> Response:
    return _json(await _store(request).counts())


async def replay(request: Request) -> Response:
    at = await read_body(request, RecordCoordinates)
    consumers: Consumers = request.state.consumers
    return _json({"outcome": await consumers.replay(at.topic, at.partition, at.offset)})


def _inbox(request: Request) -> Inbox:
    inbox: Inbox = request.state.inbox
    return inbox


def _store(request: Request) -> Store:
    store: Store = request.state.store
    return store


async def _whose(request: Request) -> str:
    """Whose inbox it is about: one's own, or by the query that of somebody in the team that one leads.

    Raises:
        Problem: 404 where it is anybody else's, or nobody's.
    """
    grant = grant_of(request)
    named = request.query_params.get("person")
    person = _PersonPath(person=named).person if named else grant.asker.id
    if grant.is_own_person(person) or person in {one.person for one in await _own_readers(request)}:
        return person
    raise foreign()


async def _own_readers(request: Request) -> list[Person]:
    """Whose inboxes may be read: one's own, of the team that one leads, and that of the municipality's needs without a caseworker."""
    grant = grant_of(request)
    asker, everybody = grant.asker, await _store(request).people()
    mine = [one for one in everybody if grant.is_own_person(one.person) or grant.is_own_team(one.municipality, one.team)]
    if asker.id not in {one.person for one in mine}:
        mine.insert(0, Person(asker.id))
    return [*mine, Person(f"{UNASSIGNED}{asker.municipality}")] if asker.municipality else mine


def _language(request: Request) -> Literal["da", "en"]:
    return language_of(request.query_params.get("language"))


def _resume_after(request: Request) -> int | None:
    last = request.headers.get("last-event-id")
    return _as_number(last, "last-event-id") if last else _number(request, "after")


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    return None if text is None else _as_number(text, name)


def _as_number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= NO_END):
        raise Problem(400, errors=[FieldError(name, "number", "skal være et helt tal fra 0", "must be a whole number from 0")])
    return int(text)


def _person_document(person: Person) -> dict[str, str | None]:
    return {
        "person": person.person,
        "name": person.name,
        "mail": person.mail,
        "municipality": person.municipality,
        "team": person.team,
        "language": person.language,
    }


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, {"Cache-Control": "no-store"}, "application/json")
