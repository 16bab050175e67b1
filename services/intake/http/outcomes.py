"""Outcomes as HTTP answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response

from services.intake.domain.conditions import entity_tag
from services.intake.domain.needs import not_stated
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from shared.web import FieldError, Problem, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.domain.conditions import Position
    from services.intake.domain.states import State
    from shared.contracts.receipt import Reason

_JSON: Final = "application/json"

_STATUS: Final = {
    "json_invalid": 400,
    "kind_not_granted": 403,
    "offer_not_yours": 403,
    "municipality_not_yours": 403,
    "vacancy_not_found": 404,
    "need_not_found": 404,
    "vacancy_erased": 410,
    "need_erased": 410,
    "vacancy_closed": 409,
    "own_offer": 403,
    "observation_not_found": 404,
    "nothing_claimed": 409,
    "objection_too_late": 409,
    "objection_ruled": 409,
    "not_objected": 409,
    "reference_taken": 409,
    "version_moved": 412,
    "exists_already": 412,
    "too_large": 413,
}
"""Of a refusal for reasons of this one kind; every other one is 422."""


def refusal(outcome: Rejected, position: Position | None = None) -> Problem:
    """Make a problem of every reason; `position` is where the thing stands, for those who saw another version."""
    statuses = {_STATUS.get(reason.code, UNPROCESSABLE) for reason in outcome.reasons}
    status = statuses.pop() if len(statuses) == 1 else UNPROCESSABLE
    errors = [_field_error(reason) for reason in outcome.reasons]
    if status != _PRECONDITION_FAILED or position is None:
        return Problem(status, errors=errors)
    tag = entity_tag(position)
    now = Text(f"Den nuværende version har ETag {tag}.", f"The current version has the ETag {tag}.")
    return Problem(status, detail=now, errors=errors, headers={"ETag": tag})


_PRECONDITION_FAILED: Final = 412
UNPROCESSABLE: Final = 422
"""Of what is wrong in the body itself."""


def done(outcome: Accepted | Unchanged, position: Position) -> Response:
    """Answer one wish that was met."""
    created = isinstance(outcome, Accepted) and outcome.created
    headers = {"ETag": entity_tag(position)} | ({"Location": _location(outcome.state)} if created else {})
    return Response(orjson.dumps(_told(outcome, position)), 201 if created else 200, headers, _JSON)


def row_answer(outcome: Outcome, position: Position | None) -> dict[str, Any]:
    """Answer one row of many."""
    if isinstance(outcome, Rejected) or position is None:
        reasons = outcome.reasons if isinstance(outcome, Rejected) else ()
        return {"outcome": "rejected", "errors": [reason.model_dump() for reason in reasons]}
    return _told(outcome, position)


def listed(entities: str, found: Sequence[tuple[str, bytes]], *, more: bool) -> Response:
    """Answer with records as published; their bytes are not parsed for it."""
    bodies = b",".join(body for _, body in found)
    after = orjson.dumps(found[-1][0] if more else None)
    return Response(b'{"%s":[%s],"next":%s}' % (entities.encode(), bodies, after), media_type=_JSON)


def _told(outcome: Accepted | Unchanged, position: Position) -> dict[str, Any]:
    state = outcome.state
    told: dict[str, Any] = {
        "outcome": "accepted" if isinstance(outcome, Accepted) else "unchanged",
        "version": state.version,
        "etag": entity_tag(position),
    }
    match state:
        case OfferState():
            return told | {"offer_id": state.entity_id}
        case VacancyState(vacancy=vacancy):
            return told | {
                "vacancy_id": state.entity_id,
                "opening": vacancy.opening,
                "status": vacancy.status,
                "expires_at": vacancy.expires_at,
            }
        case NeedState(need=need):
            return told | {"need_id": state.entity_id, "status": need.status, "unknown": not_stated(need)}
        case ErasedVacancy():
            return told | {"vacancy_id": state.entity_id, "status": "erased"}
        case ErasedNeed():
            return told | {"need_id": state.entity_id, "status": "erased"}


def _location(state: State) -> str:
    match state:
        case OfferState():
            return f"/offers/{state.entity_id}"
        case VacancyState() | ErasedVacancy():
            return f"/vacancies/{state.entity_id}"
        case NeedState() | ErasedNeed():
            return f"/needs/{state.entity_id}"


def _field_error(reason: Reason) -> FieldError:
    return FieldError(reason.field or "", reason.code, reason.text_da, reason.text_en)
