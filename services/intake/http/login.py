"""Logging in and out at the pages, for all three services: they share one origin, and so one cookie."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import structlog
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from services.intake.http.pages import html, pages_of
from shared.identity import ProviderAwayError, Role, session_of
from shared.identity.codeflow import CodeFlow, LoginFailedError, Pending
from shared.identity.greeting import Public
from shared.identity.sessions import Cookies, Sealer, SessionTooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from shared.identity import Identity, Person, Session

log = structlog.get_logger(__name__)

_SCRIPTS: Final = Path(__file__).parents[1] / "pages" / "assets"
_LOGIN_SECONDS: Final = 600
_STATE_CHARACTERS: Final = 10
_NO_STORE: Final = {"Cache-Control": "no-store"}
_A_DAY: Final = {"Cache-Control": "no-cache"}
_PATH: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")
_CALLBACK: Final = "/login/callback"


class Logins:
    """Begins and ends logins; what must be remembered in between is in the browser, sealed.

    Args:
        identity: who vouches, and our sessions.
        flow: talks to the provider.
        sealer: seals what is remembered.
    """

    def __init__(self, identity: Identity, flow: CodeFlow, sealer: Sealer) -> None:
        self.identity = identity
        self.flow = flow
        self._sealer = sealer

    @property
    def callback(self) -> str:
        return f"{self.identity.public_url}{_CALLBACK}"

    def remember(self, pending: Pending, target: str) -> str:
        """Give the Set-Cookie header by which this browser, and no other, can end this login."""
        sealed = self._sealer.seal(pending.document() | {"next": target, "until": time.time() + _LOGIN_SECONDS})
        return self._cookie(pending.state).written(sealed, _LOGIN_SECONDS)

    def recall(self, request: Request) -> tuple[Pending, str]:
        """Give what was remembered.

        Raises:
            LoginFailedError: nothing, or it is too old, or of another browser.
        """
        sealed = self._cookie(request.query_params.get("state", "")).value(request.headers.get("cookie"))
        kept = None if sealed is None else self._sealer.open(sealed)
        if kept is None or kept["until"] < time.time():
            raise LoginFailedError("state")
        return Pending(kept["state"], kept["nonce"], kept["verifier"]), str(kept["next"])

    def forget(self, state: str) -> str:
        """Give the Set-Cookie header that takes it away: an answer counts once."""
        return self._cookie(state).forgotten()

    def _cookie(self, state: str) -> Cookies:
        # One for each login, since a person may log in at two tabs at once.
        return Cookies.at(self.identity.public_url, f"login-{re.sub(r'[^0-9A-Za-z_-]', '', state)[:_STATE_CHARACTERS]}")


def login_routes() -> list[Route]:
    """Login, logout and the session's own few words to the pages' script. They are open to everybody."""
    return [
        Route("/login", login),
        Route(_CALLBACK, callback),
        Route("/login/done", done),
        Route("/logout", logout_page),
        Route("/logout", logout, methods=["POST"]),
        Route("/session", session_state),
        Route("/session/renew", renew, methods=["POST"]),
        Route("/session.js", script),
        Route("/session.css", style),
    ]


def safe_path(target: str | None, otherwise: str) -> str:
    """Give a path on our own pages to go on to: whoever wrote the link that led here must not choose another site."""
    if target is None or not _PATH.fullmatch(target):
        return otherwise
    where = urlsplit(target)
    return otherwise if where.scheme or where.netloc else target


async def login(request: Request) -> Response:
    """Send the browser to the provider."""
    logins = _logins(request)
    target = safe_path(request.query_params.get("next"), "")
    if request.headers.get("host") != urlsplit(logins.identity.public_url).netloc:
        # Cookies are by host: the answer comes to our public address, so the question must begin there.
        return RedirectResponse(f"{logins.identity.public_url}/login?next={quote(target, safe='')}", 303, _NO_STORE)
    try:
        address, pending = await logins.flow.begin(logins.callback)
    except ProviderAwayError as error:
        return _away(request, error)
    return RedirectResponse(address, 303, _NO_STORE | {"Set-Cookie": logins.remember(pending, target)})


async def callback(request: Request) -> Response:
    """Take the provider's answer, and begin the session."""
    logins = _logins(request)
    try:
        pending, target = logins.recall(request)
        granted = await logins.flow.finish(logins.callback, pending, dict(request.query_params))
    except LoginFailedError as error:
        log.info("login_failed", fault=error.fault)
        return _failed(request, error.fault, 400)
    except ProviderAwayError as error:
        return _away(request, error)
    person = logins.identity.rules.person(granted.claims)
    if not person.roles:
        log.info("login_without_a_role")
        return _failed(request, "role", 403)
    sessions = logins.identity.sessions
    try:
        cookie = sessions.cookie(sessions.begin(person, logins.identity.rules.name_of(granted.claims)))
    except SessionTooLargeError:
        log.warning("session_too_large", offers=len(person.offers))
        return _failed(request, "size", 403)
    answer = RedirectResponse(target or _home_of(person), 303, _NO_STORE)
    answer.headers.append("Set-Cookie", cookie)
    answer.headers.append("Set-Cookie", logins.forget(pending.state))
    return answer


async def done(request: Request) -> Response:
    """Say that one is logged in again, in the tab that was opened for it."""
    return html(pages_of(request).login_done(), headers=_NO_STORE)


async def logout_page(request: Request) -> Response:
    """Ask before logging out, since a link from anywhere may lead here; or say that nobody is logged in."""
    return html(pages_of(request).logout(), headers=_NO_STORE)


async def logout(request: Request) -> Response:
    """End the session here, then with the provider."""
    logins = _logins(request)
    back = f"{logins.identity.public_url}/logout"
    try:
        address = await logins.flow.end_address(back)
    except ProviderAwayError as error:
        log.warning("logout_without_provider", reason=str(error))
        address = None
    # A page that goes on by itself, and no redirect: a form's answer may not lead to another site (form-action).
    headers = _NO_STORE | {"Set-Cookie": logins.identity.sessions.cookies.forgotten()}
    pages = pages_of(request).seen_by(Public("/"))
    return html(pages.logged_out(address), headers=headers)


async def session_state(request: Request) -> Response:
    """Tell the page's script who is logged in and until when."""
    return _state(_logins(request).identity, session_of(request))


async def renew(request: Request) -> Response:
    """Let the session go on: the page says that its person is there."""
    identity, session = _logins(request).identity, session_of(request)
    if session is None:
        return _state(identity, None)
    renewed = identity.sessions.renew(session)
    return _state(identity, renewed, {"Set-Cookie": identity.sessions.cookie(renewed)})


async def script(_request: Request) -> Response:
    """The script that warns before a session ends."""
    return FileResponse(_SCRIPTS / "session.js", media_type="text/javascript", headers=_A_DAY)


async def style(_request: Request) -> Response:
    """How its warning looks."""
    return FileResponse(_SCRIPTS / "session.css", media_type="text/css", headers=_A_DAY)


def _state(identity: Identity, session: Session | None, headers: Mapping[str, str] | None = None) -> Response:
    document: dict[str, Any] = {"person": None, "seconds": 0, "csrf": ""}
    if session is not None:
        seconds = max(0, session.expires - int(time.time()))
        document = {"person": session.person.id, "seconds": seconds, "csrf": identity.sessions.csrf_of(session)}
    return JSONResponse(document, headers=_NO_STORE | dict(headers or {}))


def _home_of(person: Person) -> str:
    """Where somebody's work lies."""
    return "/notifications/" if person.roles & {Role.CASEWORKER, Role.TEAM_LEAD} else "/"


def _away(request: Request, error: ProviderAwayError) -> Response:
    log.warning("login_provider_away", reason=str(error))
    return _failed(request, "away", 503)


def _failed(request: Request, fault: str, status: int) -> Response:
    headers = _NO_STORE | ({"Retry-After": "5"} if fault == "away" else {})
    return html(pages_of(request).login_failed(fault), status, headers)


def _logins(request: Request) -> Logins:
    logins: Logins = request.state.logins
    return logins
