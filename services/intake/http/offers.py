"""Offers over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from services.intake.domain.commands import PutOffer
from services.intake.domain.outcomes import Rejected
from services.intake.http.asking import (
    AFTER,
    CHANGING,
    IF_NONE_MATCH,
    LIMIT,
    SEEN_BEFORE,
    id_in_path,
    new_id_in_path,
    page_of,
    path_parameter,
)
from services.intake.http.examples import OFFER
from services.intake.http.handling import one, page, record, store_of
from services.intake.http.headers import ETAG, LOCATION, REPLAYED
from services.intake.http.models import OfferAnswer, Offers
from services.intake.reading import read_draft
from shared.contracts import reference
from shared.contracts.drafts import OfferDraft
from shared.contracts.offer import Offer
from shared.web import Body, Parameter, operation, read_json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_TAGS: Final = ("offers",)
_ID: Final = path_parameter("offer_id", "Tilbuddets id; afsenderen vælger det.", "Id of the offer; the sender chooses it.")
_SECTION: Final = Parameter(
    "section",
    {"type": "string", "enum": sorted(reference.sections())},
    "query",
    "Kun tilbud efter paragraffen, fx SEL-107.",
    "Only offers under the section, such as SEL-107.",
    example="SEL-107",
)


def routes() -> list[Route]:
    """What can be done with an offer."""
    return [
        Route("/offers", list_offers),
        Route("/offers/{offer_id}", put_offer, methods=["PUT"]),
        Route("/offers/{offer_id}", get_offer),
    ]


@operation(
    summary_da="Tilbud, som de er offentliggjort, efter id",
    summary_en="Offers as published, by id",
    responses={200: Offers},
    parameters=(_SECTION, LIMIT, AFTER),
    tags=_TAGS,
    problems=(400,),
)
async def list_offers(request: Request) -> Response:
    """List offers; finding one is the business of the search."""
    asked = page_of(request, _SECTION)
    found = await store_of(request).offers_by_id(asked.others.get(_SECTION.name), asked.after, asked.limit)
    return page("offers", found, asked.limit)


@operation(
    summary_da="Opret et tilbud, eller ret det som helhed",
    summary_en="Register an offer, or change it as a whole",
    request=Body(OfferDraft, examples={"workshop": OFFER}),
    responses={200: Body(OfferAnswer, headers=(ETAG, REPLAYED)), 201: Body(OfferAnswer, headers=(ETAG, LOCATION, REPLAYED))},
    parameters=(_ID, *CHANGING, IF_NONE_MATCH),
    tags=_TAGS,
    problems=(403, 409, 412),
)
async def put_offer(request: Request) -> Response:
    """Register an offer, or change it."""
    offer_id = new_id_in_path(request, "offer_id")
    draft = read_draft(OfferDraft, await read_json_bytes(request))
    return await one(request, draft if isinstance(draft, Rejected) else PutOffer(offer_id, draft))


@operation(
    summary_da="Et tilbud, som det er offentliggjort",
    summary_en="An offer as published",
    responses={200: Body(Offer, headers=(ETAG,)), 304: Body(headers=(ETAG,))},
    parameters=(_ID, SEEN_BEFORE),
    tags=_TAGS,
    problems=(400, 404),
)
async def get_offer(request: Request) -> Response:
    """Show one offer."""
    return record(request, await store_of(request).published("offer", id_in_path(request, "offer_id")))
