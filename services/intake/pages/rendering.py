"""Intake's pages as people read them: Danish first, English beside it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import jinja2

from services.intake.pages.logins import FAULTS
from services.intake.pages.wording import Said, free, kinds, moment, where
from shared.contracts.vacancy import Vacancy
from shared.identity.greeting import Public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shared.identity.greeting import Greeting

_TEMPLATES: Final = Path(__file__).with_name("templates")
_TRY_AGAIN: Final = {"href": "/login", "da": "Log ind", "en": "Log in"}


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
        self._viewer: Greeting | Public = Public("/")
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def seen_by(self, who: Greeting | Public) -> Self:
        """Give the same pages with who is logged in at their top."""
        seen = copy(self)
        seen._viewer = who  # noqa: SLF001 - of this very class
        return seen

    def landing(self, counts: Mapping[str, int], newest: Sequence[bytes], today: date) -> str:
        """Render the landing page.

        Args:
            counts: what is open.
            newest: the newest open vacancies, as published.
            today: the day in Denmark.
        """
        cards = [card(Vacancy.model_validate_json(body), today) for body in newest]
        return self._render("landing.html", {"counts": counts, "cards": cards})

    def search(self, variables: Mapping[str, Any]) -> str:
        """Render the search page; see `search_page`."""
        return self._render("search.html", variables)

    def place(self, variables: Mapping[str, Any]) -> str:
        """Render the page of a place; see `place_page`."""
        return self._render("place.html", variables)

    def offer(self, variables: Mapping[str, Any]) -> str:
        """Render the page of an offer; see `offer_page`."""
        return self._render("offer.html", variables)

    def missing(self, *, erased: bool) -> str:
        """Render the page for what is not there, or not any more."""
        return self._render("missing.html", {"erased": erased})

    def login_failed(self, fault: str) -> str:
        """Render why nobody is logged in, and what to do; see `FAULTS`."""
        title, text = FAULTS[fault]
        return self._login(title, text, link=_TRY_AGAIN)

    def login_done(self) -> str:
        """Render the tab in which somebody logged in again."""
        return self._login(
            Said("Du er logget ind igen", "You are logged in again"),
            Said("Luk fanen, og gå tilbage til det, du var i gang med.", "Close this tab, and go back to what you were doing."),
        )

    def logout(self) -> str:
        """Render the question whether to log out, or that nobody is logged in."""
        if self._viewer.person is None:
            return self._login(
                Said("Du er logget ud", "You are logged out"),
                Said("Luk browseren, hvis andre bruger maskinen.", "Close the browser if others use this machine."),
                link=_TRY_AGAIN,
            )
        return self._login(
            Said("Log ud?", "Log out?"),
            Said("Det, du har skrevet og ikke sendt, går tabt.", "What you have typed and not sent is lost."),
            asks_to_leave=True,
        )

    def logged_out(self, onward: str | None) -> str:
        """Render that one is logged out here; `onward` is where the provider ends its own session."""
        link = None if onward is None else {"href": onward, "da": "Log også ud hos din organisation", "en": "Log out there too"}
        return self._login(
            Said("Du er logget ud", "You are logged out"),
            Said("Luk browseren, hvis andre bruger maskinen.", "Close the browser if others use this machine."),
            link=link,
            onward=onward,
        )

    def _login(
        self,
        title: Said,
        text: Said,
        link: Mapping[str, str] | None = None,
        onward: str | None = None,
        *,
        asks_to_leave: bool = False,
    ) -> str:
        variables = {"title": title, "text": text, "link": link, "onward": onward, "asks_to_leave": asks_to_leave}
        return self._render("login.html", variables)

    def _render(self, template: str, variables: Mapping[str, Any]) -> str:
        return self._templates.get_template(template).render({"viewer": self._viewer, **variables})


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
