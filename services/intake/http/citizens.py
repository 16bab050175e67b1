"""Citizens over HTTP: who a need is about, told only to the municipality that has the case."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.responses import Response
from starlette.routing import Route

from services.intake.citizens.registry import IsErased, NoSuchNeed
from services.intake.domain.authority import may_see_needs_of
from services.intake.domain.cpr import holds_cpr_number
from services.intake.http.asking import caller_of, id_in_path, path_parameter
from services.intake.http.examples import CITIZEN
from services.intake.http.handling import store_of
from services.intake.http.looking import PURPOSE, looked_at
from shared.access import Look
from shared.contracts.access import What, Why
from shared.contracts.common import Draft, KnownMunicipality
from shared.web import Body, Problem, Text, operation, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.access.log import AccessLog
    from services.intake.citizens.exporting import Exporting
    from services.intake.citizens.registry import Citizen, Citizens
    from services.intake.domain.authority import Caller

_TAGS: Final = ("citizens",)
_NEED_ID: Final = path_parameter("need_id", "Behovets pseudonym, givet af intake.", "Pseudonym of the need, given by intake.")
_CITIZEN_ID: Final = path_parameter(
    "citizen_id", "Borgerens pseudonym, givet af intake.", "Pseudonym of the citizen, given by intake."
)
_PRIVATE: Final = {"Cache-Control": "no-store"}
_NO_VAULT: Final = Text(
    "Der er ingen nøgler til borgeres oplysninger i denne installation, så de kan ikke gemmes (LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN).",
    "This installation has no keys for citizens' data, so they cannot be kept (LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN).",
)


def _cpr(text: str) -> str:
    """Take ten digits that begin with a date, with or without a hyphen, and keep the digits."""
    digits = text.replace("-", "", 1)
    if re.fullmatch(r"[0-9]{10}", digits) is None or not holds_cpr_number(digits):
        texts = {"text_da": "skal være et CPR-nummer: ddmmåå-nnnn", "text_en": "must be a CPR number: ddmmyy-nnnn"}
        raise PydanticCustomError("cpr_form", "{text_en}", texts)
    return digits


_Cpr = Annotated[str, Field(max_length=11), AfterValidator(_cpr)]


class CitizenDraft(Draft):
    """Who a need is about. It is sealed with the citizen's own key before it is stored, and stays in intake."""

    cpr: _Cpr | None = Field(default=None, description="CPR number; null: not stated")
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Name; null: not stated")
    address: str | None = Field(default=None, min_length=1, max_length=500, description="Address; null: not stated")
    note: str | None = Field(default=None, min_length=1, max_length=4000, description="Free text of the caseworker; null: none")


class CitizenSearch(Draft):
    """Find a citizen of a municipality; the number is in the body, since addresses are kept in histories and logs."""

    municipality: KnownMunicipality
    cpr: _Cpr


class CitizenAnswer(BaseModel):
    """A citizen as registered."""

    model_config = ConfigDict(extra="forbid")

    citizen_id: str = Field(description="Pseudonym of the citizen, given by intake")
    municipality: str = Field(description="The municipality that has the case")
    need_ids: list[str] = Field(description="Pseudonyms of the citizen's needs")
    cpr: str | None
    name: str | None
    address: str | None
    note: str | None


class Access(BaseModel):
    """One look at a citizen's data, as the citizen is shown it."""

    model_config = ConfigDict(extra="forbid")

    at: datetime = Field(description="When")
    what: What = Field(description="What was looked at, as a code")
    why: Why = Field(description="What for, as a code")
    service: str = Field(description="Which service answered")


class Accesses(BaseModel):
    """The looks at a citizen's data, the latest first."""

    model_config = ConfigDict(extra="forbid")

    accesses: list[Access]


def routes() -> list[Route]:
    """What can be done about a citizen."""
    return [
        Route("/needs/{need_id}/citizen", put_citizen, methods=["PUT"]),
        Route("/needs/{need_id}/citizen", get_citizen),
        Route("/citizens:find", find_citizen, methods=["POST"]),
        Route("/citizens/{citizen_id}/export", export_citizen),
        Route("/citizens/{citizen_id}/accesses", show_accesses),
    ]


@operation(
    summary_da="Registrér, hvem et behov handler om; det forlader aldrig intake",
    summary_en="Register who a need is about; it never leaves intake",
    request=Body(CitizenDraft, examples={"invented": CITIZEN}),
    responses={200: CitizenAnswer},
    parameters=(_NEED_ID, PURPOSE),
    tags=_TAGS,
    problems=(400, 403, 404, 410, 422, 503),
)
async def put_citizen(request: Request) -> Response:
    """State as a whole who a need is about; the same CPR number in the same municipality is the same citizen."""
    caller = await caller_of(request)
    need_id = await _own_need(request, caller)
    draft = await read_body(request, CitizenDraft)
    try:
        citizen_id = await citizens_of(request).register(need_id, draft.model_dump())
        found = await citizens_of(request).named(citizen_id)
    except NoSuchNeed:
        raise Problem(404) from None
    except IsErased:
        raise Problem(410) from None
    return await _told(request, caller, found, "citizen_registered")


@operation(
    summary_da="Vis, hvem et behov handler om",
    summary_en="Show who a need is about",
    responses={200: CitizenAnswer},
    parameters=(_NEED_ID, PURPOSE),
    tags=_TAGS,
    problems=(400, 403, 404, 410, 503),
)
async def get_citizen(request: Request) -> Response:
    """Show the citizen of a need; another municipality's is not there."""
    caller = await caller_of(request)
    need_id = await _own_need(request, caller)
    try:
        found = await citizens_of(request).of_need(need_id)
    except IsErased:
        raise Problem(410) from None
    return await _told(request, caller, found, "citizen_shown")


@operation(
    summary_da="Find en borger i kommunen ved CPR-nummer",
    summary_en="Find a municipality's citizen by CPR number",
    request=Body(CitizenSearch, examples={"invented": {"municipality": "0751", "cpr": CITIZEN["cpr"]}}),
    responses={200: CitizenAnswer},
    parameters=(PURPOSE,),
    tags=_TAGS,
    problems=(400, 403, 404, 410, 422, 503),
)
async def find_citizen(request: Request) -> Response:
    """Find a citizen by CPR number, in one municipality."""
    caller = await caller_of(request)
    asked = await read_body(request, CitizenSearch)
    if not may_see_needs_of(caller, asked.municipality):
        raise Problem(403)
    try:
        found = await citizens_of(request).by_cpr(asked.municipality, asked.cpr)
    except IsErased:
        raise Problem(410) from None
    return await _told(request, caller, found, "citizen_found")


@operation(
    summary_da="Alt, hvad der findes om en borger: indsigt efter databeskyttelsesforordningen art. 15",
    summary_en="Everything that is held about a citizen: access under GDPR article 15",
    responses={200: Body(dict[str, Any])},
    parameters=(_CITIZEN_ID, PURPOSE),
    tags=_TAGS,
    problems=(400, 403, 404, 410, 503),
)
async def export_citizen(request: Request) -> Response:
    """Give everything that is held about a citizen, with the words to read it by."""
    caller = await caller_of(request)
    found = await _own_citizen(request, caller)
    exporting: Exporting = request.state.exporting
    await looked_at(request, caller, [Look(found.municipality, found.citizen_id, "citizen_exported")])
    return Response(orjson.dumps(await exporting.everything(found)), media_type="application/json", headers=_PRIVATE)


@operation(
    summary_da="Hvem har set på borgerens data: hvad, hvornår og hvorfor; medarbejderens navn står der ikke",
    summary_en="Who has looked at the citizen's data: what, when and why; the employee is not named",
    responses={200: Accesses},
    parameters=(_CITIZEN_ID, PURPOSE),
    tags=_TAGS,
    problems=(400, 403, 404, 410, 503),
)
async def show_accesses(request: Request) -> Response:
    """Give the looks at a citizen's data, the latest first, to be shown to the citizen."""
    caller = await caller_of(request)
    found = await _own_citizen(request, caller)
    access: AccessLog = request.state.access
    await looked_at(request, caller, [Look(found.municipality, found.citizen_id, "accesses_shown")])
    looks = await access.of_citizen(found.municipality, [found.citizen_id, *found.need_ids])
    answer = Accesses(accesses=[Access.model_validate(look) for look in looks])
    return Response(answer.model_dump_json(), media_type="application/json", headers=_PRIVATE)


def citizens_of(request: Request) -> Citizens:
    """Give the registry that the app runs.

    Raises:
        Problem: 503 where there are no keys, so that nothing can be sealed.
    """
    citizens: Citizens | None = request.state.citizens
    if citizens is None:
        raise Problem(503, detail=_NO_VAULT)
    return citizens


async def _told(request: Request, caller: Caller, found: Citizen | None, what: What) -> Response:
    """Answer with a citizen, once it is told that somebody looks; nothing on the way keeps it."""
    if found is None:
        raise Problem(404)
    await looked_at(request, caller, [Look(found.municipality, found.citizen_id, what)])
    answer = CitizenAnswer.model_validate(
        {
            "citizen_id": found.citizen_id,
            "municipality": found.municipality,
            "need_ids": list(found.need_ids),
            **found.said,
        }
    )
    return Response(answer.model_dump_json(), media_type="application/json", headers=_PRIVATE)


async def _own_citizen(request: Request, caller: Caller) -> Citizen:
    """Give the citizen of the path, if the caller may see it."""
    try:
        found = await citizens_of(request).named(id_in_path(request, "citizen_id"))
    except IsErased:
        raise Problem(410) from None
    if found is None or not may_see_needs_of(caller, found.municipality):
        raise Problem(404)
    return found


async def _own_need(request: Request, caller: Caller) -> str:
    """Give the need of the path, if the caller may see it."""
    need_id = id_in_path(request, "need_id")
    found = await store_of(request).published("need", need_id)
    if found is None or (found.body is not None and not may_see_needs_of(caller, found.municipality)):
        raise Problem(404)
    if found.body is None:
        raise Problem(410)
    return need_id
