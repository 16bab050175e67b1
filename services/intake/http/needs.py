"""Needs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field
from starlette.routing import Route

from services.intake.domain.commands import CloseNeed, EraseNeed, Named, PostNeed, ReplaceNeed, RuleOut
from services.intake.domain.outcomes import Rejected
from services.intake.http.answering import intake_of, listing, many, one, published
from services.intake.http.bodies import body_of, rows_of
from services.intake.reading import read_draft
from shared.contracts.common import Draft
from shared.contracts.drafts import NeedDraft
from shared.contracts.need import RuledOut

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.intake.service import Intake


class _RuledOut(RuledOut):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Closing(Draft):
    reason: str = Field(default="closed", max_length=60)


def routes() -> list[Route]:
    """What can be done with a need."""
    return [
        Route("/needs", post_need, methods=["POST"]),
        Route("/needs", list_needs),
        Route("/needs:batch", post_needs, methods=["POST"]),
        Route("/needs/{need_id}", put_need, methods=["PUT"]),
        Route("/needs/{need_id}", erase_need, methods=["DELETE"]),
        Route("/needs/{need_id}", get_need),
        Route("/needs/{need_id}/close", close_need, methods=["POST"]),
        Route("/needs/{need_id}/rule-out", rule_out, methods=["POST"]),
    ]


async def post_need(request: Request) -> Response:
    """Register a need, or change the one of the same reference."""
    return await one(request, _posted(intake_of(request), await body_of(request)))


async def post_needs(request: Request) -> Response:
    """Register many, in one transaction; each row is answered by itself."""
    return await many(request, [_posted(intake_of(request), row) for row in await rows_of(request)])


async def list_needs(request: Request) -> Response:
    return await listing(request, "needs")


async def get_need(request: Request) -> Response:
    return await published(request, "need")


async def put_need(request: Request) -> Response:
    """State a need anew."""
    draft = read_draft(NeedDraft, await body_of(request))
    return await one(request, draft if isinstance(draft, Rejected) else ReplaceNeed(_id(request), draft))


async def close_need(request: Request) -> Response:
    """Close a need; the reason is a code, and optional."""
    closing = read_draft(_Closing, await request.body() or b"{}")
    return await one(request, closing if isinstance(closing, Rejected) else CloseNeed(Named(_id(request)), closing.reason))


async def rule_out(request: Request) -> Response:
    """Never propose a place for this need again."""
    place = read_draft(_RuledOut, await body_of(request))
    if isinstance(place, Rejected):
        return await one(request, place)
    return await one(request, RuleOut(_id(request), RuledOut.model_construct(**dict(place))))


async def erase_need(request: Request) -> Response:
    return await one(request, EraseNeed(_id(request)))


def _id(request: Request) -> str:
    need_id: str = request.path_params["need_id"]
    return need_id


def _posted(intake: Intake, body: bytes) -> PostNeed | Rejected:
    draft = read_draft(NeedDraft, body)
    return draft if isinstance(draft, Rejected) else PostNeed(draft, intake.new_id())
