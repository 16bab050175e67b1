"""HTTP in: one thin handler per endpoint. Who asks names himself by a header until identity comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from pydantic import ConfigDict, Field
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from services.intake.answers import listed, one_answer, published_answer, row_answer
from services.intake.domain.commands import (
    CloseNeed,
    CloseVacancy,
    Command,
    ConfirmVacancy,
    EraseNeed,
    Named,
    PatchVacancy,
    PostNeed,
    PostVacancy,
    PutOffer,
    ReplaceNeed,
    ReplaceVacancy,
    RuleOut,
)
from services.intake.domain.outcomes import Rejected
from services.intake.reading import merger, read_draft
from services.intake.service import Intake, Request
from services.intake.store import UNAVAILABLE
from shared.contracts.common import Draft
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.need import RuledOut
from shared.observability import current_correlation_id, new_correlation_id
from shared.web import Problem, problem_response, read_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from starlette import requests
    from starlette.types import ExceptionHandler

    from services.intake.pages.rendering import Pages
    from services.intake.store import Store

_MOST_ROWS: Final = 500
_MOST_LISTED: Final = 1000
_NEWEST: Final = 12


class _RuledOut(RuledOut):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Closing(Draft):
    reason: str = Field(default="closed", max_length=60)


def routes() -> list[Route]:
    """Everything that the one origin passes on to intake."""
    return [
        Route("/", landing_page),
        Route("/offers/{offer_id}", put_offer, methods=["PUT"]),
        Route("/offers/{offer_id}", get_offer),
        Route("/vacancies", post_vacancy, methods=["POST"]),
        Route("/vacancies", list_vacancies),
        Route("/vacancies:batch", post_vacancies, methods=["POST"]),
        Route("/vacancies/{vacancy_id}", put_vacancy, methods=["PUT"]),
        Route("/vacancies/{vacancy_id}", patch_vacancy, methods=["PATCH"]),
        Route("/vacancies/{vacancy_id}", get_vacancy),
        Route("/vacancies/{vacancy_id}/withdraw", withdraw_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/fill", fill_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/confirm", confirm_vacancy, methods=["POST"]),
        Route("/needs", post_need, methods=["POST"]),
        Route("/needs", list_needs),
        Route("/needs:batch", post_needs, methods=["POST"]),
        Route("/needs/{need_id}", put_need, methods=["PUT"]),
        Route("/needs/{need_id}", erase_need, methods=["DELETE"]),
        Route("/needs/{need_id}", get_need),
        Route("/needs/{need_id}/close", close_need, methods=["POST"]),
        Route("/needs/{need_id}/rule-out", rule_out, methods=["POST"]),
    ]


async def landing_page(request: requests.Request) -> Response:
    """Show what there is now, and where to go."""
    store: Store = request.state.store
    pages: Pages = request.state.pages
    newest = await store.newest("vacancies", "open", None, _NEWEST)
    return HTMLResponse(pages.landing(await store.counts(), [body for _, body in newest]))


async def put_offer(request: requests.Request) -> Response:
    """Register an offer, or change it."""
    draft = read_draft(OfferDraft, await _body(request))
    return await _one(request, draft if isinstance(draft, Rejected) else PutOffer(request.path_params["offer_id"], draft))


async def get_offer(request: requests.Request) -> Response:
    return await _published(request, "offer")


async def post_vacancy(request: requests.Request) -> Response:
    """Announce a vacancy, or change the one of the same reference."""
    return await _one(request, _posted_vacancy(_intake(request), await _body(request)))


async def post_vacancies(request: requests.Request) -> Response:
    """Announce many, in one transaction; each row is answered by itself."""
    return await _many(request, [_posted_vacancy(_intake(request), row) for row in await _rows(request)])


async def list_vacancies(request: requests.Request) -> Response:
    return await _listed(request, "vacancies")


async def get_vacancy(request: requests.Request) -> Response:
    return await _published(request, "vacancy")


async def put_vacancy(request: requests.Request) -> Response:
    """State a vacancy anew."""
    draft = read_draft(VacancyDraft, await _body(request))
    vacancy_id = request.path_params["vacancy_id"]
    return await _one(request, draft if isinstance(draft, Rejected) else ReplaceVacancy(vacancy_id, draft, "http"))


async def patch_vacancy(request: requests.Request) -> Response:
    """Change some fields of a vacancy: "two places left"."""
    changes = await read_json(request)
    if not isinstance(changes, dict):
        raise Problem(400)
    return await _one(request, PatchVacancy(request.path_params["vacancy_id"], merger(changes), "http"))


async def withdraw_vacancy(request: requests.Request) -> Response:
    return await _one(request, CloseVacancy(Named(request.path_params["vacancy_id"]), "withdrawn"))


async def fill_vacancy(request: requests.Request) -> Response:
    return await _one(request, CloseVacancy(Named(request.path_params["vacancy_id"]), "filled"))


async def confirm_vacancy(request: requests.Request) -> Response:
    return await _one(request, ConfirmVacancy(Named(request.path_params["vacancy_id"])))


async def post_need(request: requests.Request) -> Response:
    """Register a need, or change the one of the same reference."""
    return await _one(request, _posted_need(_intake(request), await _body(request)))


async def post_needs(request: requests.Request) -> Response:
    """Register many, in one transaction; each row is answered by itself."""
    return await _many(request, [_posted_need(_intake(request), row) for row in await _rows(request)])


async def list_needs(request: requests.Request) -> Response:
    return await _listed(request, "needs")


async def get_need(request: requests.Request) -> Response:
    return await _published(request, "need")


async def put_need(request: requests.Request) -> Response:
    """State a need anew."""
    draft = read_draft(NeedDraft, await _body(request))
    return await _one(request, draft if isinstance(draft, Rejected) else ReplaceNeed(request.path_params["need_id"], draft))


async def close_need(request: requests.Request) -> Response:
    """Close a need; the reason is a code, and optional."""
    closing = read_draft(_Closing, await request.body() or b"{}")
    which = Named(request.path_params["need_id"])
    return await _one(request, closing if isinstance(closing, Rejected) else CloseNeed(which, closing.reason))


async def rule_out(request: requests.Request) -> Response:
    """Never propose a place for this need again."""
    place = read_draft(_RuledOut, await _body(request))
    if isinstance(place, Rejected):
        return await _one(request, place)
    return await _one(request, RuleOut(request.path_params["need_id"], RuledOut.model_construct(**dict(place))))


async def erase_need(request: requests.Request) -> Response:
    return await _one(request, EraseNeed(request.path_params["need_id"]))


def not_there_handlers() -> dict[Any, ExceptionHandler]:
    """Answer 503 while the database is away, or when the same is changed by too many at once."""
    return dict.fromkeys(UNAVAILABLE, _not_there)


async def _not_there(_request: requests.Request, _error: Exception) -> Response:
    return problem_response(Problem(503, headers={"Retry-After": "1"}))


def _posted_vacancy(intake: Intake, body: bytes) -> PostVacancy | Rejected:
    draft = read_draft(VacancyDraft, body)
    return draft if isinstance(draft, Rejected) else PostVacancy(draft, f"http:{draft.offer_id}", intake.new_id(), "http")


def _posted_need(intake: Intake, body: bytes) -> PostNeed | Rejected:
    draft = read_draft(NeedDraft, body)
    return draft if isinstance(draft, Rejected) else PostNeed(draft, intake.new_id())


def _intake(request: requests.Request) -> Intake:
    intake: Intake = request.state.intake
    return intake


async def _body(request: requests.Request) -> bytes:
    """Read one draft; what is no JSON at all is refused here, as everywhere."""
    return orjson.dumps(await read_json(request))


async def _rows(request: requests.Request) -> list[bytes]:
    rows = await read_json(request)
    if not isinstance(rows, list) or len(rows) > _MOST_ROWS:
        raise Problem(
            400,
            detail=f"Send en liste med højst {_MOST_ROWS} rækker. · Send a list of at most {_MOST_ROWS} rows.",
        )
    return [orjson.dumps(row) for row in rows]


async def _one(request: requests.Request, command: Command | Rejected) -> Response:
    correlation_id = current_correlation_id() or new_correlation_id()
    outcomes = await _intake(request).change([Request(command, correlation_id)])
    return one_answer(outcomes[0])


async def _many(request: requests.Request, commands: Sequence[Command | Rejected]) -> Response:
    """Each row is a matter of its own, so each has its own correlation id, told with its answer."""
    wishes = [Request(command, new_correlation_id()) for command in commands]
    outcomes = await _intake(request).change(wishes)
    results = [
        {"index": index, "correlation_id": wish.correlation_id} | row_answer(outcome)
        for index, (wish, outcome) in enumerate(zip(wishes, outcomes, strict=True))
    ]
    return Response(orjson.dumps({"results": results}), media_type="application/json")


async def _published(request: requests.Request, entity: str) -> Response:
    store: Store = request.state.store
    return published_answer(*await store.published(entity, request.path_params[f"{entity}_id"]))


async def _listed(request: requests.Request, entities: str) -> Response:
    store: Store = request.state.store
    asked = request.query_params
    limit = asked.get("limit", "100")
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_LISTED or asked.get("status") not in {None, "open", "closed"}:
        raise Problem(
            400,
            detail=f"limit er 1 til {_MOST_LISTED}, status er open eller closed. · limit is 1 to {_MOST_LISTED}, status is open or closed.",
        )
    found = await store.newest(entities, asked.get("status"), asked.get("after"), int(limit))
    return listed(entities, found, more=len(found) == int(limit))
