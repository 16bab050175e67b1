"""The document that describes all of this."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response
from starlette.routing import Route

from services.intake.timers import DENMARK
from shared.contracts import reference
from shared.web import Body, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

TITLE: Final = "Ledigplads · intake"
VERSION: Final = "1"
DESCRIPTION: Final = """\
Ledige pladser, tilbud og behov ind og ud over HTTP. Alt, hvad der accepteres, offentliggøres på Kafka i samme form.

Offers, vacancies and needs over HTTP. Whatever is accepted is published on Kafka in the same form.

- **Fejl · Errors**: `application/problem+json` (RFC 9457). Each names the field and the remedy; `Accept-Language` chooses `da` or `en`.
- **Send igen · Send again**: with an `Idempotency-Key` the same request is done once and answered the same for 7 days.
- **Samtidige ændringer · Changes at the same time**: a GET gives an `ETag`, the entity's `"epoch.version"`; with it in `If-Match`
  a change is made only if nobody was faster (otherwise 412, with the current ETag). `If-None-Match: *` only creates.
- **Login**: `Authorization: Bearer …`, a token of the OpenID provider. What each role may do, and with whose things, is in the guide
  on roles (docs/guides/roles.md): 401 says log in, 403 says which role it takes; another municipality's need is not there (404).
- **Partnere · Partners**: a partner's system gets its token with its own client (client credentials), and may do what was declared for it.
"""
TAGS: Final = {
    "offers": "Tilbud: de findes, også uden en ledig plads. · Offers: they exist without a vacancy too.",
    "vacancies": "Ledige pladser. · Vacancies.",
    "needs": "Behov, ved pseudonym. · Needs, by pseudonym.",
    "citizens": "Borgere: hvem et behov handler om; kun for kommunen. · Citizens: who a need is about; for the municipality only.",
    "observations": "Sandhedsregnskab: passede opslagene? · Truth record: were the postings true?",
    "codes": "Kodelister. · Code lists.",
    "sheets": "Regneark ind og ud. · Sheets in and out.",
    "search": "Søgning for alle. · Search for everyone.",
    "pages": "Sider og denne beskrivelse. · Pages, and this description.",
}


def codes() -> dict[str, list[str]]:
    """Give every list of codes with those that are valid today."""
    today = datetime.now(DENMARK).date()
    return {
        name: [code for code in listed.items if reference.refusal_of(code, name, today) is None]
        for name, listed in reference.code_lists().items()
    }


def routes(document: Callable[[], dict[str, Any]]) -> list[Route]:
    """Where the description is found; it is made when it is first asked for."""
    made: list[bytes] = []

    @operation(
        summary_da="Denne beskrivelse, som OpenAPI 3.1",
        summary_en="This description, as OpenAPI 3.1",
        responses={200: Body(dict[str, Any])},
        tags=["pages"],
    )
    async def get_openapi(_request: Request) -> Response:
        if not made:
            made.append(orjson.dumps(document()))
        return Response(made[0], media_type="application/json", headers={"Cache-Control": "no-cache"})

    return [Route("/openapi.json", get_openapi)]
