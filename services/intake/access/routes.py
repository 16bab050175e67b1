"""HTTP in, for operators: the access log is verified, and exported for supervision; citizens stand in it by a keyed digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from services.intake.citizens.operator_routes import json
from shared.contracts import reference
from shared.web import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.access.log import AccessLog


def operator_routes() -> list[Route]:
    """What operators do with the access log."""
    return [
        Route("/operator/access/verify", verify),
        Route("/operator/access/export/{municipality}", export),
    ]


async def verify(request: Request) -> Response:
    """Work every chain out again, and name what is not as it was."""
    access: AccessLog = request.state.access
    return json(await access.verify())


async def export(request: Request) -> Response:
    """Give a municipality's chain, a line of JSON per entry."""
    municipality = request.path_params["municipality"]
    if municipality not in reference.municipalities():
        raise Problem(404)
    access: AccessLog = request.state.access
    return StreamingResponse(access.exported(municipality), media_type="application/x-ndjson")
