"""Errors as problem+json (RFC 9457): what is wrong and what to do, Danish first and English beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from shared.observability import current_correlation_id
from shared.web.correlation import CORRELATION_HEADER
from shared.web.validation import FieldError, field_errors

MEDIA_TYPE: Final = "application/problem+json"

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    detail: str


_WORDS: Mapping[int, _Words] = {
    400: _Words(
        "Anmodningen kan ikke læses · The request cannot be read",
        "Ret anmodningen og send den igen. · Correct the request and send it again.",
    ),
    404: _Words(
        "Siden findes ikke · There is nothing here",
        "Kontrollér adressen. · Check the address.",
    ),
    405: _Words(
        "Adressen kan ikke bruges sådan · The address does not take this method",
        "Brug en af metoderne i headeren Allow. · Use one of the methods in the header Allow.",
    ),
    422: _Words(
        "Noget i det indsendte er forkert · Something in what was sent is wrong",
        "Ret felterne nedenfor og send igen. · Correct the fields below and send again.",
    ),
    500: _Words(
        "Der skete en fejl hos os · Something went wrong on our side",
        "Prøv igen. Bliver det ved, så oplys korrelations-id'et til driften. · "
        "Try again. If it persists, give the operators the correlation id.",
    ),
    503: _Words(
        "Tjenesten er ikke klar · The service is not ready",
        "Prøv igen om lidt. · Try again in a moment.",
    ),
}


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 has
    """Raised by a handler to answer with an error; the texts are for the caller and carry no data about a citizen.

    Args:
        status: the HTTP status.
        title: what kind of problem, the same every time; by default words that fit the status.
        detail: what the caller can do about it.
        errors: the fields that are wrong, by their path; never their values.
        headers: further headers of the answer, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        words = _WORDS.get(status) or _WORDS[_SERVER_ERROR if status >= _SERVER_ERROR else _CLIENT_ERROR]
        super().__init__(status)
        self.status = status
        self.title = title or words.title
        self.detail = detail or words.detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_response(problem: Problem) -> Response:
    document: dict[str, Any] = {
        "type": "about:blank",
        "status": problem.status,
        "title": problem.title,
        "detail": problem.detail,
        "errors": [asdict(error) for error in problem.errors],
        "correlation_id": current_correlation_id(),
    }
    return Response(orjson.dumps(document), status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers)


async def _on_problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise TypeError("registered for Problem only") from error
    return problem_response(error)


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ValidationError):
        raise TypeError("registered for ValidationError only") from error
    return problem_response(Problem(422, errors=field_errors(error)))


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException only") from error
    return problem_response(Problem(error.status_code, headers=error.headers))


async def _on_anything_else(_request: Request, _error: Exception) -> Response:
    # Starlette raises it again after the answer, and uvicorn logs it: where and what kind, by our log's processors.
    # This answer is sent from outside the middleware, so it brings the header itself.
    return problem_response(Problem(500, headers={CORRELATION_HEADER: current_correlation_id() or ""}))


def exception_handlers() -> dict[Any, ExceptionHandler]:
    """For `Starlette(exception_handlers=…)`: problems, invalid bodies, 404, 405, and whatever nobody expected."""
    return {
        Problem: _on_problem,
        ValidationError: _on_validation_error,
        HTTPException: _on_http_exception,
        Exception: _on_anything_else,
    }
