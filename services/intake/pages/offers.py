"""An offer as people read it: what it is, what it has free, and how often what it posts is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.intake.pages.contacts import ways
from services.intake.pages.facts import coded, facts, given, number, text, yes_or_no
from services.intake.pages.wording import Said, day, free, kinds, moment, where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from services.intake.pages.facts import Facts
    from shared.contracts.offer import Offer
    from shared.contracts.vacancy import Vacancy

_SAID_BY_THE_OFFER: Final = frozenset({"filled", "withdrawn"})


class LastClosed(NamedTuple):
    """The vacancy of an offer that closed last, and when."""

    closed_at: datetime
    vacancy: Vacancy


def offer_page(
    offer: Offer, vacancies: Sequence[Vacancy], last_closed: LastClosed | None, today: date, *, more: bool
) -> dict[str, Any]:
    """Give the template of an offer its variables.

    Args:
        offer: as published.
        vacancies: its open ones, as published.
        last_closed: None where something is open, or nothing ever was.
        today: the day in Denmark.
        more: there are further open ones.
    """
    return {
        "offer": offer,
        "more": more,
        "where": where(offer.municipality, offer.landsdel),
        "kinds": kinds((*offer.sections, *offer.kinds)),
        "ways": ways(offer.contact),
        "listed": [(vacancy, free(vacancy, today), moment(vacancy.confirmed_at)) for vacancy in vacancies],
        "nothing_free": None if vacancies else _nothing_free(last_closed),
        "truth": _truth(offer),
        "about": _about(offer),
    }


def _nothing_free(last: LastClosed | None) -> Said:
    """An offer that filled or withdrew its last vacancy has said that nothing is free; one whose vacancy expired has said nothing."""
    if last is not None and last.vacancy.closed_reason in _SAID_BY_THE_OFFER:
        said = moment(last.closed_at)
        return Said(f"Ingen ledige, bekræftet {said.da}", f"Nothing free, confirmed {said.en}")
    return Said("Ukendt, om der er ledigt", "Not known whether anything is free")


def _truth(offer: Offer) -> Said:
    truth = offer.truth
    if truth is None:
        return Said(
            "Ingen opgørelse endnu: den vises, når mindst ti har spurgt efter en plads og fortalt, om den var ledig.",
            "No record yet: it is shown once at least ten have asked for a place and told whether it was free.",
        )
    as_of = day(truth.as_of)
    return Said(
        f"{truth.still_true} af {truth.observed} pladser ({truth.percent} %) var stadig ledige, da nogen spurgte. Opgjort {as_of.da}.",
        f"{truth.still_true} of {truth.observed} places ({truth.percent}%) were still free when somebody asked. As of {as_of.en}.",
    )


def _about(offer: Offer) -> Facts:
    return facts(
        "Om tilbuddet",
        "About the offer",
        (
            coded("Driftsform", "Ownership", "ownership", given(offer.ownership)),
            yes_or_no(Said("Registreret i Tilbudsportalen", "Registered in Tilbudsportalen"), offer.registered),
            text("Tilbuds-id", "Register id", offer.register_id),
            yes_or_no(Said("Godkendt af socialtilsynet", "Approved by socialtilsyn"), offer.approved),
            coded("Socialtilsyn", "Which socialtilsyn", "approval-authorities", given(offer.approval_authority)),
            number("Godkendte pladser", "Approved places", offer.approved_places),
            text("CVR-nummer", "Company number", offer.cvr),
            text("P-nummer", "Production unit number", offer.p_number),
        ),
    )
