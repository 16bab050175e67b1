"""HTTP in, for operators: the keys of citizens. Ids and counts only: no key and nothing about a citizen is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response
from starlette.routing import Route

from services.intake.citizens.master_keys import MasterKeysError
from shared.web import Problem, Text

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.intake.citizens.vault import Vault

_NO_KEYS = Text(
    "Der er ingen nøgler i denne installation (LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN).",
    "There are no keys in this installation (LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN).",
)


def operator_routes() -> list[Route]:
    """What operators do with keys."""
    return [
        Route("/operator/keys", look),
        Route("/operator/keys/rewrap", rewrap, methods=["POST"]),
    ]


async def look(request: Request) -> Response:
    """Say which master keys there are, and how many keys each wraps."""
    vault = vault_of(request)
    return json(
        {"current": vault.masters.current, "known": sorted(vault.masters.keys), "wrapped_by": await vault.counts()},
    )


async def rewrap(request: Request) -> Response:
    """Read the master keys again, and wrap every key by the current one."""
    vault = vault_of(request)
    try:
        done = await vault.rewrap()
    except MasterKeysError as error:
        raise Problem(409, detail=str(error)) from None
    return json({"rewrapped": done, "current": vault.masters.current, "wrapped_by": await vault.counts()})


def vault_of(request: Request) -> Vault:
    """Give the vault that the app runs.

    Raises:
        Problem: 503 where there is none.
    """
    vault: Vault | None = request.state.vault
    if vault is None:
        raise Problem(503, detail=_NO_KEYS)
    return vault


def json(document: object, status: int = 200) -> Response:
    """Answer with a document."""
    return Response(orjson.dumps(document), status, media_type="application/json")
