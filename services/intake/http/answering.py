"""From a command to an answer: what every handler of a thing has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response

from services.intake.answers import listed, one_answer, published_answer, row_answer
from services.intake.service import Request
from services.intake.store import UNAVAILABLE
from shared.observability import current_correlation_id, new_correlation_id
from shared.web import Problem, Text, problem_response

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from starlette import requests
    from starlette.types import ExceptionHandler

    from services.intake.domain.commands import Command
    from services.intake.domain.outcomes import Rejected
    from services.intake.service import Intake
    from services.intake.store import Store

_MOST_LISTED: Final = 1000


def intake_of(request: requests.Request) -> Intake:
    """Give the service that the app runs."""
    intake: Intake = request.state.intake
    return intake


async def one(request: requests.Request, command: Command | Rejected) -> Response:
    """Do one thing, and say what became of it."""
    correlation_id = current_correlation_id() or new_correlation_id()
    outcomes = await intake_of(request).change([Request(command, correlation_id)])
    return one_answer(outcomes[0])


async def many(request: requests.Request, commands: Sequence[Command | Rejected]) -> Response:
    """Each row is a matter of its own, so each has its own correlation id, told with its answer."""
    wishes = [Request(command, new_correlation_id()) for command in commands]
    outcomes = await intake_of(request).change(wishes)
    results = [
        {"index": index, "correlation_id": wish.correlation_id} | row_answer(outcome)
        for index, (wish, outcome) in enumerate(zip(wishes, outcomes, strict=True))
    ]
    return Response(orjson.dumps({"results": results}), media_type="application/json")


async def published(request: requests.Request, entity: str) -> Response:
    """Give one record as it stands on its topic."""
    store: Store = request.state.store
    return published_answer(*await store.published(entity, request.path_params[f"{entity}_id"]))


async def listing(request: requests.Request, entities: str) -> Response:
    """Give a page of records as they stand on their topic, the newest first."""
    store: Store = request.state.store
    asked = request.query_params
    limit = asked.get("limit", "100")
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_LISTED or asked.get("status") not in {None, "open", "closed"}:
        raise Problem(
            400,
            detail=Text(
                f"limit er 1 til {_MOST_LISTED}, status er open eller closed.",
                f"limit is 1 to {_MOST_LISTED}, status is open or closed.",
            ),
        )
    found = await store.newest(entities, asked.get("status"), asked.get("after"), int(limit))
    return listed(entities, found, more=len(found) == int(limit))


def not_there_handlers() -> dict[Any, ExceptionHandler]:
    """Answer 503 while the database is away, or when the same is changed by too many at once."""
    return dict.fromkeys(UNAVAILABLE, _not_there)


async def _not_there(request: requests.Request, _error: Exception) -> Response:
    return problem_response(Problem(503, headers={"Retry-After": "1"}), request)
