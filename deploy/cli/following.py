"""Reading JSON lines from a service: what there is, or what comes too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import orjson

from deploy.cli.calling import CASEWORKER, client
from deploy.cli.exits import CommandError, NotReachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CONNECT_SECONDS = 10.0


async def json_lines(url: str, **query: str | int) -> AsyncIterator[dict[str, Any]]:
    """Give each line as it comes.

    Raises:
        NotReachableError: the service does not answer, or stopped in the middle.
        CommandError: it refused.
    """
    timeout = httpx2.Timeout(_CONNECT_SECONDS, read=None)
    try:
        async with client(CASEWORKER) as http, http.stream("GET", url, params=query, timeout=timeout) as answer:
            if answer.is_error:
                raise CommandError(f"{url} answered {answer.status_code}.")
            async for row in answer.aiter_lines():
                # A comment of a stream that keeps its connection alive is no line of data.
                if row.startswith("{"):
                    yield orjson.loads(row)
    except httpx2.HTTPError as error:
        raise NotReachableError(
            f"{url} does not answer ({type(error).__name__}): `ledigplads status` says what is up."
        ) from error
