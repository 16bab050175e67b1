"""What a caller sends, as the JSON that a command is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from shared.web import Problem, Text, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_ROWS: Final = 500


async def body_of(request: Request) -> bytes:
    """Read one draft; what is no JSON at all is refused here, as everywhere."""
    return orjson.dumps(await read_json(request))


async def rows_of(request: Request) -> list[bytes]:
    """Read the rows of a batch, each to be judged by itself."""
    rows = await read_json(request)
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise Problem(
            400,
            detail=Text(f"Send en liste med højst {MOST_ROWS} rækker.", f"Send a list of at most {MOST_ROWS} rows."),
        )
    return [orjson.dumps(row) for row in rows]
