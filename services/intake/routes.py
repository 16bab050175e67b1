"""HTTP in: the table of everything that the one origin passes on to intake. Who asks names himself by a header until identity comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.http import codes, landing, needs, observations, offers, sheets, vacancies

if TYPE_CHECKING:
    from starlette.routing import Route


def routes() -> list[Route]:
    """List every endpoint; each file of `http/` brings its own."""
    return [
        *landing.routes(),
        *codes.routes(),
        *offers.routes(),
        *vacancies.routes(),
        *observations.routes(),
        *needs.routes(),
        *sheets.routes(),
    ]
