"""From a command to an answer: what every handler of a thing has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response

from services.intake.domain.conditions import entity_tag
from services.intake.domain.outcomes import Rejected
from services.intake.http.asking import IDEMPOTENCY_KEY, caller_of, condition_of, once_of, seen_before
from services.intake.http.outcomes import done, listed, refusal, row_answer
from services.intake.idempotency import Answer, KeyInUse, KeyReused
from services.intake.service import Request
from services.intake.store import UNAVAILABLE
from shared.messaging.outbox import MessageTooLarge
from shared.observability import current_correlation_id, new_correlation_id
from shared.web import FieldError, Problem, problem_response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from starlette import requests
    from starlette.types import ExceptionHandler

    from services.intake.domain.authority import Caller
    from services.intake.domain.commands import Command
    from services.intake.service import Intake, Settled
    from services.intake.store import Read, Store

REPLAYED: Final = "Idempotent-Replayed"
_JSON: Final = "application/json"


def intake_of(request: requests.Request) -> Intake:
    """Give the service that the app runs."""
    intake: Intake = request.state.intake
    return intake


def store_of(request: requests.Request) -> Store:
    """Give the store that the app reads from."""
    store: Store = request.state.store
    return store


async def one(request: requests.Request, command: Command | Rejected, caller: Caller | None = None) -> Response:
    """Do one thing, and say what became of it. `caller`: where the handler has asked already."""
    asks = await caller_of(request) if caller is None else caller
    wish = Request(command, current_correlation_id() or new_correlation_id(), asks, condition_of(request))

    def tell(settled: Settled) -> Response:
        [outcome], [position] = settled.outcomes, settled.positions
        if isinstance(outcome, Rejected):
            return problem_response(refusal(outcome, position), request)
        if position is None:
            raise LookupError("what was stored stands somewhere")
        return done(outcome, position)

    return await _answered(request, [wish], tell, asks)


async def many(request: requests.Request, commands: Sequence[Command | Rejected], caller: Caller | None = None) -> Response:
    """Each row is a matter of its own, so each has its own correlation id, told with its answer."""
    asks = await caller_of(request) if caller is None else caller
    wishes = [Request(command, new_correlation_id(), asks) for command in commands]

    def tell(settled: Settled) -> Response:
        results = [
            {"index": index, "correlation_id": wish.correlation_id} | row_answer(outcome, position)
            for index, (wish, outcome, position) in enumerate(zip(wishes, settled.outcomes, settled.positions, strict=True))
        ]
        return Response(orjson.dumps({"results": results}), media_type=_JSON)

    return await _answered(request, wishes, tell, asks)


async def _answered(
    request: requests.Request, wishes: Sequence[Request], tell: Callable[[Settled], Response], caller: Caller
) -> Response:
    once = await once_of(request, caller)
    try:
        answer, is_old = await intake_of(request).answer(wishes, lambda settled: _kept(tell(settled)), once)
    except KeyInUse:
        raise _about_key(
            409, "key_in_use", "samme nøgle behandles netop nu; prøv igen", "the same key is being answered; try again"
        ) from None
    except KeyReused:
        texts = ("nøglen er brugt til en anden anmodning; vælg en ny", "the key was used for another request; choose a new one")
        raise _about_key(422, "key_reused", *texts) from None
    return Response(answer.body, answer.status, dict(answer.headers) | ({REPLAYED: "true"} if is_old else {}))


def _kept(response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Answer(response.status_code, bytes(response.body), headers)


def _about_key(status: int, code: str, text_da: str, text_en: str) -> Problem:
    headers = {"Retry-After": "1"} if status == _CONFLICT else {}
    return Problem(status, errors=[FieldError(IDEMPOTENCY_KEY.name, code, text_da, text_en)], headers=headers)


_CONFLICT: Final = 409


def record(request: requests.Request, found: Read | None, *, cache: str = "no-cache") -> Response:
    """Give one record as it stands on its topic, or 304 to who has it already."""
    if found is None:
        raise Problem(404)
    if found.body is None:
        raise Problem(410)
    tag = entity_tag(found.position)
    headers = {"ETag": tag, "Cache-Control": cache}
    seen = seen_before(request)
    if seen is not None and (seen == "*" or tag in seen):
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type=_JSON)


def page(entities: str, found: Sequence[tuple[str, bytes]], at_most: int) -> Response:
    """Give a page of records as they stand on their topic."""
    return listed(entities, found, more=len(found) == at_most)


def not_there_handlers() -> dict[Any, ExceptionHandler]:
    """Answer 503 while the database is away, or when the same is changed by too many at once; 413 to what no record can hold."""
    return {**dict.fromkeys(UNAVAILABLE, _not_there), MessageTooLarge: _too_large}


async def _not_there(request: requests.Request, _error: Exception) -> Response:
    return problem_response(Problem(503, headers={"Retry-After": "1"}), request)


async def _too_large(request: requests.Request, _error: Exception) -> Response:
    return problem_response(Problem(413), request)
