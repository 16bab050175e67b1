"""The page at `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from shared.web import Body, operation

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.pages.rendering import Pages
    from services.intake.store import Store

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
    store: Store = request.state.store
    pages: Pages = request.state.pages
    newest = await store.newest_vacancies("open", None, _NEWEST)
    return HTMLResponse(pages.landing(await store.counts(), [body for _, body in newest]))
