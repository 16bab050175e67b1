"""Errors as problem+json (RFC 9457): what is wrong and what to do, in Danish or English."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ExceptionHandler

from shared.observability import current_correlation_id
from shared.web.correlation import CORRELATION_HEADER
from shared.web.languages import Language, language_of
from shared.web.validation import FieldError, field_errors

MEDIA_TYPE: Final = "application/problem+json"

_CLIENT_ERROR: Final = 400
_PARAMETER: Final = re.compile(r"\{\w+\}")
_METHOD_NOT_ALLOWED: Final = 405
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Text:
    """The same in both languages."""

    da: str
    en: str

    def in_language(self, language: Language) -> str:
        """Give the one that was asked for."""
        return self.da if language == "da" else self.en


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a status where nothing more is known."""

    title: Text
    detail: Text


_WORDS: Mapping[int, Words] = {
    400: Words(
        Text("Anmodningen kan ikke læses", "The request cannot be read"),
        Text("Ret anmodningen og send den igen.", "Correct the request and send it again."),
    ),
    401: Words(
        Text("Vi ved ikke, hvem du er", "We do not know who you are"),
        Text("Log ind, eller send et gyldigt access token.", "Log in, or send a valid access token."),
    ),
    403: Words(
        Text("Det har afsenderen ikke lov til", "The sender may not do that"),
        Text(
            "Brug det, der hører til afsenderen, eller bed driften om at give lov.",
            "Use what belongs to the sender, or ask the operators to grant it.",
        ),
    ),
    404: Words(
        Text("Siden findes ikke", "There is nothing here"),
        Text("Kontrollér adressen.", "Check the address."),
    ),
    405: Words(
        Text("Adressen kan ikke bruges sådan", "The address does not take this method"),
        Text("Brug en af metoderne i headeren Allow.", "Use one of the methods in the header Allow."),
    ),
    409: Words(
        Text("Det kan ikke lade sig gøre, som det står nu", "It cannot be done as things stand"),
        Text("Hent det, der gælder nu, og prøv igen.", "Fetch what is true now, and try again."),
    ),
    410: Words(
        Text("Det er slettet", "It has been erased"),
        Text("Id'et bruges aldrig igen; opret et nyt.", "The id is never used again; make a new one."),
    ),
    412: Words(
        Text("Det er ændret, siden du hentede det", "It has changed since you fetched it"),
        Text(
            "Hent den nuværende version, se ændringen, og send igen med dens ETag.",
            "Fetch the current version, look at the change, and send again with its ETag.",
        ),
    ),
    413: Words(
        Text("Det indsendte er for stort", "What was sent is too large"),
        Text("Send mindre ad gangen.", "Send less at a time."),
    ),
    415: Words(
        Text("Indholdets type kan ikke bruges her", "The type of the content cannot be used here"),
        Text("Send JSON med Content-Type: application/json.", "Send JSON with Content-Type: application/json."),
    ),
    422: Words(
        Text("Noget i det indsendte er forkert", "Something in what was sent is wrong"),
        Text("Ret felterne nedenfor og send igen.", "Correct the fields below and send again."),
    ),
    429: Words(
        Text("For mange anmodninger", "Too many requests"),
        Text("Vent, som headeren Retry-After siger.", "Wait as the header Retry-After says."),
    ),
    500: Words(
        Text("Der skete en fejl hos os", "Something went wrong on our side"),
        Text(
            "Prøv igen. Bliver det ved, så oplys korrelations-id'et til driften.",
            "Try again. If it persists, give the operators the correlation id.",
        ),
    ),
    503: Words(
        Text("Tjenesten er ikke klar", "The service is not ready"),
        Text("Prøv igen om lidt.", "Try again in a moment."),
    ),
}


def words_of(status: int) -> Words:
    """Give the words that fit a status."""
    return _WORDS.get(status) or _WORDS[_SERVER_ERROR if status >= _SERVER_ERROR else _CLIENT_ERROR]


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 has
    """Raised by a handler to answer with an error; the texts are for the caller and carry no data about a citizen.

    Args:
        status: the HTTP status.
        title: what kind of problem, the same every time; by default words that fit the status.
        detail: what the caller can do about it; a plain string stands as it is in both languages.
        errors: the fields that are wrong, by their path; never their values.
        headers: further headers of the answer, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        title: Text | str | None = None,
        detail: Text | str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        words = words_of(status)
        super().__init__(status)
        self.status = status
        self.title = _text(title) or words.title
        self.detail = _text(detail) or words.detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_response(problem: Problem, request: HTTPConnection | None = None) -> Response:
    """Answer with a problem, in the language of the request."""
    language = language_of(request) if request is not None else "da"
    headers = {"Content-Language": language, "Vary": "Accept-Language"} | problem.headers
    return Response(problem_body(problem, language), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def problem_body(problem: Problem, language: Language) -> bytes:
    """Write a problem as RFC 9457 has it."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "status": problem.status,
        "title": problem.title.in_language(language),
        "detail": problem.detail.in_language(language),
        "errors": [asdict(error) for error in problem.errors],
        "correlation_id": current_correlation_id(),
    }
    return orjson.dumps(document)


def _text(given: Text | str | None) -> Text | None:
    return Text(given, given) if isinstance(given, str) else given


async def _on_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise TypeError("registered for Problem only") from error
    return problem_response(error, request)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ValidationError):
        raise TypeError("registered for ValidationError only") from error
    return problem_response(Problem(422, errors=field_errors(error)), request)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException only") from error
    headers = dict(error.headers or {})
    if error.status_code == _METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request)) or headers.get("Allow", "")
    return problem_response(Problem(error.status_code, headers=headers), request)


def _methods_at(request: Request) -> list[str]:
    """List the methods of an address, of all its routes: Starlette names only those of the first. The closest pattern counts."""
    routes = [route for route in request.app.routes if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE]
    closest = max((route.path_format for route in routes), key=lambda path: len(_PARAMETER.sub("", path)), default="")
    return sorted({method for route in routes if route.path_format == closest for method in route.methods or ()})


async def _on_anything_else(request: Request, _error: Exception) -> Response:
    # Starlette raises it again after the answer, and uvicorn logs it: where and what kind, by our log's processors.
    # This answer is sent from outside the middleware, so it brings the header itself.
    return problem_response(Problem(500, headers={CORRELATION_HEADER: current_correlation_id() or ""}), request)


def exception_handlers() -> dict[Any, ExceptionHandler]:
    """For `Starlette(exception_handlers=…)`: problems, invalid bodies, 404, 405, and whatever nobody expected."""
    return {
        Problem: _on_problem,
        ValidationError: _on_validation_error,
        HTTPException: _on_http_exception,
        Exception: _on_anything_else,
    }
