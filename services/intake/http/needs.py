"""Needs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field
from starlette.responses import Response
from starlette.routing import Route

from services.intake.domain.authority import Anyone, may_act_for, may_see_needs_of, may_send
from services.intake.domain.commands import CloseNeed, EraseNeed, Named, PostNeed, ReplaceNeed, RuleOut
from services.intake.domain.conditions import entity_tag
from services.intake.domain.outcomes import Rejected
from services.intake.http.asking import (
    AFTER,
    CHANGING,
    IF_NONE_MATCH,
    LIMIT,
    SEEN_BEFORE,
    STATUS,
    WRITING,
    caller_of,
    id_in_path,
    page_of,
    path_parameter,
)
from services.intake.http.bodies import MOST_ROWS, rows_of
from services.intake.http.examples import NEED, RULED_OUT, SMALLEST_NEED
from services.intake.http.handling import intake_of, many, one, page, record, store_of
from services.intake.http.headers import ETAG, LOCATION, REPLAYED
from services.intake.http.looking import PURPOSE, looked, municipalities_in
from services.intake.http.models import NeedAnswer, NeedReferenceRow, NeedReferences, NeedRows, Needs
from services.intake.http.outcomes import refusal
from services.intake.reading import read_draft
from shared.contracts import reference
from shared.contracts.common import Code, Day, Draft
from shared.contracts.drafts import NeedDraft
from shared.contracts.need import NeedProfile, RuledOut
from shared.web import Body, Parameter, operation, read_bytes, read_json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.service import Intake

_TAGS: Final = ("needs",)
_ID: Final = path_parameter("need_id", "Behovets pseudonym, givet af intake.", "Pseudonym of the need, given by intake.")
_HANDLEKOMMUNE: Final = Parameter(
    "handlekommune",
    {"type": "string", "enum": sorted(reference.municipalities())},
    "query",
    "Kommunen, hvis behov det er, fire cifre.",
    "The municipality whose needs they are, four digits.",
    required=True,
    example="0751",
)
_DONE: Final = Body(NeedAnswer, headers=(ETAG, REPLAYED))
_PRIVATE: Final = "no-store"


class RuledOutDraft(RuledOut):
    """A place that is not to be proposed for a need."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Code = Field(description="A code, such as declined_by_citizen")
    until: Day | None = None


class Closing(Draft):
    """Why a need is closed."""

    reason: Code = Field(default="closed", description="A code, such as placed or given_up")


def routes() -> list[Route]:
    """What can be done with a need."""
    return [
        Route("/needs", post_need, methods=["POST"]),
        Route("/needs", list_needs),
        Route("/needs:batch", post_needs, methods=["POST"]),
        Route("/needs:references", list_references),
        Route("/needs/{need_id}", put_need, methods=["PUT"]),
        Route("/needs/{need_id}", erase_need, methods=["DELETE"]),
        Route("/needs/{need_id}", get_need),
        Route("/needs/{need_id}/close", close_need, methods=["POST"]),
        Route("/needs/{need_id}/rule-out", rule_out, methods=["POST"]),
    ]


@operation(
    summary_da="Registrér et behov; samme reference i samme kommune er en ændring af det samme",
    summary_en="Register a need; the same reference in the same municipality is a change of the same",
    request=Body(NeedDraft, examples={"sheltered work": NEED, "only what is required": SMALLEST_NEED}),
    responses={200: _DONE, 201: Body(NeedAnswer, headers=(ETAG, LOCATION, REPLAYED))},
    parameters=(*CHANGING, IF_NONE_MATCH),
    tags=_TAGS,
    problems=(403, 409, 412),
)
async def post_need(request: Request) -> Response:
    """Register a need, or change the one of the same reference."""
    return await one(request, _posted(intake_of(request), await read_json_bytes(request)))


@operation(
    summary_da="Registrér mange på én gang; hver række besvares for sig",
    summary_en="Register many at once; each row is answered by itself",
    request=Body(Annotated[list[NeedDraft], Field(max_length=MOST_ROWS)], examples={"two": [NEED, SMALLEST_NEED]}),
    responses={200: Body(NeedRows, headers=(REPLAYED,))},
    parameters=WRITING,
    tags=_TAGS,
    problems=(403, 409),
)
async def post_needs(request: Request) -> Response:
    """Register many, in one transaction; each row is answered by itself."""
    return await many(request, [_posted(intake_of(request), row) for row in await rows_of(request)])


@operation(
    summary_da="Kommunens behov, som de er offentliggjort ved pseudonym, de nyeste først; en partner ser sine kommuners",
    summary_en="The municipality's needs as published by pseudonym, the newest first; a partner sees those of its municipalities",
    responses={200: Needs},
    parameters=(PURPOSE, STATUS, LIMIT, AFTER),
    tags=_TAGS,
    problems=(400, 403),
)
async def list_needs(request: Request) -> Response:
    """List needs."""
    caller = await caller_of(request)
    asked = page_of(request, STATUS)
    if refused := may_send(caller, "need"):
        raise refusal(Rejected(tuple(refused)))
    only = None if isinstance(caller, Anyone) else caller.municipalities
    found = await store_of(request).newest_needs(asked.status, asked.after, asked.limit, only)
    await looked(request, caller, "needs_listed", municipalities_in(found))
    return page("needs", found, asked.limit)


@operation(
    summary_da="En kommunes egne referencer, og hvad der står under hver: til afstemning med sagssystemet",
    summary_en="A municipality's own references, and what stands under each: to reconcile a case system with",
    responses={200: NeedReferences},
    parameters=(PURPOSE, _HANDLEKOMMUNE, STATUS, LIMIT, AFTER),
    tags=_TAGS,
    problems=(400, 403),
)
async def list_references(request: Request) -> Response:
    """List what a case system calls its needs."""
    caller = await caller_of(request)
    asked = page_of(request, _HANDLEKOMMUNE, STATUS)
    municipality = asked.others[_HANDLEKOMMUNE.name]
    if refused := [*may_send(caller, "need"), *may_act_for(caller, municipality, _HANDLEKOMMUNE.name)]:
        raise refusal(Rejected(tuple(refused)))
    found = await store_of(request).need_references(municipality, asked.status, asked.after, asked.limit)
    await looked(request, caller, "references_listed", {one.need_id: municipality for one in found})
    answer = NeedReferences(
        references=[
            NeedReferenceRow(
                source_reference=one.source_reference,
                need_id=one.need_id,
                version=one.position[1],
                etag=entity_tag(one.position),
                status=one.status,
            )
            for one in found
        ],
        next=found[-1].source_reference if len(found) == asked.limit else None,
    )
    return Response(answer.model_dump_json(), media_type="application/json", headers={"Cache-Control": _PRIVATE})


@operation(
    summary_da="Et behov, som det er offentliggjort ved pseudonym",
    summary_en="A need as published by pseudonym",
    responses={200: Body(NeedProfile, headers=(ETAG,)), 304: Body(headers=(ETAG,))},
    parameters=(_ID, PURPOSE, SEEN_BEFORE),
    tags=_TAGS,
    problems=(400, 403, 404, 410),
)
async def get_need(request: Request) -> Response:
    """Show one need; another municipality's is not there."""
    caller = await caller_of(request)
    found = await store_of(request).published("need", _id(request))
    if found is not None and not may_see_needs_of(caller, found.municipality):
        found = None
    if found is not None and found.municipality is not None:
        await looked(request, caller, "need_shown", {_id(request): found.municipality})
    return record(request, found, cache=_PRIVATE)


@operation(
    summary_da="Beskriv et behov forfra, som helhed",
    summary_en="State a need anew, as a whole",
    request=Body(NeedDraft, examples={"sheltered work": NEED}),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def put_need(request: Request) -> Response:
    """State a need anew."""
    need_id = _id(request)
    draft = read_draft(NeedDraft, await read_json_bytes(request))
    return await one(request, draft if isinstance(draft, Rejected) else ReplaceNeed(need_id, draft))


@operation(
    summary_da="Luk et behov; grunden er en kode og kan udelades",
    summary_en="Close a need; the reason is a code and optional",
    request=Body(Closing, examples={"placed": {"reason": "placed"}}, required=False),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def close_need(request: Request) -> Response:
    """Close a need; the reason is a code, and optional."""
    need_id = _id(request)
    body = await read_json_bytes(request) if await read_bytes(request) else b"{}"
    closing = read_draft(Closing, body)
    return await one(request, closing if isinstance(closing, Rejected) else CloseNeed(Named(need_id), closing.reason))


@operation(
    summary_da="Udeluk en plads fra et behov: den foreslås ikke igen",
    summary_en="Rule a place out for a need: it is not proposed again",
    request=Body(RuledOutDraft, examples={"until summer": RULED_OUT}),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def rule_out(request: Request) -> Response:
    """Never propose a place for this need again."""
    need_id = _id(request)
    place = read_draft(RuledOutDraft, await read_json_bytes(request))
    if isinstance(place, Rejected):
        return await one(request, place)
    return await one(request, RuleOut(need_id, RuledOut.model_construct(**dict(place))))


@operation(
    summary_da="Slet et behov: kun dets pseudonym og en gravsten bliver tilbage",
    summary_en="Erase a need: only its pseudonym and a tombstone remain",
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(400, 403, 404, 409, 410, 412, 422),
)
async def erase_need(request: Request) -> Response:
    """Forget a need."""
    return await one(request, EraseNeed(_id(request)))


def _id(request: Request) -> str:
    return id_in_path(request, "need_id")


def _posted(intake: Intake, body: bytes) -> PostNeed | Rejected:
    draft = read_draft(NeedDraft, body)
    return draft if isinstance(draft, Rejected) else PostNeed(draft, intake.new_id())
