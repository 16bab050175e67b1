"""Intake's login pages by themselves, with one page that is typed into: no database and no log, and so quickly there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from deploy.embedded.known import WEB
from services.intake.http.login import Logins, login_routes
from services.intake.http.pages import html, pages_of
from services.intake.pages.rendering import Pages
from shared.identity import Identity, IdentityMiddleware
from shared.identity.codeflow import CodeFlow, Program
from shared.identity.greeting import Greeting, greeting_of
from shared.identity.sessions import Sealer
from shared.web import CorrelationMiddleware, exception_handlers
from tests.support.demo_service import DemoSettings
from tests.support.identity import SESSION_SECRET

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

_TYPING: Final = """<!doctype html><html lang="da"><title>Skriv</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/session.css"><script src="/session.js" defer></script>
<div data-session-person="{person}" data-session-expires="1"></div>
<form method="post" action="/typing"><input type="hidden" name="csrf" value="{csrf}"><textarea name="text"></textarea>
<button>Send</button></form></html>"""


async def _page(request: Request) -> HTMLResponse:
    return html(pages_of(request).missing(erased=False))


async def _typing(request: Request) -> HTMLResponse:
    if request.method == "POST":
        sent = parse_qs((await request.body()).decode())["text"][0]
        return html(f"<!doctype html><title>Sendt</title><p>{len(sent)} tegn")
    who = greeting_of(request, request.state.identity)
    csrf = who.csrf if isinstance(who, Greeting) else ""
    return html(_TYPING.format(person=who.person, csrf=csrf))


class _State:
    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    async def __aenter__(self) -> dict[str, Any]:
        return self._state

    async def __aexit__(self, *_: object) -> None:
        return None


def login_app(issuer: str, port: int, secret: str | None) -> Starlette:
    """Make the pages of one port, which is known to the provider as the redirect address."""
    settings = DemoSettings(kafka_bootstrap_servers="nowhere:1", port=port, identity_issuer=issuer, identity_jwks_url=None)
    identity = Identity.of(settings)
    flow = CodeFlow(identity.provider, identity.keys, Program(WEB, secret), 60, time.time)
    state = {"identity": identity, "pages": Pages(), "logins": Logins(identity, flow, Sealer([SESSION_SECRET], "login"))}
    return Starlette(
        routes=[Route("/page", _page), Route("/typing", _typing, methods=["GET", "POST"]), *login_routes()],
        middleware=[Middleware(CorrelationMiddleware), Middleware(IdentityMiddleware, identity=identity)],
        exception_handlers=exception_handlers(),
        lifespan=lambda _app: _State(state),
    )
