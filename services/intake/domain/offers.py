"""What is stored and published of an offer, given what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.addresses import hidden_place
from services.intake.domain.cpr import holds_cpr_number
from services.intake.domain.geography import to_metres
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged, reason
from services.intake.domain.states import OfferState
from shared.contracts.offer import Offer, OfferTerms
from shared.contracts.reference import municipalities
from shared.contracts.vacancy import Contact

if TYPE_CHECKING:
    from shared.contracts.drafts import OfferDraft
    from shared.contracts.offer import Truth

CRISIS_CENTRE: Final = "SEL-109"

LEADS_NOWHERE: Final = frozenset({"name", "registered", "ownership", "kinds", "sections", "address_protected", "approved"})
"""Beside its phone and its landsdel, all that is published of an offer whose address is protected.

Whatever else there is stays in intake, also what a later version of the contract adds: a number in a register leads to a door as
surely as an address, a web page and a mail domain do, free text may, and so may the authority that approved it.
"""


def register(offer_id: str, draft: OfferDraft, before: OfferState | None) -> Outcome:
    """Register an offer, or change it."""
    terms = stated_terms(draft)
    if refusal := _refusal(offer_id, terms):
        return refusal
    if before is None:
        return Accepted(OfferState(_published(offer_id, terms, version=1), terms), created=True)
    if before.terms.model_dump_json() == terms.model_dump_json():
        return Unchanged(before)
    after = _published(offer_id, terms, version=before.version + 1).model_copy(update={"truth": before.offer.truth})
    return Accepted(OfferState(after, terms))


def count_truth(before: OfferState, truth: Truth | None) -> Outcome:
    """Publish how true an offer's postings were; that it was counted on another day, with the same result, is no news."""
    old = before.offer.truth
    if truth == old or (truth and old and truth == old.model_copy(update={"as_of": truth.as_of})):
        return Unchanged(before)
    return Accepted(OfferState(before.offer.model_copy(update={"version": before.version + 1, "truth": truth}), before.terms))


def stated_terms(draft: OfferDraft) -> OfferTerms:
    """Take over what was stated, with the point in metres and the protection resolved: under § 109 it is the default."""
    protected = draft.address_protected if "address_protected" in draft.model_fields_set else CRISIS_CENTRE in draft.sections
    return OfferTerms.model_construct(
        **{name: getattr(draft, name) for name in OfferTerms.model_fields}
        | {"address_protected": protected, "location": to_metres(draft.point) if draft.point else draft.location}
    )


def public_contact(contact: Contact | None, *, address_protected: bool) -> Contact | None:
    """Leave only the phone of a place whose address is protected: a web page or a mail domain leads to its door."""
    if contact is None or not address_protected:
        return contact
    return Contact(phone=contact.phone) if contact.phone else None


def landsdel(municipality: str) -> str:
    """Give the Statistics Denmark landsdel of a kommune; empty for a kommune that is no more."""
    known = municipalities().get(municipality)
    return known.landsdel if known else ""


def _refusal(offer_id: str, terms: OfferTerms) -> Rejected | None:
    """Refuse an id that looks like a CPR number, and what would be published although it holds the protected address.

    A name may hold its town, since it is the name.
    """
    reasons = [reason("cpr_number", "offer_id")] if holds_cpr_number(offer_id) else []
    if terms.address_protected:
        hidden = hidden_place([terms.address], [terms.municipality])
        published = {"name": terms.name, "offer_id": offer_id, "contact.phone": terms.contact.phone if terms.contact else None}
        reasons += (
            reason("address_protected", field) for field, text in published.items() if text and hidden.is_addressed_in(text)
        )
    return Rejected(tuple(reasons)) if reasons else None


def _published(offer_id: str, terms: OfferTerms, *, version: int) -> Offer:
    public: dict[str, Any] = {name: getattr(terms, name) for name in OfferTerms.model_fields}
    if terms.address_protected:
        public = {name: value for name, value in public.items() if name in LEADS_NOWHERE}
        public |= {"municipality": "", "contact": public_contact(terms.contact, address_protected=True)}
    return Offer.model_construct(
        **public, offer_id=offer_id, version=version, status="open", landsdel=landsdel(terms.municipality)
    )
