"""Small JSON documents from the OpenID provider, or from a file where a service may not call out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx2
import orjson

from shared.identity.errors import ProviderAwayError

_MOST_BYTES: Final = 512 * 1024
_TIMEOUT_SECONDS: Final = 5.0


async def read_document(url: str) -> dict[str, Any]:
    """Fetch a JSON object over http(s), or read it from a file:// address.

    Raises:
        ProviderAwayError: it does not come, or is no JSON object of a sensible size.
    """
    try:
        content = await (_from_file(url) if url.startswith("file://") else _over_http(url))
        document = orjson.loads(content)
    except (httpx2.HTTPError, OSError, orjson.JSONDecodeError) as error:
        raise ProviderAwayError(f"{url}: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise ProviderAwayError(f"{url}: no JSON object")
    return document


async def _over_http(url: str) -> bytes:
    # Redirects are not followed: an address that is configured is the address.
    async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS) as client, client.stream("GET", url) as answer:
        if answer.status_code != httpx2.codes.OK:
            raise ProviderAwayError(f"{url} answers {answer.status_code}")
        content = b""
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > _MOST_BYTES:
                raise ProviderAwayError(f"{url}: more than {_MOST_BYTES} bytes")
        return content


async def _from_file(url: str) -> bytes:
    return await asyncio.to_thread(Path(url2pathname(urlsplit(url).path)).read_bytes)
