"""Who looks at a citizen's data is told, and acknowledged, before the answer is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

import orjson
from aiokafka.errors import KafkaError

from services.intake.domain.authority import PartnerCaller
from shared.access import Look
from shared.contracts.access import Why
from shared.identity import person_of
from shared.web import FieldError, Parameter, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from services.intake.citizens.store import CitizenStore
    from services.intake.domain.authority import Caller
    from shared.access import AccessRecorder
    from shared.contracts.access import What

_NOBODY_KNOWN: Final = "anonymous"
PURPOSE: Final = Parameter(
    "X-Ledigplads-Purpose",
    {"type": "string", "enum": list(get_args(Why))},
    "header",
    "Hvad opslaget skal bruges til; borgeren kan få det at se. Uden header: sagsbehandling, eller for en partner integration.",
    "What the look is for; the citizen can be shown it. Without it: casework, or for a partner integration.",
)


async def looked(request: Request, caller: Caller, what: What, needs: Mapping[str, str]) -> None:
    """Tell that needs, or the citizens that they are of, are about to be shown.

    Args:
        request: asks.
        caller: who that is: a person, or a partner's system.
        what: is shown.
        needs: the municipality of each need, by id.

    Raises:
        Problem: 503 when it cannot be told: then nothing may be shown. 400 when the purpose cannot be read.
    """
    citizens: CitizenStore = request.state.citizen_store
    citizen_of = await citizens.subjects_of(needs)
    subjects = {(municipality, citizen_of.get(need_id, need_id)) for need_id, municipality in needs.items()}
    await looked_at(request, caller, [Look(municipality, subject, what) for municipality, subject in sorted(subjects)])


async def looked_at(request: Request, caller: Caller, looks: Sequence[Look]) -> None:
    """Tell of looks, whoever they are at.

    Raises:
        Problem: as for `looked`.
    """
    recorder: AccessRecorder = request.state.recorder
    partner = caller.partner.name if isinstance(caller, PartnerCaller) else None
    person = person_of(request)
    who = f"partner:{partner}" if partner is not None else person.id if person is not None else _NOBODY_KNOWN
    try:
        await recorder.record(who, looks, _why(request, is_partner=partner is not None))
    except KafkaError:
        raise Problem(503, headers={"Retry-After": "1"}) from None


def municipalities_in(page: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """Give the municipality of each need of a page of published records."""
    return {need_id: str(orjson.loads(body)["handlekommune"]) for need_id, body in page}


def _why(request: Request, *, is_partner: bool) -> Why:
    given = request.headers.get(PURPOSE.name)
    for known in get_args(Why):
        if known == given:
            why: Why = known
            return why
    if given is not None:
        wrong = FieldError(PURPOSE.name, "enum", "skal være en af de kendte", "must be one of those known")
        raise Problem(400, errors=[wrong])
    return "integration" if is_partner else "casework"
