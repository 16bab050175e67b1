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


async def read_body(request: Request, model: type[_Model]) -> _Model:
    """Read a JSON body into a model.

    Raises:
        Problem: 413 when too large, 400 when not JSON, 422 with every field that is wrong.
    """
    body = await _limited_body(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _as_problem(error) from None


async def read_body_as(request: Request, adapter: TypeAdapter[_T]) -> _T:
    """Read a JSON body that is no single model, such as a list or a union, as `read_body` does."""
    body = await _limited_body(request)
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise _as_problem(error) from None


async def read_json(request: Request) -> Any:  # noqa: ANN401 - JSON that the caller will look into itself
    """Read a JSON body without a model, for batches whose rows are judged one by one.

    Raises:
        Problem: 413 when too large, 400 when not JSON.
    """
    body = await _limited_body(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _not_json() from None


async def _limited_body(request: Request) -> bytes:
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > MOST_BODY_BYTES:
            at_most = Text(f"Send højst {MOST_BODY_BYTES} byte ad gangen.", f"Send at most {MOST_BODY_BYTES} bytes at a time.")
            raise Problem(413, detail=at_most)
    return bytes(parts)


def _as_problem(error: ValidationError) -> Problem:
    errors = field_errors(error)
    return _not_json() if any(found.code == "json_invalid" for found in errors) else Problem(422, errors=errors)


def _not_json() -> Problem:
    return Problem(400, errors=[FieldError("", "json_invalid", "er ikke gyldig JSON", "is not valid JSON")])
