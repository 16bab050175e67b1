"""HTTP in: the table of everything that the one origin passes on to intake. Who asks names himself by a header until identity comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.intake.http import api, citizens, codes, landing, needs, observations, offers, places, search, sheets, vacancies
from shared.web.openapi import openapi_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import Route


def routes() -> list[Route]:
    """List every endpoint; each file of `http/` brings its own."""
    return [
        *landing.routes(),
        *api.routes(document),
        *codes.routes(),
        *offers.routes(),
        *vacancies.routes(),
        *observations.routes(),
        *needs.routes(),
        *citizens.routes(),
        *sheets.routes(),
        *search.routes(),
        *places.routes(),
    ]


def document(codes: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """Make the OpenAPI document of the table.

    Args:
        codes: the lists of codes; by default those that are valid today. The document that is committed has none: a new code breaks
            nobody, and what is committed does not change by the day.
    """
    return openapi_document(
        routes(),
        title=api.TITLE,
        version=api.VERSION,
        description=api.DESCRIPTION,
        tags=api.TAGS,
        codes=api.codes() if codes is None else codes,
    )
