"""Who asks, over HTTP: what the middleware makes of headers and cookies, for every route that lies behind it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.embedded.ports import free_port
from shared.identity import Identity, IdentityMiddleware, Role, person_of, session_of
from shared.identity.sessions import Lifetimes, Sessions
from shared.web import CorrelationMiddleware, exception_handlers
from tests.support.demo_service import DemoSettings
from tests.support.identity import SESSION_SECRET, SIGNER, bearer, claims_for, cookie_for, csrf_for, person_with, token_for
from tests.support.running import RunningService, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

ANNE = person_with(Role.CASEWORKER, municipality="0751")


async def who(request: Request) -> Response:
    person, session = person_of(request), session_of(request)
    form = parse_qs((await request.body()).decode())
    return JSONResponse(
        {
            "person": person.id if person else None,
            "roles": sorted(person.roles) if person else [],
            "session": session is not None,
            "typed": form.get("typed", [None])[0],
        }
    )


async def stream(_request: Request) -> Response:
    async def ticks() -> AsyncIterator[str]:
        while True:
            yield "tick"
            await asyncio.sleep(0.05)

    return EventSourceResponse(ticks())


def _app(port: int, jwks_url: str | None = None) -> Starlette:
    settings = DemoSettings(kafka_bootstrap_servers="nowhere:1", port=port)
    if jwks_url is not None:
        settings = settings.model_copy(update={"identity_jwks_url": jwks_url})
    return Starlette(
        routes=[Route("/who", who, methods=["GET", "POST", "PUT"]), Route("/stream", stream)],
        middleware=[Middleware(CorrelationMiddleware), Middleware(IdentityMiddleware, identity=Identity.of(settings))],
        exception_handlers=exception_handlers(),
    )


@pytest.fixture
async def service() -> AsyncIterator[RunningService]:
    port = free_port()
    async with running(_app(port), port=port) as one:
        yield one


def _cookie(service: RunningService) -> tuple[dict[str, str], str]:
    cookie = cookie_for(ANNE, service.url)
    return {"Cookie": "=".join(cookie)}, csrf_for(cookie, service.url)


async def test_who_sends_nothing_is_the_public(service: RunningService) -> None:
    answer = await service.client.get("/who")
    assert (answer.status_code, answer.json()["person"]) == (200, None)


async def test_a_bearer_token_says_who_asks(service: RunningService) -> None:
    answer = await service.client.get("/who", headers=bearer(token_for(Role.CASEWORKER, municipality="0751")))
    assert answer.json() == {"person": "person-1", "roles": ["caseworker"], "session": False, "typed": None}


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer x", "Basic YTpi", "bearer a.b.c", "Bearer " + "a" * 9000, "Token abc"]
)
async def test_who_sends_a_token_that_proves_nothing_is_refused_and_not_taken_for_the_public(
    service: RunningService, authorization: str
) -> None:
    answer = await service.client.get("/who", headers={"Authorization": authorization, "Accept-Language": "en"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="ledigplads", error="invalid_token"')
    assert answer.json()["title"] == "We do not know who you are"


async def test_why_a_token_is_refused_is_said_in_both_languages_without_what_is_in_it(service: RunningService) -> None:
    expired = SIGNER.sign(claims_for(Role.CASEWORKER, person="hemmelig", seconds=-600))
    danish = await service.client.get("/who", headers=bearer(expired))
    english = await service.client.get("/who", headers=bearer(expired) | {"Accept-Language": "en"})
    assert danish.json()["detail"] == "Tokenet er udløbet; hent et nyt."
    assert english.json()["detail"] == "The token has expired; get a new one."
    assert 'error_description="expired"' in danish.headers["www-authenticate"]
    assert "hemmelig" not in danish.text + str(danish.headers)


async def test_while_the_keys_are_not_to_be_had_nobody_gets_in_and_that_is_said(tmp_path: Path) -> None:
    port = free_port()
    async with running(_app(port, (tmp_path / "none.json").as_uri()), port=port) as service:
        answer = await service.client.get("/who", headers=bearer(token_for(Role.OPERATOR)))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await service.client.get("/who")).status_code == 200


async def test_a_session_cookie_says_who_asks(service: RunningService) -> None:
    cookie, _ = _cookie(service)
    answer = await service.client.get("/who", headers=cookie)
    assert answer.json() == {"person": "person-1", "roles": ["caseworker"], "session": True, "typed": None}


async def test_a_cookie_that_is_none_is_the_public(service: RunningService) -> None:
    cookie, _ = _cookie(service)
    answer = await service.client.get("/who", headers={"Cookie": cookie["Cookie"][:-9]})
    assert answer.json()["person"] is None


async def test_a_form_of_our_own_page_is_taken_and_arrives_whole(service: RunningService) -> None:
    cookie, csrf = _cookie(service)
    answer = await service.client.post(
        "/who", data={"typed": "x" * 100_000, "csrf": csrf}, headers=cookie | {"Origin": service.url}
    )
    assert answer.json()["typed"] == "x" * 100_000
    by_script = await service.client.put("/who", json={}, headers=cookie | {"Origin": service.url, "X-CSRF-Token": csrf})
    assert by_script.json()["person"] == "person-1"


async def test_a_form_of_another_site_is_refused(service: RunningService) -> None:
    cookie, csrf = _cookie(service)
    ours = {"Origin": service.url}
    for headers, sent in (
        ({}, csrf),
        ({"Origin": "https://evil.example"}, csrf),
        ({"Origin": "null"}, csrf),
        (ours, ""),
        (ours, "0" * 64),
        (ours, csrf_for(cookie_for(ANNE, service.url), service.url)),
    ):
        answer = await service.client.post("/who", data={"csrf": sent}, headers=cookie | headers)
        assert answer.status_code == 403, headers
    # A body that is no form must bring the token in the header.
    assert (await service.client.put("/who", json={"csrf": csrf}, headers=cookie | ours)).status_code == 403


async def test_a_form_larger_than_a_form_is_refused(service: RunningService) -> None:
    cookie, csrf = _cookie(service)
    answer = await service.client.post(
        "/who", data={"typed": "x" * 300_000, "csrf": csrf}, headers=cookie | {"Origin": service.url}
    )
    assert answer.status_code == 413


async def test_a_bearer_token_needs_no_form_token_since_no_browser_sends_it_by_itself(service: RunningService) -> None:
    cookie, _ = _cookie(service)
    answer = await service.client.post("/who", json={}, headers=cookie | bearer(token_for(Role.OPERATOR, person="op")))
    assert answer.json()["person"] == "op"


async def test_a_stream_ends_when_the_token_that_opened_it_does(service: RunningService) -> None:
    began = time.monotonic()
    # The skew of 60 s is allowed for, so a token that expired 58 s ago is good for two seconds more.
    token = SIGNER.sign(claims_for(Role.CASEWORKER) | {"exp": int(time.time()) - 58})
    async with asyncio.timeout(10), service.client.stream("GET", "/stream", headers=bearer(token)) as answer:
        assert answer.status_code == 200
        lines = [line async for line in answer.aiter_lines()]
    assert lines
    assert time.monotonic() - began < 6


async def test_going_from_page_to_page_renews_a_session_and_a_script_that_asks_does_not(service: RunningService) -> None:
    earlier = Sessions([SESSION_SECRET], service.url, Lifetimes(3600, 36_000), clock=lambda: time.time() - 1800)
    cookie = {"Cookie": earlier.cookie(earlier.begin(ANNE, "")).partition(";")[0]}
    page = await service.client.get("/who", headers=cookie | {"Sec-Fetch-Dest": "document"})
    assert "Max-Age=3600" in page.headers["set-cookie"]
    script = await service.client.get("/who", headers=cookie | {"Sec-Fetch-Dest": "empty"})
    assert "set-cookie" not in script.headers
