"""HTTP in, for operators: erasures. Who is erased is named by an id; nothing about a citizen is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import model_validator
from starlette.routing import Route

from services.intake.citizens.operator_routes import json
from services.intake.erasing.erasing import NothingToErase
from services.intake.erasing.proof import proof_of
from shared.contracts.common import Draft, EntityId
from shared.web import Problem, Text, read_body

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.intake.erasing.erasing import Erasing
    from services.intake.erasing.job import Job, Waiting
    from services.intake.erasing.proof import Backups
    from services.intake.erasing.store import ErasureStore

_MOST: Final = 200
_NOTHING: Final = Text(
    "Der er ingen borger og intet behov med det id, eller der er intet tilbage af det.",
    "There is no citizen and no need of that id, or nothing is left of it.",
)


class _Erase(Draft):
    """Whom or what to erase."""

    citizen_id: EntityId | None = None
    need_id: EntityId | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> _Erase:
        if (self.citizen_id is None) == (self.need_id is None):
            raise ValueError("one of citizen_id and need_id")
        return self


def operator_routes() -> list[Route]:
    """What operators do with erasures."""
    return [
        Route("/operator/erasures", erase, methods=["POST"]),
        Route("/operator/erasures", erasures),
        Route("/operator/erasures/{erasure_id}", erasure),
    ]


async def erase(request: Request) -> Response:
    """Begin to erase a citizen, or one need."""
    asked = await read_body(request, _Erase)
    erasing: Erasing = request.state.erasing
    try:
        if asked.citizen_id is not None:
            erasure_id = await erasing.begin_citizen(asked.citizen_id)
        else:
            erasure_id = await erasing.begin_need(asked.need_id or "")
    except NothingToErase:
        raise Problem(404, detail=_NOTHING) from None
    return json({"erasure_id": erasure_id}, 202)


async def erasures(request: Request) -> Response:
    """List erasures, the newest first."""
    store: ErasureStore = request.state.erasures
    return json({"erasures": [_proof(request, job) for job in await store.erasures(_MOST)]})


async def erasure(request: Request) -> Response:
    """Show how far an erasure has come; at its end this is the proof."""
    store: ErasureStore = request.state.erasures
    job = await store.erasure(request.path_params["erasure_id"])
    if job is None:
        raise Problem(404)
    return json(_proof(request, job))


def _proof(request: Request, job: Job) -> dict[str, object]:
    waiting: Waiting = request.state.erasure_waiting
    backups: Backups = request.state.backups
    return proof_of(job, waiting, backups)
