"""The truth record over HTTP: telling what was found, and the offer seeing each observation first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.routing import Route

from services.intake.domain.observations import LEAST, Finding, Objection, Ruling, Standing, told_by
from services.intake.domain.outcomes import Rejected
from services.intake.http.asking import LIMIT, caller_of, id_in_path, page_of, path_parameter
from services.intake.http.headers import LOCATION
from services.intake.http.outcomes import UNPROCESSABLE, refusal
from services.intake.reading import read_draft
from shared.contracts.common import Draft, EntityId
from shared.web import Body, FieldError, Parameter, Problem, operation, read_json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.observations.observing import Observed, Observing

_TAGS: Final = ("observations",)
_JSON: Final = "application/json"
_NUMBER: Final = r"^[1-9][0-9]{0,8}$"
_VACANCY: Final = path_parameter("vacancy_id", "Opslagets id.", "Id of the posting.")
_OFFER: Final = path_parameter("offer_id", "Tilbuddets id.", "Id of the offer.")
_NTH: Final = Parameter(
    "number",
    {"type": "string", "pattern": _NUMBER},
    "path",
    "Observationens nummer, pr. tilbud.",
    "Number of the observation, per offer.",
    required=True,
)
_BEFORE: Final = Parameter(
    "before",
    {"type": "string", "pattern": _NUMBER},
    "query",
    "`next` fra den forrige side.",
    "`next` of the page before.",
)
FORMULA_DA: Final = (
    "percent = 100 · still_true / observed, rundet ned. observed er de observationer, der tæller: modtaget for mindst {objection} dage "
    "siden, spurgt højst {window} dage tilbage, og uden en indsigelse, der er åben eller fik medhold. still_true er dem, der fandt "
    "pladsen ledig (still_free). Intet offentliggøres, før {least} tæller."
)
FORMULA_EN: Final = (
    "percent = 100 · still_true / observed, rounded down. observed are the observations that count: received at least {objection} days "
    "ago, asked at most {window} days back, and without an objection that is open or was upheld. still_true are those that found the "
    "place free (still_free). Nothing is published before {least} count."
)


class ObservationDraft(Draft):
    """What somebody found who asked for a place: a code and a time, nothing about who needed it."""

    finding: Finding = Field(
        description="still_free: the place was free; place_gone: it was not; not_as_stated: it was another than posted"
    )
    asked_at: AwareDatetime | None = Field(default=None, description="When the place was asked for; absent: now")


class ObjectionDraft(Draft):
    """Why an offer says that an observation is wrong."""

    reason: Objection = Field(
        description="was_still_free, about_another_place, not_posted_then (the posting was not open), outside_its_terms (the asker "
        "was not among those whom the posting was for) or told_twice"
    )


class RulingDraft(Draft):
    """An operator's word on an objection."""

    ruling: Ruling = Field(description="upheld: the observation never counts; dismissed: it counts")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ObservationAnswer(_Answer):
    """One observation as it stands."""

    offer_id: EntityId
    number: int = Field(ge=1, description="Counts up per offer, without a gap")
    vacancy_id: EntityId
    vacancy_version: int = Field(ge=1, description="The posting as it stood when this came in")
    opening: int = Field(ge=1)
    told_by: Literal["partner", "somebody"] = Field(description="A partner's system, or a person: a caseworker or a team lead")
    finding: Finding
    asked_at: AwareDatetime
    received_at: AwareDatetime
    counts_from: AwareDatetime = Field(description="Until then the offer can object")
    standing: Standing = Field(
        description="waiting (the offer can object), objected, set_aside (the objection was upheld) or counts"
    )
    objection: Objection | None
    objected_at: AwareDatetime | None
    ruling: Ruling | None


class TruthRecordAnswer(_Answer):
    """An offer's truth record with the formula that it is counted by, and a page of its observations, the newest first."""

    offer_id: EntityId
    observed: int = Field(ge=0, description="Observations that count now")
    still_true: int = Field(ge=0, description="Of them, those that found the place free")
    published_from: int = Field(description="So many must count before the record is published with the offer")
    formula_da: str
    formula_en: str
    objection_days: int = Field(ge=0)
    window_days: int = Field(ge=1)
    observations: list[ObservationAnswer]
    next: str | None = Field(description="`before` of the next page; null: this was the last")


def routes() -> list[Route]:
    """What can be done with observations."""
    return [
        Route("/vacancies/{vacancy_id}/observations", post_observation, methods=["POST"]),
        Route("/offers/{offer_id}/observations", get_observations),
        Route("/offers/{offer_id}/observations/{number}/objection", post_objection, methods=["POST"]),
        Route("/offers/{offer_id}/observations/{number}/objection", delete_objection, methods=["DELETE"]),
    ]


def operator_routes() -> list[Route]:
    """What operators do with them."""
    return [Route("/operator/offers/{offer_id}/observations/{number}/ruling", post_ruling, methods=["POST"])]


@operation(
    summary_da="Fortæl, om en opslået plads stadig var ledig, da du spurgte; samme dags andet svar om samme opslag ændrer intet",
    summary_en="Tell whether a posted place was still free when you asked; a second word on the same posting that day changes nothing",
    request=Body(ObservationDraft, examples={"gone": {"finding": "place_gone"}}),
    responses={200: Body(ObservationAnswer), 201: Body(ObservationAnswer, headers=(LOCATION,))},
    parameters=[_VACANCY],
    tags=_TAGS,
    problems=[403, 404, 409, 410],
)
async def post_observation(request: Request) -> Response:
    """Take an observation."""
    vacancy_id = id_in_path(request, "vacancy_id")
    draft = read_draft(ObservationDraft, await read_json_bytes(request))
    if isinstance(draft, Rejected):
        raise refusal(draft)
    found = await _observing(request).observe(vacancy_id, draft.finding, draft.asked_at, await caller_of(request))
    return _answer(found)


@operation(
    summary_da="Et tilbuds sandhedsregnskab: formlen, hvad der tæller, og hver observation, fra den kom ind",
    summary_en="An offer's truth record: the formula, what counts, and each observation from the moment it came in",
    responses={200: TruthRecordAnswer},
    parameters=[_OFFER, LIMIT, _BEFORE],
    tags=_TAGS,
    problems=[400, 403, 404],
)
async def get_observations(request: Request) -> Response:
    """Show an offer what was found of its postings."""
    offer_id = id_in_path(request, "offer_id")
    asked = page_of(request, _BEFORE)
    if asked.after is not None:
        raise Problem(
            400, errors=[FieldError("after", "extra_forbidden", "kendes ikke; brug before", "is not known; use before")]
        )
    before = asked.others.get(_BEFORE.name)
    observing = _observing(request)
    record = await observing.record(offer_id, int(before) if before else None, asked.limit, await caller_of(request))
    if isinstance(record, Rejected):
        refused = refusal(record)
        raise Problem(404, errors=refused.errors) if refused.status == UNPROCESSABLE else refused  # the offer is in the path
    days = {"objection": observing.rules.objection_period.days, "window": observing.rules.window.days, "least": LEAST}
    told = {
        "offer_id": offer_id,
        "observed": record.counted.observed,
        "still_true": record.counted.still_true,
        "published_from": LEAST,
        "formula_da": FORMULA_DA.format(**days),
        "formula_en": FORMULA_EN.format(**days),
        "objection_days": days["objection"],
        "window_days": days["window"],
        "observations": [_told(one) for one in record.page],
        "next": str(record.page[-1].observation.number) if len(record.page) == asked.limit else None,
    }
    return Response(orjson.dumps(told), media_type=_JSON)


@operation(
    summary_da="Gør indsigelse mod en observation, før den tæller: så tæller den ikke, før indsigelsen er afgjort",
    summary_en="Object to an observation before it counts: then it does not, until the objection has been ruled on",
    request=Body(ObjectionDraft, examples={"free": {"reason": "was_still_free"}}),
    responses={200: Body(ObservationAnswer)},
    parameters=[_OFFER, _NTH],
    tags=_TAGS,
    problems=[403, 404, 409],
)
async def post_objection(request: Request) -> Response:
    """Take an objection."""
    offer_id, number = _which(request)
    draft = read_draft(ObjectionDraft, await read_json_bytes(request))
    if isinstance(draft, Rejected):
        raise refusal(draft)
    return _answer(await _observing(request).object(offer_id, number, draft.reason, await caller_of(request)))


@operation(
    summary_da="Træk en indsigelse tilbage",
    summary_en="Take an objection back",
    responses={200: Body(ObservationAnswer)},
    parameters=[_OFFER, _NTH],
    tags=_TAGS,
    problems=[403, 404, 409],
)
async def delete_objection(request: Request) -> Response:
    """Take an objection back."""
    offer_id, number = _which(request)
    return _answer(await _observing(request).withdraw(offer_id, number, await caller_of(request)))


async def post_ruling(request: Request) -> Response:
    """Let an operator rule on an objection."""
    offer_id, number = _which(request)
    draft = read_draft(RulingDraft, await read_json_bytes(request))
    if isinstance(draft, Rejected):
        raise refusal(draft)
    return _answer(await _observing(request).rule(offer_id, number, draft.ruling))


def _observing(request: Request) -> Observing:
    observing: Observing = request.state.observing
    return observing


def _which(request: Request) -> tuple[str, int]:
    number: str = request.path_params["number"]
    if not re.fullmatch(_NUMBER, number):
        raise Problem(
            404, errors=[FieldError("number", "string_pattern_mismatch", "skal være et helt tal", "must be a whole number")]
        )
    return id_in_path(request, "offer_id"), int(number)


def _answer(found: Observed | Rejected) -> Response:
    if isinstance(found, Rejected):
        raise refusal(found)
    headers = {"Location": f"/offers/{found.offer_id}/observations"} if found.is_new else None
    return Response(orjson.dumps(_told(found)), 201 if found.is_new else 200, headers, _JSON)


def _told(found: Observed) -> dict[str, Any]:
    """Say everything of an observation but by name who told it."""
    one = found.observation
    told = {name: getattr(one, name) for name in ObservationAnswer.model_fields if hasattr(one, name)}
    told |= {"offer_id": found.offer_id, "told_by": told_by(one.observer), "standing": found.standing}
    return told
