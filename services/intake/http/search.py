"""The public search over HTTP: for everyone, without login, as often as a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import Route

from services.intake.http.pages import html, pages_of
from services.intake.http.search_models import RankingDocument, SearchPage, StandingAnswer
from services.intake.http.searching import CURSOR, LIMIT, OFFER, QUESTION, USUALLY_A_PAGE, read_question
from services.intake.pages.searching import search_page
from services.intake.search.cursors import UnreadableCursor
from services.intake.search.searching import EndedCursor
from services.intake.search.telling import page_document, ranking_document, standing_document
from shared.web import Body, FieldError, Problem, Text, operation
from shared.web.languages import language_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.search.limiting import Limiter
    from services.intake.search.searching import Page, Searching

_TAGS: Final = ("search",)
_UNREADABLE: Final = FieldError(
    "cursor", "cursor_unknown", "findes ikke, eller hører til en anden søgning", "is unknown, or belongs to another search"
)
_ENDED: Final = Text("Søg igen: en side holder i 15 minutter.", "Search again: a page is good for 15 minutes.")


def routes() -> list[Route]:
    """What everybody may ask."""
    return [
        Route("/search", search),
        Route("/search/why", why),
        Route("/search/ranking", get_ranking),
        Route("/search.html", search_html),
    ]


@operation(
    summary_da="Find tilbud og ledige pladser; hvert resultat siger, hvorfor det står, hvor det står",
    summary_en="Find offers and vacancies; each hit says why it stands where it stands",
    responses={200: SearchPage},
    parameters=(*QUESTION, LIMIT, CURSOR),
    tags=_TAGS,
    problems=(400, 404, 410, 429),
)
async def search(request: Request) -> Response:
    """Answer a search, a page at a time; the next pages are as of the same instant as the first."""
    page = await _page_of(request, request.query_params)
    searching: Searching = request.state.searching
    return _json(page_document(page, searching.bits, language_of(request)))


@operation(
    summary_da="Hvorfor vises mit tilbud, og hvor? Eller hvorfor ikke?",
    summary_en="Why is my offer shown, and where? Or why not?",
    responses={200: StandingAnswer},
    parameters=(OFFER, *QUESTION),
    tags=_TAGS,
    problems=(400, 429),
)
async def why(request: Request) -> Response:
    """Tell an offer where it stands in a search, with its points, or what keeps it out."""
    await _limit(request)
    question, others = read_question(request.query_params, OFFER)
    searching: Searching = request.state.searching
    return _json(standing_document(await searching.standing(question, others[OFFER.name]), language_of(request)))


@operation(
    summary_da="Alle tal, som rækkefølgen i søgningen regnes med",
    summary_en="Every number that the order of the search is reckoned with",
    responses={200: RankingDocument},
    tags=_TAGS,
)
async def get_ranking(request: Request) -> Response:
    """Give the points as they are in force."""
    return _json(ranking_document(language_of(request)))


@operation(
    summary_da="Søgesiden: dansk, engelsk ved siden af",
    summary_en="The search page: Danish, English beside it",
    responses=dict.fromkeys((200, 400, 404, 410, 429), Body(str, media_types=("text/html",))),
    parameters=(*QUESTION, LIMIT, CURSOR),
    tags=("pages",),
)
async def search_html(request: Request) -> Response:
    """Answer a search as a page; what is wrong with the question is told there, too."""
    pages = pages_of(request)
    searching: Searching = request.state.searching
    asked = [(name, value) for name, value in request.query_params.multi_items() if value]
    try:
        page = await _page_of(request, QueryParams(asked))
    except Problem as problem:
        told = " ".join(f"{error.field}: {error.text_da}." for error in problem.errors) or problem.detail.da
        return html(pages.search(search_page([], None, f"{problem.title.da}. {told}")), problem.status, problem.headers)
    return html(pages.search(search_page(asked, page_document(page, searching.bits, "da"))))


async def _page_of(request: Request, asked: QueryParams) -> Page:
    """Answer the question in a query string, for the API and for the page.

    Raises:
        Problem: 400 when a parameter is wrong, 404 and 410 for cursors, 429 when this caller asks too often.
    """
    await _limit(request)
    question, others = read_question(asked, LIMIT, CURSOR)
    searching: Searching = request.state.searching
    limit: Any = others.get(LIMIT.name, USUALLY_A_PAGE)
    try:
        return await searching.search(question, limit=limit, cursor=others.get(CURSOR.name))
    except UnreadableCursor:
        raise Problem(404, errors=[_UNREADABLE]) from None
    except EndedCursor:
        raise Problem(410, detail=_ENDED) from None


async def _limit(request: Request) -> None:
    limiter: Limiter = request.state.search_limiter
    wait_seconds = await limiter.wait_seconds(request.client.host if request.client else "")
    if wait_seconds:
        raise Problem(
            429,
            detail=Text(
                f"Højst {limiter.per_minute} søgninger i minuttet. Vent {wait_seconds} sekunder; skal du bruge alt, så læs emnet vacancies.",
                f"At most {limiter.per_minute} searches a minute. Wait {wait_seconds} seconds; if you want everything, read the topic vacancies.",
            ),
            headers={"Retry-After": str(wait_seconds)},
        )


def _json(document: object) -> Response:
    return Response(
        orjson.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store", "Vary": "Accept-Language"}
    )
