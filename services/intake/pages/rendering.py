"""Intake's pages as people read them: Danish first, English beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2

from services.intake.timers import DENMARK
from shared.contracts.reference import municipalities, offer_types
from shared.contracts.vacancy import Vacancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEMPLATES: Final = Path(__file__).with_name("templates")
_MONTHS: Final = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december",  # codespell:ignore
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A vacancy as the landing page shows it."""

    vacancy_id: str
    title: str
    offer_name: str
    place: str
    kinds: tuple[str, ...]
    free: str
    confirmed: str


class Pages:
    """Renders the templates that lie beside this file; they are read once."""

    def __init__(self) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def landing(self, counts: Mapping[str, int], newest: Sequence[bytes]) -> str:
        """Render the landing page.

        Args:
            counts: what is open.
            newest: the newest open vacancies, as published.
        """
        cards = [card(Vacancy.model_validate_json(body)) for body in newest]
        return self._templates.get_template("landing.html").render(counts=counts, cards=cards)

    def search(self, variables: Mapping[str, Any]) -> str:
        """Render the search page; see `search_page`."""
        return self._templates.get_template("search.html").render(variables)


def card(vacancy: Vacancy) -> Card:
    """Put what a vacancy says into words."""
    kommune = municipalities().get(vacancy.municipality)
    confirmed = vacancy.confirmed_at.astimezone(DENMARK)
    return Card(
        vacancy_id=vacancy.vacancy_id,
        title=vacancy.title_da,
        offer_name=vacancy.offer_name,
        place=kommune.name if kommune else vacancy.landsdel,
        kinds=tuple(dict.fromkeys(_kind(code) for code in (*vacancy.sections, *vacancy.kinds))),
        free=_free(vacancy),
        confirmed=f"{confirmed.day}. {_MONTHS[confirmed.month - 1]} {confirmed:%H.%M}",
    )


def _kind(code: str) -> str:
    known = offer_types().get(code)
    if known is None:
        return code
    return f"§ {known.section} {known.label_da}" if known.section else known.label_da


def _free(vacancy: Vacancy) -> str:
    match vacancy.places_free:
        case None:
            return "åben for alle" if vacancy.open_door else "ledige pladser"
        case 1:
            return "1 ledig plads"
        case count:
            return f"{count} ledige pladser"
