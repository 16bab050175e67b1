"""The least HTTP server that the floor can be measured against: uvicorn and one bare ASGI callable, on a free port that it prints."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn


async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"ok"})


def main() -> None:
    # With the protocol named, so that asyncio turns Nagle's algorithm off: without it each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    asyncio.run(uvicorn.Server(uvicorn.Config(answer, log_level="error", lifespan="off")).serve([listening]))


if __name__ == "__main__":
    main()
