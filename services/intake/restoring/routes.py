"""HTTP in, for operators: putting a database from a backup in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import structlog
from aiokafka.errors import KafkaError
from starlette.responses import Response
from starlette.routing import Route

from services.intake.restoring.restoring import StillRead, UnknownPartners
from services.intake.store import UNAVAILABLE
from shared.contracts.common import Draft
from shared.web import Problem, Text, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.duties import Duties
    from services.intake.restoring.hold import Hold
    from services.intake.restoring.restoring import Restored, Restoring


log = structlog.get_logger(__name__)


class _Restore(Draft):
    """How to go on."""

    backup_wins: bool = False
    without_partners: bool = False


_NOT_HELD = Text(
    "Intake kører, og dens database ved alt, hvad loggen ved. Skal en backup gælde alligevel, så start den med "
    "LEDIGPLADS_INTAKE_HELD=true.",
    "Intake runs, and its database knows all that the log holds. If a backup is to count all the same, start it with "
    "LEDIGPLADS_INTAKE_HELD=true.",
)
_STILL_READ = Text(
    "En anden intake læser stadig partnernes topics. Stop den, og prøv igen.",
    "Another intake still reads the partners' topics. Stop it, and try again.",
)

_INTERRUPTED = Text(
    "Kafka eller databasen svarer ikke. Intet er gjort halvt: prøv igen, når de svarer.",
    "Kafka or the database does not answer. Nothing is half done: try again when they do.",
)


def routes() -> list[Route]:
    """What operators call while intake is held."""
    return [
        Route("/operator/restored", look, methods=["GET"]),
        Route("/operator/restored", restore, methods=["POST"]),
    ]


async def look(request: Request) -> Response:
    """Say what a restore would find; nothing is changed."""
    restoring: Restoring = request.state.restoring
    hold: Hold = request.state.hold
    return _json({"held": hold.reason} | await restoring.look())


async def restore(request: Request) -> Response:
    """Put the database and the log together again, and begin to work."""
    asked = await read_body(request, _Restore)
    hold: Hold = request.state.hold
    if hold.reason is None or hold.is_deciding:
        raise Problem(409, detail=_NOT_HELD)
    hold.deciding = asyncio.ensure_future(_carry_out(request.state.restoring, request.state.work, hold, asked))
    try:
        # Whoever asked may go away; it is done to its end all the same.
        done = await asyncio.shield(hold.deciding)
    except StillRead:
        raise Problem(409, detail=_STILL_READ) from None
    except UnknownPartners as error:
        raise Problem(409, detail=_unknown_partners(str(error))) from None
    except (KafkaError, *UNAVAILABLE) as error:
        log.warning("restore_interrupted", error_type=type(error).__name__)
        raise Problem(503, detail=_INTERRUPTED) from error
    return _json(done.told())


async def _carry_out(restoring: Restoring, work: Duties, hold: Hold, asked: _Restore) -> Restored:
    done = await restoring.restore(backup_wins=asked.backup_wins, without_partners=asked.without_partners)
    await work.begin()
    hold.reason = None
    return done


def _unknown_partners(named: str) -> Text:
    return Text(
        f"Der er topics for partnere, som backuppen ikke kender: {named}. Opret dem igen med `ledigplads partner add`, eller gå videre "
        "uden dem med `--without-partners`; så bliver det, de har sendt, ikke læst.",
        f"There are topics of partners that the backup does not know: {named}. Declare them again with `ledigplads partner add`, or go "
        "on with `--without-partners`; then what they have sent is not read.",
    )


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
