"""Offers over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from services.intake.domain.commands import PutOffer
from services.intake.domain.outcomes import Rejected
from services.intake.http.answering import one, published
from services.intake.http.bodies import body_of
from services.intake.reading import read_draft
from shared.contracts.drafts import OfferDraft

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def routes() -> list[Route]:
    """What can be done with an offer."""
    return [
        Route("/offers/{offer_id}", put_offer, methods=["PUT"]),
        Route("/offers/{offer_id}", get_offer),
    ]


async def put_offer(request: Request) -> Response:
    """Register an offer, or change it."""
    draft = read_draft(OfferDraft, await body_of(request))
    return await one(request, draft if isinstance(draft, Rejected) else PutOffer(request.path_params["offer_id"], draft))


async def get_offer(request: Request) -> Response:
    return await published(request, "offer")
