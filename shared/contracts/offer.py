"""The offer (tilbud): who runs a place. It exists, and is found, without a vacancy."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from shared.contracts.common import Codes, Contract, EntityId, Point, codes, unit
from shared.contracts.vacancy import Contact

TYPE = "dk.ledigplads.offer.published.v1"


class OfferTerms(Contract):
    """What an offer says of itself."""

    name: str = Field(min_length=1, max_length=200, description="Public name of the offer")
    cvr: str | None = Field(default=None, pattern=r"^[0-9]{8}$", description="Company number")
    p_number: str | None = Field(default=None, pattern=r"^[0-9]{10}$", description="Production unit number")
    register_id: str | None = Field(default=None, max_length=40, description="Id in the national register (tilbudsid)")
    register_department_ids: Codes = Field(
        default=(), description="Ids of its departments in the national register (afdelingsid)"
    )
    registered: bool | None = Field(
        default=None, description="Registered in Tilbudsportalen (SEL § 14); null: not stated or not needed"
    )
    ownership: str | None = Field(
        default=None,
        description="Driftsform: municipal, regional, self_governing, fund, private or voluntary; null: not stated",
        json_schema_extra=codes("ownership"),
    )
    kinds: Codes = Field(default=(), description="Kinds of offer (offer type ids)", json_schema_extra=codes("offer-types"))
    sections: Codes = Field(default=(), description="Law and section", json_schema_extra=codes("sections"))
    municipality: str = Field(
        description="Beliggenhedskommune, four digits; empty where the address is protected",
        json_schema_extra=codes("municipalities"),
    )
    location: Point | None = Field(default=None, description="Where it lies; null: not stated, or protected")
    address: str | None = Field(default=None, max_length=300, description="Street address; null: not stated, or protected")
    address_protected: bool = Field(default=False, description="Only landsdel and phone leave intake; set by default for § 109")
    approved: bool | None = Field(default=None, description="Approved by socialtilsyn; null: not stated or not needed")
    approval_authority: str | None = Field(
        default=None,
        description="Socialtilsyn that approved it: hovedstaden, syd, nord, midt or oest; null: not stated",
        json_schema_extra=codes("approval-authorities"),
    )
    approved_places: int | None = Field(
        default=None,
        ge=0,
        le=5000,
        description="Places that the approval covers; null: not stated",
        json_schema_extra=unit("places"),
    )
    contact: Contact | None = Field(default=None, description="The offer's own public contact")
    text_da: str | None = Field(default=None, max_length=4000, description="Danish text about the offer")


class Truth(Contract):
    """How often this offer's postings were still true when somebody asked for the place (docs/reference/truth-record.md)."""

    observed: int = Field(
        ge=10, description="Observations that count; fewer than ten are not published", json_schema_extra=unit("observations")
    )
    still_true: int = Field(
        ge=0, description="Of them, those where the place was still free", json_schema_extra=unit("observations")
    )
    percent: int = Field(
        ge=0, le=100, description="still_true of observed, in whole percent, rounded down", json_schema_extra=unit("%")
    )
    as_of: date = Field(description="The day it was counted")


class Offer(OfferTerms):
    """The whole current state of one offer."""

    offer_id: EntityId = Field(description="The offer's id, chosen by whoever registered it")
    version: int = Field(ge=1, description="Rises by one with each published change", json_schema_extra=unit("version number"))
    status: str = Field(default="open", description="open or closed")
    landsdel: str = Field(
        description="Statistics Denmark's landsdel; empty where the kommune is not known", json_schema_extra=codes("landsdele")
    )
    truth: Truth | None = Field(default=None, description="How true its postings were; null: fewer than ten observations count")
