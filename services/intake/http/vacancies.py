"""Vacancies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from services.intake.domain.commands import CloseVacancy, ConfirmVacancy, Named, PatchVacancy, PostVacancy, ReplaceVacancy
from services.intake.domain.outcomes import Rejected
from services.intake.http.answering import intake_of, listing, many, one, published
from services.intake.http.bodies import body_of, rows_of
from services.intake.reading import merger, read_draft
from shared.contracts.drafts import VacancyDraft
from shared.web import Problem, read_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.intake.service import Intake


def routes() -> list[Route]:
    """What can be done with a vacancy."""
    return [
        Route("/vacancies", post_vacancy, methods=["POST"]),
        Route("/vacancies", list_vacancies),
        Route("/vacancies:batch", post_vacancies, methods=["POST"]),
        Route("/vacancies/{vacancy_id}", put_vacancy, methods=["PUT"]),
        Route("/vacancies/{vacancy_id}", patch_vacancy, methods=["PATCH"]),
        Route("/vacancies/{vacancy_id}", get_vacancy),
        Route("/vacancies/{vacancy_id}/withdraw", withdraw_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/fill", fill_vacancy, methods=["POST"]),
        Route("/vacancies/{vacancy_id}/confirm", confirm_vacancy, methods=["POST"]),
    ]


async def post_vacancy(request: Request) -> Response:
    """Announce a vacancy, or change the one of the same reference."""
    return await one(request, _posted(intake_of(request), await body_of(request)))


async def post_vacancies(request: Request) -> Response:
    """Announce many, in one transaction; each row is answered by itself."""
    return await many(request, [_posted(intake_of(request), row) for row in await rows_of(request)])


async def list_vacancies(request: Request) -> Response:
    return await listing(request, "vacancies")


async def get_vacancy(request: Request) -> Response:
    return await published(request, "vacancy")


async def put_vacancy(request: Request) -> Response:
    """State a vacancy anew."""
    draft = read_draft(VacancyDraft, await body_of(request))
    return await one(request, draft if isinstance(draft, Rejected) else ReplaceVacancy(_id(request), draft, "http"))


async def patch_vacancy(request: Request) -> Response:
    """Change some fields of a vacancy: "two places left"."""
    changes = await read_json(request)
    if not isinstance(changes, dict):
        raise Problem(400)
    return await one(request, PatchVacancy(_id(request), merger(changes), "http"))


async def withdraw_vacancy(request: Request) -> Response:
    return await one(request, CloseVacancy(Named(_id(request)), "withdrawn"))


async def fill_vacancy(request: Request) -> Response:
    return await one(request, CloseVacancy(Named(_id(request)), "filled"))


async def confirm_vacancy(request: Request) -> Response:
    return await one(request, ConfirmVacancy(Named(_id(request))))


def _id(request: Request) -> str:
    vacancy_id: str = request.path_params["vacancy_id"]
    return vacancy_id


def _posted(intake: Intake, body: bytes) -> PostVacancy | Rejected:
    draft = read_draft(VacancyDraft, body)
    return draft if isinstance(draft, Rejected) else PostVacancy(draft, f"http:{draft.offer_id}", intake.new_id(), "http")
