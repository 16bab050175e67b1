"""The offer (tilbud): who runs a place. It exists, and is found, without a vacancy."""

from __future__ import annotations

from pydantic import Field

from shared.contracts.common import Codes, Contract, EntityId, Point
from shared.contracts.vacancy import Contact

TYPE = "dk.ledigplads.offer.published.v1"


class OfferTerms(Contract):
    """What an offer says of itself."""

    name: str = Field(min_length=1, max_length=200, description="Public name of the offer")
    cvr: str | None = Field(default=None, pattern=r"^[0-9]{8}$", description="Company number")
    p_number: str | None = Field(default=None, pattern=r"^[0-9]{10}$", description="Production unit number")
    register_id: str | None = Field(default=None, max_length=40, description="Id in the national register (tilbudsid)")
    kinds: Codes = Field(default=(), description="Kinds of offer (offer type ids)")
    sections: Codes = Field(default=(), description="Law and section")
    municipality: str = Field(description="Beliggenhedskommune, four digits; empty where the address is protected")
    location: Point | None = None
    address: str | None = Field(default=None, max_length=300)
    address_protected: bool = Field(default=False, description="Only landsdel and phone leave intake; set by default for § 109")
    approved: bool | None = Field(default=None, description="Approved by socialtilsyn; None: not stated or not needed")
    contact: Contact | None = None
    text_da: str | None = Field(default=None, max_length=4000)


class Offer(OfferTerms):
    """The whole current state of one offer."""

    offer_id: EntityId
    version: int = Field(ge=1)
    status: str = Field(default="open", description="open or closed")
    landsdel: str
