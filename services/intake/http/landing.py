"""The page at `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from services.intake.http.handling import store_of
from services.intake.http.pages import html, pages_of
from services.intake.timers import danish_day
from shared.web import Body, operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

_NEWEST: Final = 12


def routes() -> list[Route]:
    """Where to begin."""
    return [Route("/", landing_page)]


@operation(
    summary_da="Forsiden: hvad der er nu, og hvor man går hen",
    summary_en="The front page: what there is now, and where to go",
    responses={200: Body(str, media_types=("text/html",))},
    tags=["pages"],
)
async def landing_page(request: Request) -> Response:
    """Show what there is now, and where to go."""
    store = store_of(request)
    clock: Callable[[], datetime] = request.state.clock
    newest = await store.newest_vacancies("open", None, _NEWEST)
    return html(pages_of(request).landing(await store.counts(), [body for _, body in newest], danish_day(clock())))
