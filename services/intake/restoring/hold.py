"""A database that comes from a backup is held: nobody changes it and nothing of it is published before an operator has said how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import HTTPConnection

from shared.web import Problem, Text, problem_response

if TYPE_CHECKING:
    from asyncio import Future

    from starlette.types import ASGIApp, Receive, Scope, Send

    from services.intake.restoring.restoring import Restored

_STILL_ANSWERED: Final = ("/healthz", "/readyz", "/metrics", "/operator/restored", "/operator/partners", "/operator/counts")
_TITLE: Final = Text("Tjenesten venter på driften", "The service waits for its operators")
_DETAIL: Final = Text(
    "Databasen er gendannet fra en backup og bliver først bragt i orden. Prøv igen senere.",
    "The database has been restored from a backup and is being put in order first. Try again later.",
)
_RETRY_AFTER: Final = {"Retry-After": "60"}


class Hold:
    """Why intake does nothing yet; None when it works.

    Attributes:
        reason: for operators.
        deciding: carries out an operator's decision, until it is done.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self.deciding: Future[Restored] | None = None

    @property
    def is_deciding(self) -> bool:
        """An operator's decision is being carried out, also after whoever made it has gone away."""
        return self.deciding is not None and not self.deciding.done()

    async def check(self) -> tuple[bool, str]:
        """Answer readiness."""
        if self.reason is None:
            return True, "the database knows all that the log holds"
        return False, (
            f"HELD, nothing is published, read or accepted: {self.reason}. Was the database restored from a backup? Then stop every "
            "other intake, look with `ledigplads restored --dry-run`, and go on with `ledigplads restored` (docs/guides/restore.md). "
            "Otherwise this is the wrong database, topic prefix or broker: correct the settings and start again"
        )


class HoldMiddleware:
    """Answers 503 to everything but operators while intake is held."""

    def __init__(self, app: ASGIApp, hold: Hold) -> None:
        self._app = app
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._hold.reason is None or scope["type"] != "http" or scope["path"].startswith(_STILL_ANSWERED):
            await self._app(scope, receive, send)
            return
        answer = problem_response(Problem(503, _TITLE, _DETAIL, headers=_RETRY_AFTER), HTTPConnection(scope))
        await answer(scope, receive, send)
