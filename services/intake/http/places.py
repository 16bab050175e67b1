"""A place and an offer as pages for people; their JSON twins are `/vacancies/{id}` and `/offers/{id}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from services.intake.http.asking import id_in_path, path_parameter
from services.intake.http.handling import store_of
from services.intake.http.pages import html, pages_of
from services.intake.pages.offers import LastClosed, offer_page
from services.intake.pages.places import place_page
from services.intake.timers import danish_day
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.web import Body, Problem, operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from starlette.requests import Request

_MOST_LISTED: Final = 200
_MOST_OTHERS: Final = 20
_NOT_FOUND: Final = 404
_GONE: Final = 410
_ANSWERS: Final = dict.fromkeys((200, _NOT_FOUND, _GONE), Body(str, media_types=("text/html",)))
_FRESH: Final = {"Cache-Control": "no-cache"}


def routes() -> list[Route]:
    """What a person reads of what was found."""
    return [Route("/pladser/{vacancy_id}", place_html), Route("/tilbud/{offer_id}", offer_html)]


@operation(
    summary_da="En ledig plads som side: dansk, engelsk ved siden af",
    summary_en="A vacancy as a page: Danish, English beside it",
    responses=_ANSWERS,
    parameters=(path_parameter("vacancy_id", "Den ledige plads' id.", "Id of the vacancy."),),
    tags=("pages",),
)
async def place_html(request: Request) -> Response:
    """Show one vacancy as published, and the other ones of its offer; a closed one says so."""
    body = await _published(request, "vacancy", "vacancy_id")
    if isinstance(body, Response):
        return body
    vacancy = Vacancy.model_validate_json(body)
    # One more than is shown says that there are more; another one is this place itself.
    listed = await _open_ones(request, vacancy.offer_id, _MOST_OTHERS + 2)
    others = [one for one in listed if one.vacancy_id != vacancy.vacancy_id]
    variables = place_page(vacancy, others[:_MOST_OTHERS], _today(request), more=len(others) > _MOST_OTHERS)
    return html(pages_of(request).place(variables), headers=_FRESH)


@operation(
    summary_da="Et tilbud som side, med dets ledige pladser og hvor ofte det, det slår op, passer",
    summary_en="An offer as a page, with its vacancies and how often what it posts is true",
    responses=_ANSWERS,
    parameters=(path_parameter("offer_id", "Tilbuddets id.", "Id of the offer."),),
    tags=("pages",),
)
async def offer_html(request: Request) -> Response:
    """Show one offer as published, also where it has no vacancy."""
    body = await _published(request, "offer", "offer_id")
    if isinstance(body, Response):
        return body
    offer = Offer.model_validate_json(body)
    vacancies = await _open_ones(request, offer.offer_id, _MOST_LISTED + 1)
    closed = None if vacancies else await store_of(request).last_closed_of(offer.offer_id)
    last = None if closed is None else LastClosed(closed[0], Vacancy.model_validate_json(closed[1]))
    variables = offer_page(offer, vacancies[:_MOST_LISTED], last, _today(request), more=len(vacancies) > _MOST_LISTED)
    return html(pages_of(request).offer(variables), headers=_FRESH)


async def _open_ones(request: Request, offer_id: str, at_most: int) -> list[Vacancy]:
    return [Vacancy.model_validate_json(body) for _, body in await store_of(request).newest_vacancies_of(offer_id, at_most)]


async def _published(request: Request, entity: str, name: str) -> bytes | Response:
    """Give the record as published, or the page that says why there is none."""
    try:
        entity_id = id_in_path(request, name)
    except Problem:  # what can be no id
        return _missing(request, _NOT_FOUND)
    found = await store_of(request).published(entity, entity_id)
    if found is None:
        return _missing(request, _NOT_FOUND)
    return _missing(request, _GONE) if found.body is None else found.body


def _missing(request: Request, status: int) -> Response:
    return html(pages_of(request).missing(erased=status == _GONE), status, _FRESH)


def _today(request: Request) -> date:
    clock: Callable[[], datetime] = request.state.clock
    return danish_day(clock())
