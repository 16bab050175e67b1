"""A service inside the test's own loop: uvicorn on a free port, the lifespan run, a client at hand."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import uvicorn
from starlette.applications import Starlette

from deploy.embedded.ports import LOOPBACK
from tests.support.asking import AsWhoeverMay


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers.

    Attributes:
        app: what runs, for a look inside.
        url: where it answers.
        client: talks to it; relative paths will do.
    """

    app: Starlette
    url: str
    client: httpx2.AsyncClient


@asynccontextmanager
async def running(app: Starlette, *, port: int | None = None) -> AsyncIterator[RunningService]:
    """Run a service until the block is left.

    What the app's lifespan raises is raised here, at the start as at the end. The service has one task for its whole
    life, since a fixture's two halves run in different tasks, which task groups do not survive.
    """
    with socket.create_server((LOOPBACK, port or 0)) as listening:
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        service = asyncio.create_task(_run(app, listening, started, stop))
        await asyncio.wait({started, service}, return_when=asyncio.FIRST_COMPLETED)
        if service.done():
            await service
        url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        try:
            async with httpx2.AsyncClient(base_url=url, timeout=15, auth=AsWhoeverMay()) as client:
                yield RunningService(app, url, client)
        finally:
            stop.set()
            await service


async def _run(app: Starlette, listening: socket.socket, started: asyncio.Future[None], stop: asyncio.Event) -> None:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    async with app.router.lifespan_context(app) as state:
        server.lifespan.state.update(state or {})
        await server.startup(sockets=[listening])
        started.set_result(None)
        await stop.wait()
        await server.shutdown(sockets=[listening])
