"""A page for people as an answer: what it may load and be put into is said in its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from shared.identity.greeting import greeting_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from services.intake.pages.rendering import Pages

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""The pages run one script, which warns before a session ends, and otherwise load nothing; their few styles stand in themselves."""


def pages_of(request: Request) -> Pages:
    """Give the pages that the app renders, as they look to who asks."""
    pages: Pages = request.state.pages
    return pages.seen_by(greeting_of(request, request.state.identity))


def html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(text, status, headers=_HEADERS | dict(headers or {}))
