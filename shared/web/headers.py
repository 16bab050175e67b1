"""What every answer tells a browser, so that no page and no file can forget it."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is loaded, run, framed or guessed at. A page that needs more says so itself, by a policy of its own."""

_SAFE: Final = tuple((name.lower().encode(), value.encode()) for name, value in SAFE.items())


class HeadersMiddleware:
    """Adds to an answer whatever of `SAFE` it does not say itself. Pure ASGI, for the sake of event streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {bytes(name).lower() for name, _ in said}
                message = {**message, "headers": [*said, *((name, value) for name, value in _SAFE if name not in names)]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
