"""Where a place lies, and what of that may leave intake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.addresses import HiddenPlace, hidden_place
from services.intake.domain.geography import to_metres
from services.intake.domain.offers import CRISIS_CENTRE, landsdel, public_contact
from services.intake.domain.outcomes import reason
from shared.contracts.common import trusted
from shared.contracts.vacancy import StatedVacancy, VacancyTerms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.intake.domain.states import OfferState
    from shared.contracts.common import Point
    from shared.contracts.drafts import VacancyDraft
    from shared.contracts.receipt import Reason
    from shared.contracts.vacancy import Contact

LEADS_NOWHERE: Final = frozenset(
    {
        "title_da", "kinds", "sections", "places_free", "places_held", "places_total", "places_sheltered", "places_flexible",
        "reserved_for_residents", "target_groups", "age_from", "age_to", "gender_rule", "services", "activities", "work_tasks",
        "staffed_levels", "cannot_take", "night_staff", "room_for_two", "room_for_children", "pets", "accessibility", "equipment",
        "languages", "access", "day_capacity", "available_from", "available_until",
    }
)  # fmt: skip
"""Beside phone, landsdel and what it costs, all that is published of a place whose address is protected.

Whatever else there is stays in intake, also what a later version of the contract adds: free text; the kommuner that it is
reserved for, which are its neighbours; opening hours, which lead to the page that they were copied from.
"""
_TERM_NAMES: Final = tuple(VacancyTerms.model_fields)

NEUTRAL_TITLE: Final = "Plads med beskyttet adresse"
"""Stands in for a title that was in order until the address became protected."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a place lies.

    Attributes:
        municipality: four digits.
        location: metres; None: not stated.
        address: None: not stated.
        protected: only landsdel and phone leave intake.
        of_its_own: it does not lie where its offer lies.
    """

    municipality: str
    location: Point | None
    address: str | None
    protected: bool
    of_its_own: bool


def stated(draft: VacancyDraft) -> StatedVacancy:
    """Take over what was stated, with the point in metres."""
    return trusted(StatedVacancy, vars(draft) | ({"location": to_metres(draft.point)} if draft.point is not None else {}))


def site_of(terms: StatedVacancy, sections: tuple[str, ...], offer: OfferState) -> Site:
    """Say where a place lies: where it says itself, as a whole, else where its offer does.

    A department that states a kommune, an address or a point does not lie at its offer's address, so nothing of that is mixed in;
    only the kommune is taken to be the same. The offer's protection counts; a place may only add to it. § 109 under an offer that
    does not itself name it is protected by default.
    """
    protected = (
        offer.terms.address_protected
        or terms.address_protected
        or (CRISIS_CENTRE in sections and CRISIS_CENTRE not in offer.terms.sections)
    )
    if terms.municipality is None and terms.address is None and terms.location is None:
        return Site(offer.terms.municipality, offer.terms.location, offer.terms.address, protected, of_its_own=False)
    return Site(terms.municipality or offer.terms.municipality, terms.location, terms.address, protected, of_its_own=True)


def unstated_site(terms: StatedVacancy, site: Site, offer: OfferState) -> Iterator[Reason]:
    """Refuse a protected place that would lie where its offer does, for everybody to read in the offer's record."""
    if site.protected and not site.of_its_own and not offer.terms.address_protected:
        yield reason("protected_without_site", "address_protected" if terms.address_protected else "sections")


def betrayals(terms: VacancyTerms, site: Site, offer: OfferState) -> Iterator[Reason]:
    """Find what would be published of a protected place and leads to it."""
    if not site.protected:
        return
    hidden = _hidden(site, offer)
    if hidden.is_betrayed_by(terms.title_da):
        yield reason("address_protected", "title_da")
    if terms.contact is not None and terms.contact.phone and hidden.is_betrayed_by(terms.contact.phone):
        yield reason("address_protected", "contact.phone")


def told_of(terms: VacancyTerms, site: Site, offer: OfferState) -> dict[str, Any]:
    """Give what is published of the terms and of where the place lies, by the names of the contract."""
    said = vars(terms)
    public: dict[str, Any] = {name: said[name] for name in _TERM_NAMES}
    where: dict[str, Any] = {
        "municipality": site.municipality,
        "landsdel": landsdel(site.municipality),
        "location": site.location,
        "address": site.address,
        "address_protected": site.protected,
    }
    public["contact"] = contact = _contact(terms, offer)
    if not site.protected:
        return public | where
    public = {name: value for name, value in public.items() if name in LEADS_NOWHERE}
    public["price_lines"] = tuple(line.model_copy(update={"label_da": None}) for line in terms.price_lines)
    public["contact"] = public_contact(contact, address_protected=True)
    hidden = _hidden(site, offer)
    if hidden.is_betrayed_by(terms.title_da):
        public["title_da"] = NEUTRAL_TITLE
    if contact is not None and contact.phone and hidden.is_betrayed_by(contact.phone):
        public["contact"] = None
    return public | where | {"municipality": "", "location": None, "address": None}


def _contact(terms: VacancyTerms, offer: OfferState) -> Contact | None:
    """Say whom to ring: about this place, else at its offer. What a change has emptied states none."""
    own = terms.contact
    return own if own is not None and any(vars(own).values()) else offer.terms.contact


def _hidden(site: Site, offer: OfferState) -> HiddenPlace:
    """Hide the place, and where its offer lies too unless that is public."""
    public = site.of_its_own and not offer.terms.address_protected
    others = () if public else ((offer.terms.address, offer.terms.municipality),)
    hidden = ((site.address, site.municipality), *others)
    return hidden_place((address for address, _ in hidden), (municipality for _, municipality in hidden))
