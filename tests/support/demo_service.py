"""The smallest service: what `shared.web.serve` makes of one is tested with it as a process."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import structlog
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.settings import ServiceSettings
from shared.web import CorrelationMiddleware, exception_handlers, health_routes, metrics_route, read_body, serve

_log = structlog.get_logger(__name__)


class DemoSettings(ServiceSettings):
    service: ClassVar[str] = "demo"


class Person(BaseModel):
    name: str
    age: int


def build_app(_settings: DemoSettings) -> Starlette:
    return Starlette(
        routes=[
            Route("/people", register, methods=["POST"]),
            Route("/broken", broken),
            Route("/endless", endless),
            *health_routes({}),
            metrics_route(),
        ],
        middleware=[Middleware(CorrelationMiddleware)],
        exception_handlers=exception_handlers(),
        lifespan=lifespan,
    )


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    start = os.environ.get("DEMO_START")
    if start == "fails":
        raise RuntimeError("the topic matches has 3 partitions, declared are 48")
    if start == "never ends":
        _log.info("starting")
        await asyncio.Event().wait()
    yield
    _log.info("work_in_hand_finished")


async def register(request: Request) -> Response:
    person = await read_body(request, Person)
    _log.info("registered", name=person.name, age_group=person.age // 10)
    return JSONResponse({"registered": True}, status_code=201)


async def broken(request: Request) -> Response:
    error = ValueError(f"cannot place {request.query_params['who']}")
    # As FastStream does when a handler fails.
    logging.getLogger("faststream").error(f"ValueError: {error}", exc_info=error)  # noqa: G004 - a library's manners
    raise error


async def endless(_request: Request) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        while True:
            yield b"still here\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(lines())


if __name__ == "__main__":
    serve(build_app, DemoSettings.from_environment())
