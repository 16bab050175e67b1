"""Intake's pages as people read them: Danish first, English beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2

from services.intake.pages.wording import Said, free, kinds, moment, where
from shared.contracts.vacancy import Vacancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_TEMPLATES: Final = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Card:
    """A vacancy as the landing page shows it."""

    vacancy_id: str
    title: str
    offer_id: str
    offer_name: str
    where: Said
    kinds: tuple[Said, ...]
    free: Said
    confirmed: Said


class Pages:
    """Renders the templates that lie beside this file; they are read once."""

    def __init__(self) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def landing(self, counts: Mapping[str, int], newest: Sequence[bytes], today: date) -> str:
        """Render the landing page.

        Args:
            counts: what is open.
            newest: the newest open vacancies, as published.
            today: the day in Denmark.
        """
        cards = [card(Vacancy.model_validate_json(body), today) for body in newest]
        return self._templates.get_template("landing.html").render(counts=counts, cards=cards)

    def search(self, variables: Mapping[str, Any]) -> str:
        """Render the search page; see `search_page`."""
        return self._templates.get_template("search.html").render(variables)

    def place(self, variables: Mapping[str, Any]) -> str:
        """Render the page of a place; see `place_page`."""
        return self._templates.get_template("place.html").render(variables)

    def offer(self, variables: Mapping[str, Any]) -> str:
        """Render the page of an offer; see `offer_page`."""
        return self._templates.get_template("offer.html").render(variables)

    def missing(self, *, erased: bool) -> str:
        """Render the page for what is not there, or not any more."""
        return self._templates.get_template("missing.html").render(erased=erased)


def card(vacancy: Vacancy, today: date) -> Card:
    """Put what a vacancy says into words."""
    return Card(
        vacancy_id=vacancy.vacancy_id,
        title=vacancy.title_da,
        offer_id=vacancy.offer_id,
        offer_name=vacancy.offer_name,
        where=where(vacancy.municipality, vacancy.landsdel),
        kinds=kinds((*vacancy.sections, *vacancy.kinds), with_law=False),
        free=free(vacancy, today),
        confirmed=moment(vacancy.confirmed_at),
    )
