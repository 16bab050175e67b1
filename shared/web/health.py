"""Alive and ready: two questions that a launcher, a proxy or a cluster asks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Check = Callable[[], Awaitable[tuple[bool, str]]]
"""Says whether something works, and in plain words how it stands."""


def health_routes(checks: Mapping[str, Check], *, within_seconds: float = 2.0) -> list[Route]:
    """Make `/healthz` (the process answers) and `/readyz` (200 when every check is well, else 503 with what is not).

    Args:
        checks: by name; they run side by side. One that takes too long or fails counts as not well.
        within_seconds: the longest that a check may take.
    """

    async def healthz(_request: Request) -> Response:
        return _json({"alive": True}, 200)

    async def readyz(_request: Request) -> Response:
        answers = await asyncio.gather(*(_answer(check, within_seconds) for check in checks.values()))
        ready = all(ok for ok, _ in answers)
        told = {name: {"ok": ok, "detail": detail} for name, (ok, detail) in zip(checks, answers, strict=True)}
        return _json({"ready": ready, "checks": told}, 200 if ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _answer(check: Check, within_seconds: float) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(within_seconds):
            return await check()
    except TimeoutError:
        return False, f"no answer within {within_seconds:g} s"
    except Exception as error:  # noqa: BLE001 - whatever a check meets, the answer is "not ready" and its kind
        return False, f"the check failed: {type(error).__name__}"


def _json(document: object, status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(document), status_code=status, media_type="application/json", headers=headers)
