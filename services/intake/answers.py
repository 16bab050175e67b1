"""Outcomes as HTTP answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response

from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from shared.web import FieldError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.domain.states import State
    from shared.contracts.receipt import Reason

_JSON: Final = "application/json"

_STATUS: Final = {
    "json_invalid": 400,
    "vacancy_not_found": 404,
    "need_not_found": 404,
    "vacancy_erased": 410,
    "need_erased": 410,
    "vacancy_closed": 409,
    "too_large": 413,
}
"""Of a refusal for one of these alone; every other one is 422."""


def one_answer(outcome: Outcome) -> Response:
    """Answer one wish; a refusal is a problem with every reason."""
    if isinstance(outcome, Rejected):
        codes = {reason.code for reason in outcome.reasons}
        status = _STATUS.get(codes.pop(), 422) if len(codes) == 1 else 422
        raise Problem(status, errors=[_field_error(reason) for reason in outcome.reasons])
    created = isinstance(outcome, Accepted) and outcome.created
    headers = {"Location": _location(outcome.state)} if created else None
    return Response(orjson.dumps(_told(outcome)), 201 if created else 200, headers, _JSON)


def row_answer(outcome: Outcome) -> dict[str, Any]:
    """Answer one row of many."""
    if isinstance(outcome, Rejected):
        return {"outcome": "rejected", "errors": [reason.model_dump() for reason in outcome.reasons]}
    return _told(outcome)


def published_answer(is_known: bool, body: bytes | None) -> Response:
    """Answer with a record as published."""
    if body is None:
        raise Problem(410 if is_known else 404)
    return Response(body, media_type=_JSON)


def listed(entities: str, found: Sequence[tuple[str, bytes]], *, more: bool) -> Response:
    """Answer with records as published; their bytes are not parsed for it."""
    bodies = b",".join(body for _, body in found)
    after = orjson.dumps(found[-1][0] if more else None)
    return Response(b'{"%s":[%s],"next":%s}' % (entities.encode(), bodies, after), media_type=_JSON)


def _told(outcome: Accepted | Unchanged) -> dict[str, Any]:
    state = outcome.state
    told: dict[str, Any] = {"outcome": "accepted" if isinstance(outcome, Accepted) else "unchanged", "version": state.version}
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
            return told | {"need_id": state.entity_id, "status": need.status}
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
