"""HTTP in: why and why not, the list of one need, and what operators ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import orjson
from pydantic import Field
from starlette.responses import Response
from starlette.routing import Route

from services.matching.domain.explaining import explain
from services.matching.domain.terms import Terms
from services.matching.records import handlekommune_of, has_no_places, shown_body
from services.matching.service import NotReadyError
from shared.contracts.common import Contract
from shared.contracts.need import NeedProfile
from shared.contracts.settings import Policy
from shared.contracts.vacancy import Vacancy
from shared.identity.grants import grant_of
from shared.web import FieldError, Problem, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.matching.domain.partition import Partition
    from services.matching.replaying import Replayer
    from services.matching.service import Matching


_EXAMPLES: Final = 3
"""Places that are named of each cause."""


class ExplainQuestion(Contract):
    """A pair, whole, as intake serves it; a changed need is a "what if". Policy and day are the worker's own, unless given."""

    need: NeedProfile
    vacancy: Vacancy
    policy: Policy | None = None
    today: date | None = None


class NearMissesQuestion(Contract):
    """A need, whole, as intake serves it; a changed one is a "what if". It is asked of all open places, under policy and day of now."""

    need: NeedProfile
    examples: int = Field(default=_EXAMPLES, ge=1, le=5, description="How many places to name of each cause, the nearest first")


class ReplayOrder(Contract):
    """A record to be read again."""

    topic: Literal["vacancies", "need-profiles", "settings", "matches"]
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers work with."""

    matching: Matching
    replayer: Replayer
    worker: str


def routes() -> list[Route]:
    return [
        Route("/matching/explain", explain_pair, methods=["POST"]),
        Route("/matching/near-misses", near_misses, methods=["POST"]),
        Route("/matching/needs/{need_id}", show_need, methods=["GET"]),
        Route("/matching/needs/{need_id}/near-misses", near_misses_of, methods=["GET"]),
        Route("/matching/operator/counts", counts, methods=["GET"]),
        Route("/matching/operator/replay", replay, methods=["POST"]),
    ]


async def explain_pair(request: Request) -> Response:
    question = await read_body(request, ExplainQuestion)
    _must_be_own(request, question.need)
    return _json(explain(question.need, question.vacancy, _terms(_parts(request).matching, question)))


async def near_misses(request: Request) -> Response:
    """Say why a need finds nothing, or little. Any worker can: each knows all open places."""
    question = await read_body(request, NearMissesQuestion)
    _must_be_own(request, question.need)
    try:
        return _json(_parts(request).matching.near_misses(question.need, question.examples))
    except NotReadyError as error:
        raise _not_ready(error) from error


async def show_need(request: Request) -> Response:
    """Give the present list of a need that this worker owns, as its record of `matches` has it; what is in the way, as of now."""
    parts, need_id = _parts(request), request.path_params["need_id"]
    answer = parts.matching.answer(await _owned(request, need_id), need_id)
    if answer == "later":
        raise Problem(503, headers={"Retry-After": "1"})
    if answer == "gone":
        raise await _not_here(parts, need_id)
    in_the_way = parts.matching.often_in_the_way(need_id) if has_no_places(answer) else None
    return Response(shown_body(answer, parts.matching.terms, in_the_way), media_type="application/json")


async def near_misses_of(request: Request) -> Response:
    """Say of a need that this worker owns what it just misses."""
    parts, need_id = _parts(request), request.path_params["need_id"]
    partition = await _owned(request, need_id)
    return _json(parts.matching.near_misses(parts.matching.profile_of(partition, need_id), _EXAMPLES))


async def _owned(request: Request, need_id: str) -> Partition:
    """Give the partition that an open need of the asker's own municipality stands in.

    Raises:
        Problem: it is not with this worker, or another municipality's, which is answered alike; says with whom it would be.
    """
    parts, grant = _parts(request), grant_of(request)
    partition = parts.matching.partition_of(need_id)
    if partition is None or not grant.is_own_municipality(handlekommune_of(partition.needs[need_id])):
        raise await _not_here(parts, need_id)
    return partition


def _must_be_own(request: Request, need: NeedProfile) -> None:
    """Refuse a need of a municipality that the asker does not work for; it came with the question, so nothing is given away.

    Raises:
        Problem: 403.
    """
    if not grant_of(request).is_own_municipality(need.handlekommune):
        raise Problem(403, errors=[_NOT_YOURS])


_NOT_YOURS: Final = FieldError(
    "need.handlekommune",
    "municipality_not_yours",
    "er ikke den kommune, du arbejder for; spørg med din egen kommunes behov",
    "is not the municipality that you work for; ask with a need of your own municipality",
)


async def _not_here(parts: Parts, need_id: str) -> Problem:
    owner = await parts.replayer.owner_of_need(need_id)
    return Problem(
        404,
        "Behovet er ikke hos denne arbejder · The need is not with this worker",
        f"Det ville ligge hos {owner or 'ingen'}. · It would be with {owner or 'nobody'}.",
    )


async def counts(request: Request) -> Response:
    parts = _parts(request)
    live = sorted(number for number, part in parts.matching.partitions.items() if part.may_speak)
    return _json(parts.matching.counts() | {"partitions": live, "worker": parts.worker})


async def replay(request: Request) -> Response:
    order = await read_body(request, ReplayOrder)
    return _json(await _parts(request).replayer.replay(order.topic, order.partition, order.offset))


def _terms(matching: Matching, question: ExplainQuestion) -> Terms:
    if question.policy is not None and question.today is not None:
        return Terms(question.policy, question.today)
    try:
        known = matching.terms
    except NotReadyError as error:
        raise _not_ready(error) from error
    return Terms(question.policy or known.policy, question.today or known.today)


def _not_ready(error: NotReadyError) -> Problem:
    return Problem(
        503,
        detail=f"Politik eller dag er ikke modtaget endnu. · The policy or the day has not been received yet ({error}).",
        headers={"Retry-After": "1"},
    )


def _parts(request: Request) -> Parts:
    return cast("Parts", request.state.parts)


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
