"""What a caller sends, as the JSON that a command is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from shared.web import FieldError, Problem, Text, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_ROWS: Final = 500
_TOO_DEEP: Final = ("too_deep", "er indlejret for dybt", "is nested too deeply")


async def rows_of(request: Request) -> list[bytes]:
    """Read the rows of a batch, each to be judged by itself.

    Raises:
        Problem: 400 when it is no list of so many rows at most, or a row is nested too deeply.
    """
    rows = await read_json(request)
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        listed = Text(f"Send en liste med højst {MOST_ROWS} rækker.", f"Send a list of at most {MOST_ROWS} rows.")
        raise Problem(400, detail=listed, errors=[FieldError("", "list_type", "skal være en liste", "must be a list")])
    return [_again(row, f"[{index}]") for index, row in enumerate(rows)]


async def object_of(request: Request) -> dict[str, Any]:
    """Read an object, of which only some fields may be there.

    Raises:
        Problem: 400 when it is none, or is nested too deeply.
    """
    given = await read_json(request)
    if not isinstance(given, dict):
        raise Problem(400, errors=[FieldError("", "model_type", "skal være et objekt", "must be an object")])
    _again(given, "")
    return given


def _again(value: object, at: str) -> bytes:
    """Write JSON as it was read; the reader takes deeper nesting than the writer."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise Problem(400, errors=[FieldError(at, *_TOO_DEEP)]) from None
