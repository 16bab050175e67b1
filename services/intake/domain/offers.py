"""What is stored and published of an offer, given what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.intake.domain.geography import to_metres
from services.intake.domain.outcomes import Accepted, Outcome, Unchanged
from services.intake.domain.states import OfferState
from shared.contracts.offer import Offer, OfferTerms
from shared.contracts.reference import municipalities
from shared.contracts.vacancy import Contact

if TYPE_CHECKING:
    from shared.contracts.drafts import OfferDraft

CRISIS_CENTRE: Final = "SEL-109"


def register(offer_id: str, draft: OfferDraft, before: OfferState | None) -> Outcome:
    """Register an offer, or change it."""
    terms = stated_terms(draft)
    after = _published(offer_id, terms, version=before.version + 1 if before else 1)
    if before is None:
        return Accepted(OfferState(after, terms), created=True)
    if before.terms.model_dump_json() == terms.model_dump_json():
        return Unchanged(before)
    return Accepted(OfferState(after, terms))


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


def landsdel(terms: OfferTerms) -> str:
    """Give the Statistics Denmark landsdel of the kommune; empty for a kommune that is no more."""
    known = municipalities().get(terms.municipality)
    return known.landsdel if known else ""


def _published(offer_id: str, terms: OfferTerms, *, version: int) -> Offer:
    public = {name: getattr(terms, name) for name in OfferTerms.model_fields}
    if terms.address_protected:
        # Register numbers lead to an address as surely as the address itself, and so may free text.
        public |= {"municipality": "", "location": None, "address": None, "cvr": None, "p_number": None}
        public |= {"register_id": None, "text_da": None, "contact": public_contact(terms.contact, address_protected=True)}
    return Offer.model_construct(**public, offer_id=offer_id, version=version, status="open", landsdel=landsdel(terms))
