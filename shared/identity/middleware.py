"""One ASGI middleware that says who asks. It locks nothing: the rules of access do."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection

from shared.identity.errors import ProviderAwayError, TokenRefusedError
from shared.identity.person import set_person
from shared.web.problems import Problem, Text, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from shared.identity.identity import Identity
    from shared.identity.sessions import Session

_log = structlog.get_logger(__name__)

CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
_SESSION: Final = "ledigplads.session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FORM_BYTES: Final = 256 * 1024

_EXPLANATIONS: Final = {
    "malformed": Text("Det er ikke et token.", "It is no token."),
    "kind": Text(
        "Det er et token af en anden slags; brug et access token.", "It is a token of another kind; use an access token."
    ),
    "algorithm": Text(
        "Tokenet er underskrevet på en måde, vi ikke godtager.", "The token is signed in a way that is not accepted."
    ),
    "unknown-key": Text("Tokenets nøgle er ikke (længere) udstederens.", "The token's key is not (or no longer) the provider's."),
    "signature": Text("Underskriften passer ikke.", "The signature does not fit."),
    "issuer": Text("Tokenet er fra en anden udsteder.", "The token is from another provider."),
    "audience": Text("Tokenet er til nogen andre end os.", "The token is meant for somebody else than us."),
    "expired": Text("Tokenet er udløbet; hent et nyt.", "The token has expired; get a new one."),
    "not-yet-valid": Text("Tokenet gælder ikke endnu; se på urene.", "The token is not valid yet; look at the clocks."),
    "subject": Text("Tokenet siger ikke, hvem det gælder.", "The token does not say whom it stands for."),
    "nonce": Text("Svaret hører ikke til dette login.", "The answer does not belong to this login."),
}


def session_of(request: HTTPConnection) -> Session | None:
    """Give the session of a page, None when nobody is logged in, or when a token says who asks."""
    session: Session | None = request.scope.get(_SESSION)
    return session


class IdentityMiddleware:
    """Sets the person of each request: from a bearer token, else from the session cookie; else it is the public.

    A token that proves nothing is refused rather than taken for the public: who sends one wants to be somebody. An unsafe request
    of a session must come from our own pages (Origin) and carry the session's token, in a header or in a form. An answer that
    goes on (an event stream) ends when the one that it is for would have to prove himself again.
    """

    def __init__(self, app: ASGIApp, identity: Identity, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        self._identity = identity
        self._clock = clock
        self._origin = _origin(identity.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if "authorization" in headers:
                receive = self._until(await self._by_token(scope, headers["authorization"]), receive)
            elif session := self._identity.sessions.read(headers.get("cookie")):
                receive = await self._by_session(scope, headers, session, receive)
                send = self._renewing(scope, headers, session, send)
                receive = self._until(session.expires, receive) if scope["method"] in _SAFE else receive
            else:
                set_person(scope, None)
        except Problem as problem:
            await problem_response(problem, HTTPConnection(scope))(scope, receive, send)
            return
        answer = _Answer(send, private=_SESSION in scope)
        await self._app(scope, receive, answer.send)
        await answer.end()

    async def _by_token(self, scope: Scope, authorization: str) -> float:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized(
                "malformed", Text("Send Authorization: Bearer <access token>.", "Send Authorization: Bearer <access token>.")
            )
        try:
            person, until = await self._identity.person_by(token.strip())
        except TokenRefusedError as refused:
            _log.info("token_refused", reason=refused.reason)
            raise _unauthorized(refused.reason, _EXPLANATIONS[refused.reason]) from None
        except ProviderAwayError:
            raise provider_away() from None
        set_person(scope, person)
        return until

    async def _by_session(self, scope: Scope, headers: Headers, session: Session, receive: Receive) -> Receive:
        if scope["method"] not in _SAFE:
            if headers.get("origin") != self._origin:
                raise _foreign_form()
            token, receive = await _csrf_token(headers, receive)
            if not self._identity.sessions.is_csrf_of(session, token):
                raise _foreign_form()
        scope[_SESSION] = session
        set_person(scope, session.person)
        return receive

    def _renewing(self, scope: Scope, headers: Headers, session: Session, send: Send) -> Send:
        """Let a session go on while its person goes from page to page; a stream or a script that asks keeps nobody logged in."""
        sessions = self._identity.sessions
        if scope["method"] != "GET" or headers.get("sec-fetch-dest") != "document" or not sessions.wants_renewal(session):
            return send
        cookie = (b"set-cookie", sessions.cookie(sessions.renew(session)).encode())

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and not _sets_cookie(message, sessions.cookies.name):
                message = {**message, "headers": [*message.get("headers", ()), cookie]}
            await send(message)

        return send_with_cookie

    def _until(self, moment: float, receive: Receive) -> Receive:
        """Tell the application at that moment that its caller has gone, once it has read what the caller sent."""
        read = False

        async def receive_until() -> Message:
            nonlocal read
            if not read:
                message = await receive()
                read = message["type"] != "http.request" or not message.get("more_body", False)
                return message
            try:
                return await asyncio.wait_for(receive(), max(0.0, moment - self._clock()))
            except TimeoutError:
                return {"type": "http.disconnect"}

        return receive_until


class _Answer:
    """Says who may keep an answer: a page differs by who looks at it, and one of a session is nobody else's.

    It also ends what a handler leaves open when it is told that its caller has gone, while the caller is still there.
    """

    def __init__(self, send: Send, *, private: bool) -> None:
        self._send = send
        self._private = private
        self._is_open = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            if headers.get("content-type", "").startswith("text/html"):
                headers.add_vary_header("Cookie")
            if self._private and "cache-control" not in headers:
                headers["Cache-Control"] = "private, no-store"
            message = {**message, "headers": headers.raw}
        self._is_open = message["type"] == "http.response.start" or bool(message.get("more_body", False))
        await self._send(message)

    async def end(self) -> None:
        if self._is_open:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def provider_away() -> Problem:
    """Say that nobody can prove who he is just now."""
    return Problem(
        503,
        Text("Login svarer ikke", "The login does not answer"),
        Text("Vi kan ikke se, hvem du er. Prøv igen om lidt.", "We cannot tell who you are. Try again in a moment."),
        headers={"Retry-After": "5"},
    )


def _unauthorized(reason: str, detail: Text) -> Problem:
    challenge = f'Bearer realm="ledigplads", error="invalid_token", error_description="{reason}"'
    return Problem(401, detail=detail, headers={"WWW-Authenticate": challenge})


def _foreign_form() -> Problem:
    return Problem(
        403,
        Text("Formularen er ikke fra dette login", "The form does not belong to this login"),
        Text("Hent siden igen, og send så.", "Load the page again, then send."),
    )


def _origin(url: str) -> str:
    where = urlsplit(url)
    return f"{where.scheme}://{where.netloc}"


async def _csrf_token(headers: Headers, receive: Receive) -> tuple[str, Receive]:
    """Read the token from the header, or from a form, whose body the application then reads as if nobody had."""
    if CSRF_HEADER in headers or headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return headers.get(CSRF_HEADER, ""), receive
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > _MOST_FORM_BYTES:
            raise Problem(413)
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    body = b"".join(message.get("body", b"") for message in messages)
    fields: dict[str, Any] = parse_qs(body.decode("utf-8", errors="replace"), max_num_fields=1000)
    remaining = iter(messages)

    async def receive_again() -> Message:
        return next(remaining, None) or await receive()

    return (fields.get(CSRF_FIELD) or [""])[0], receive_again


def _sets_cookie(message: Message, name: str) -> bool:
    return any(
        key.lower() == b"set-cookie" and value.startswith(f"{name}=".encode()) for key, value in message.get("headers", ())
    )
