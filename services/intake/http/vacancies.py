"""Vacancies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field
from starlette.routing import Route

from services.intake.domain.authority import may_send, may_speak_for, sender_of
from services.intake.domain.commands import CloseVacancy, ConfirmVacancy, Named, PatchVacancy, PostVacancy, ReplaceVacancy
from services.intake.domain.outcomes import Rejected, rejected
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
from services.intake.http.bodies import MOST_ROWS, object_of, rows_of
from services.intake.http.examples import CLEARING, PATCH, VACANCY
from services.intake.http.handling import intake_of, many, one, page, record, store_of
from services.intake.http.headers import ETAG, LOCATION, REPLAYED
from services.intake.http.models import Vacancies, VacancyAnswer, VacancyRows
from services.intake.http.outcomes import refusal
from services.intake.http.patches import VacancyPatch
from services.intake.reading import merger, read_draft
from shared.contracts.common import Draft, EntityId
from shared.contracts.drafts import VacancyDraft
from shared.contracts.vacancy import Vacancy
from shared.web import Body, Problem, Text, operation, read_bytes, read_json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.intake.domain.authority import Caller
    from services.intake.service import Intake

_TAGS: Final = ("vacancies",)
_ID: Final = path_parameter("vacancy_id", "Den ledige plads' id, givet af intake.", "Id of the vacancy, given by intake.")
_DONE: Final = Body(VacancyAnswer, headers=(ETAG, REPLAYED))
_CREATED: Final = Body(VacancyAnswer, headers=(ETAG, LOCATION, REPLAYED))
_ROWS: Final = Body(VacancyRows, headers=(REPLAYED,))
_BY_PATCH: Final = Text(
    "hører ikke til her og er ikke ændret; ret pladsens felter med PATCH /vacancies/{vacancy_id}",
    "does not belong here, and was not changed; change fields of the vacancy with PATCH /vacancies/{vacancy_id}",
)


class VacanciesToConfirm(Draft):
    """Which vacancies are still true: those named, or all open ones of an offer."""

    vacancy_ids: tuple[EntityId, ...] = Field(default=(), max_length=MOST_ROWS, description="Ids of vacancies")
    offer_id: EntityId | None = Field(default=None, description="An offer: all its open vacancies")


class NothingMore(Draft):
    """Nothing: the address says it all. What is to be changed beside goes by PATCH."""


def routes() -> list[Route]:
    """What can be done with a vacancy."""
    return [
        Route("/vacancies", post_vacancy, methods=["POST"]),
        Route("/vacancies", list_vacancies),
        Route("/vacancies:batch", post_vacancies, methods=["POST"]),
        Route("/vacancies:confirm", confirm_vacancies, methods=["POST"]),
        Route("/vacancies/{vacancy_id}", put_vacancy, methods=["PUT"]),
        Route("/vacancies/{vacancy_id}", patch_vacancy, methods=["PATCH"]),
        Route("/vacancies/{vacancy_id}", get_vacancy),
        Route("/vacancies/{vacancy_id}/withdraw", withdraw_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/fill", fill_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/confirm", confirm_vacancy, methods=["POST"]),
    ]


@operation(
    summary_da="Slå en ledig plads op; samme reference igen er en ændring af den samme",
    summary_en="Announce a vacancy; the same reference again is a change of the same",
    request=Body(VacancyDraft, examples={"workshop": VACANCY}),
    responses={200: _DONE, 201: _CREATED},
    parameters=(*CHANGING, IF_NONE_MATCH),
    tags=_TAGS,
    problems=(403, 409, 412),
)
async def post_vacancy(request: Request) -> Response:
    """Announce a vacancy, or change the one of the same reference."""
    caller = await caller_of(request)
    return await one(request, _posted(intake_of(request), caller, await read_json_bytes(request)), caller)


@operation(
    summary_da="Slå mange op på én gang; hver række besvares for sig",
    summary_en="Announce many at once; each row is answered by itself",
    request=Body(
        Annotated[list[VacancyDraft], Field(max_length=MOST_ROWS)],
        examples={"two": [VACANCY, VACANCY | {"reference": "vaerksted-2"}]},
    ),
    responses={200: _ROWS},
    parameters=WRITING,
    tags=_TAGS,
    problems=(403, 409),
)
async def post_vacancies(request: Request) -> Response:
    """Announce many, in one transaction; each row is answered by itself."""
    caller = await caller_of(request)
    return await many(request, [_posted(intake_of(request), caller, row) for row in await rows_of(request)], caller)


@operation(
    summary_da="Ledige pladser, som de er offentliggjort, de nyeste først",
    summary_en="Vacancies as published, the newest first",
    responses={200: Vacancies},
    parameters=(STATUS, LIMIT, AFTER),
    tags=_TAGS,
    problems=(400,),
)
async def list_vacancies(request: Request) -> Response:
    """List vacancies; finding one is the business of the search."""
    asked = page_of(request, STATUS)
    found = await store_of(request).newest_vacancies(asked.status, asked.after, asked.limit)
    return page("vacancies", found, asked.limit)


@operation(
    summary_da="En ledig plads, som den er offentliggjort",
    summary_en="A vacancy as published",
    responses={200: Body(Vacancy, headers=(ETAG,)), 304: Body(headers=(ETAG,))},
    parameters=(_ID, SEEN_BEFORE),
    tags=_TAGS,
    problems=(400, 404, 410),
)
async def get_vacancy(request: Request) -> Response:
    """Show one vacancy."""
    return record(request, await store_of(request).published("vacancy", _id(request)))


@operation(
    summary_da="Beskriv en ledig plads forfra, som helhed",
    summary_en="State a vacancy anew, as a whole",
    request=Body(VacancyDraft, examples={"workshop": VACANCY}),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def put_vacancy(request: Request) -> Response:
    """State a vacancy anew."""
    vacancy_id = _id(request)
    draft = read_draft(VacancyDraft, await read_json_bytes(request))
    return await one(request, draft if isinstance(draft, Rejected) else ReplaceVacancy(vacancy_id, draft, "http"))


@operation(
    summary_da='Ret nogle felter ("to pladser tilbage"); null rydder et felt (RFC 7396)',
    summary_en='Change some fields ("two places left"); null clears a field (RFC 7396)',
    request=Body(
        VacancyPatch,
        media_types=("application/merge-patch+json", "application/json"),
        examples={"one place left": PATCH, "without a text": CLEARING},
    ),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def patch_vacancy(request: Request) -> Response:
    """Change some fields of a vacancy: "two places left"."""
    vacancy_id = _id(request)
    return await one(request, PatchVacancy(vacancy_id, merger(await object_of(request)), "http"))


@operation(
    summary_da="Træk en ledig plads tilbage",
    summary_en="Withdraw a vacancy",
    request=Body(NothingMore, required=False),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def withdraw_vacancy(request: Request) -> Response:
    """Close a vacancy that is no more."""
    return await one(request, await _nothing_more(request) or CloseVacancy(Named(_id(request)), "withdrawn"))


@operation(
    summary_da="Sig, at pladsen er besat",
    summary_en="Say that the place is taken",
    request=Body(NothingMore, required=False),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def fill_vacancy(request: Request) -> Response:
    """Close a vacancy that found its citizen."""
    return await one(request, await _nothing_more(request) or CloseVacancy(Named(_id(request)), "filled"))


@operation(
    summary_da="Bekræft, at en ledig plads stadig passer",
    summary_en="Confirm that a vacancy is still true",
    request=Body(NothingMore, required=False),
    responses={200: _DONE},
    parameters=(_ID, *CHANGING),
    tags=_TAGS,
    problems=(403, 404, 409, 410, 412),
)
async def confirm_vacancy(request: Request) -> Response:
    """Believe a vacancy for another term."""
    return await one(request, await _nothing_more(request) or ConfirmVacancy(Named(_id(request))))


@operation(
    summary_da="Bekræft mange på én gang: dem, der nævnes, eller alle åbne hos et tilbud",
    summary_en="Confirm many at once: those named, or all open ones of an offer",
    request=Body(VacanciesToConfirm, examples={"an offer's": {"offer_id": "skovly"}, "some": {"vacancy_ids": ["some-vacancy"]}}),
    responses={200: _ROWS},
    parameters=WRITING,
    tags=_TAGS,
    problems=(403, 404, 409),
)
async def confirm_vacancies(request: Request) -> Response:
    """Believe many vacancies for another term, in one transaction."""
    caller = await caller_of(request)
    asked = read_draft(VacanciesToConfirm, await read_json_bytes(request))
    if isinstance(asked, Rejected):
        raise refusal(asked)
    if (asked.offer_id is None) == (not asked.vacancy_ids):
        raise refusal(rejected("ids_or_offer", "offer_id"))
    vacancy_ids = asked.vacancy_ids if asked.offer_id is None else await _open_ones(request, caller, asked.offer_id)
    return await many(request, [ConfirmVacancy(Named(vacancy_id)) for vacancy_id in vacancy_ids], caller)


async def _open_ones(request: Request, caller: Caller, offer_id: str) -> list[str]:
    if refused := [*may_send(caller, "vacancy"), *may_speak_for(caller, offer_id, "offer_id")]:
        raise refusal(Rejected(tuple(refused)))
    store = store_of(request)
    if await store.published("offer", offer_id) is None:
        raise Problem(404, errors=refusal(rejected("offer_not_found", "offer_id")).errors)
    return await store.open_vacancies_of_offer(offer_id)


async def _nothing_more(request: Request) -> Rejected | None:
    """Refuse a body that says something: it would be lost in silence."""
    body = await read_json_bytes(request) if await read_bytes(request) else b"{}"
    read = read_draft(NothingMore, body)
    if not isinstance(read, Rejected):
        return None
    return Rejected(
        tuple(
            one.model_copy(update={"text_da": _BY_PATCH.da, "text_en": _BY_PATCH.en}) if one.code == "extra_forbidden" else one
            for one in read.reasons
        )
    )


def _id(request: Request) -> str:
    return id_in_path(request, "vacancy_id")


def _posted(intake: Intake, caller: Caller, body: bytes) -> PostVacancy | Rejected:
    draft = read_draft(VacancyDraft, body)
    if isinstance(draft, Rejected):
        return draft
    return PostVacancy(draft, sender_of(caller, draft.offer_id), intake.new_id(), "http")
