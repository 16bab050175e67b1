"""Reading what a caller sends into a contract."""

from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from shared.web.problems import Problem, Text
from shared.web.validation import FieldError, field_errors

_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=BaseModel)

# A batch of 500 needs is some 500 kB; beyond this nothing honest is sent.
MOST_BODY_BYTES: Final = 4 * 1024 * 1024

_READ: Final = "ledigplads.body"


async def read_body(request: Request, model: type[_Model]) -> _Model:
    """Read a JSON body into a model.

    Raises:
        Problem: 413 when too large, 415 when it is said to be something else, 400 when not JSON, 422 with every field that is wrong.
    """
    body = await read_json_bytes(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _as_problem(error) from None


async def read_body_as(request: Request, adapter: TypeAdapter[_T]) -> _T:
    """Read a JSON body that is no single model, such as a list or a union, as `read_body` does."""
    body = await read_json_bytes(request)
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise _as_problem(error) from None


async def read_json(request: Request) -> Any:  # noqa: ANN401 - JSON that the caller will look into itself
    """Read a JSON body without a model, for batches whose rows are judged one by one.

    Raises:
        Problem: 413 when too large, 415 when it is said to be something else, 400 when not JSON.
    """
    body = await read_json_bytes(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _not_json() from None


async def read_json_bytes(request: Request) -> bytes:
    """Read a body that is said to be JSON, or of which nothing is said.

    Raises:
        Problem: 413 when too large, 415 when it is said to be something else.
    """
    said = request.headers.get("content-type")
    if said is not None and not _is_json(said):
        wrong = FieldError("Content-Type", "media_type", "skal være application/json", "must be application/json")
        raise Problem(415, errors=[wrong])
    return await read_bytes(request)


async def read_bytes(request: Request) -> bytes:
    """Read the body, whatever it is; read once, it can be asked for again.

    Raises:
        Problem: 413 when too large.
    """
    known = request.scope.get(_READ)
    if isinstance(known, bytes):
        return known
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > MOST_BODY_BYTES:
            at_most = Text(f"Send højst {MOST_BODY_BYTES} byte ad gangen.", f"Send at most {MOST_BODY_BYTES} bytes at a time.")
            raise Problem(413, detail=at_most)
    body = bytes(parts)
    request.scope[_READ] = body
    return body


def _is_json(content_type: str) -> bool:
    media_type, _, parameters = content_type.lower().partition(";")
    name, _, charset = parameters.strip().partition("=")
    main, _, sub = media_type.strip().partition("/")
    is_utf_8 = name.strip() != "charset" or charset.strip(' "') in {"utf-8", "utf8", "us-ascii"}
    return main == "application" and (sub == "json" or sub.endswith("+json")) and is_utf_8


def _as_problem(error: ValidationError) -> Problem:
    errors = field_errors(error)
    return _not_json() if any(found.code == "json_invalid" for found in errors) else Problem(422, errors=errors)


def _not_json() -> Problem:
    return Problem(400, errors=[FieldError("", "json_invalid", "er ikke gyldig JSON", "is not valid JSON")])
