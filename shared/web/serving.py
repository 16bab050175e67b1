"""Running a service as a process: logs, HTTP, and an end that lets work in hand finish."""

import gc
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final, TypeVar

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability import configure_logging
from shared.settings import ServiceSettings

_log = structlog.get_logger(__name__)

_Settings = TypeVar("_Settings", bound=ServiceSettings)

# Open event streams never end by themselves, so this is what a stop costs at least when someone watches.
_HTTP_GRACE_SECONDS: Final = 2
# Longer than a proxy keeps its idle connections (Caddy: 120 s), so that it never sends into one that we just closed.
_KEEP_ALIVE_SECONDS: Final = 150


_NEW_OBJECTS_BEFORE_A_SEARCH: Final = 50_000


def serve(build_app: Callable[[_Settings], Starlette], settings: _Settings) -> None:
    """Run a service until SIGTERM or SIGINT; the exit status is then 0.

    HTTP ends first, then the app's lifespan, which finishes the work in hand. When the service cannot start, one
    sentence on stderr and a line in the log say why, and the exit status is 1.
    """
    configure_logging(settings.service, settings.log_level)
    app = _WatchedLifespan(build_app(settings))
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            ws="none",
            lifespan="on",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_HTTP_GRACE_SECONDS,
        )
    )
    collect_less_often()
    # uvicorn raises the signal again when it is done; being asked to stop is no failure, so nothing happens then.
    for asked_to_stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked_to_stop, lambda *_: None)
    try:
        server.run()
    except SystemExit as end:
        if end.code:
            reason = app.failure or f"{settings.host}:{settings.port} cannot be listened on; is it in use?"
            sys.exit(f"{settings.service} cannot start: {reason}")
    if app.failure is not None:
        sys.exit(f"{settings.service} did not end well: {app.failure}")


def collect_less_often() -> None:
    """Let batches of events come and go without a search for cycles in each.

    Events are trees without cycles, freed by counting; at CPython's default of 700 new objects the search took a sixth of
    intake's time. What was imported is left out of it for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS_BEFORE_A_SEARCH, 20, 50)


class _Server(uvicorn.Server):
    """Can be stopped while it starts, too: a start may wait a minute for a database that is away."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.started:
            raise SystemExit(0)
        super().handle_exit(sig, frame)


class _WatchedLifespan:
    """Keeps the reason why an app's lifespan failed and says it once, where uvicorn would print a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failure: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_without_traceback(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "lifespan.startup.complete"
            await send({"type": message["type"]})

        try:
            await self._app(scope, receive, send_without_traceback)
        except Exception as error:
            # Before the start no event was read, so the text cannot be about a citizen; afterwards it could be.
            self.failure = type(error).__name__ if started else f"{type(error).__name__}: {error}"
            _log.critical("service_failed", while_starting=not started, reason=self.failure, exc_info=error)
            raise
