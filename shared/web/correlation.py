"""The correlation id in and out of HTTP."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability import use_correlation_id

CORRELATION_HEADER: Final = "X-Correlation-Id"
_HEADER = CORRELATION_HEADER.lower().encode()


class CorrelationMiddleware:
    """Works under the caller's id or a new one, and answers with it.

    Pure ASGI, because Starlette's BaseHTTPMiddleware costs a task and a queue per request and stands between an event
    stream and its client. The id is not taken back afterwards: a request has a task of its own, and what fails is
    answered and logged outside this middleware, where the id is still wanted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer_header = (_HEADER, use_correlation_id(_header(scope)).encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), answer_header]}
            await send(message)

        await self._app(scope, receive, send_with_id)


def _header(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER:
            return bytes(value).decode("latin-1")
    return None
