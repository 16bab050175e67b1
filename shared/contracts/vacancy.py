"""The vacancy: the free places of one offer, whole, as published on `vacancies`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from shared.contracts.common import Codes, Contract, EntityId, Point

TYPE = "dk.ledigplads.vacancy.published.v1"


class PriceLine(Contract):
    """One line of a price list: what one place costs, for how much of a week, by which unit of time."""

    label_da: str | None = Field(default=None, max_length=200, description="What the line is for, in Danish")
    level: int | None = Field(default=None, ge=0, le=4, description="Level of support it covers; none: every level")
    days_a_week: int | None = Field(default=None, ge=1, le=7, description="Days a week it covers; none: all opening days")
    amount_dkk: int = Field(ge=0, le=1_000_000, description="DKK per unit, whole kroner")
    unit: Literal["calendar_day", "opening_day", "month", "hour"] = Field(description="What the amount is per")
    vat_included: bool = Field(default=False, description="Whether 25 % VAT is in the amount")
    valid_from: date | None = None
    valid_to: date | None = None


class DayCapacity(Contract):
    """Free places of a day offer on one weekday's half."""

    weekday: int = Field(ge=1, le=7, description="ISO weekday, Monday 1")
    half: Literal["morning", "afternoon"]
    places_free: int | None = Field(default=None, ge=0, le=1000, description="None: uncounted (an open door)")


class Contact(Contract):
    """Whom to ring at the place: the place's own public contact, never a citizen's."""

    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=200)
    web: str | None = Field(default=None, max_length=300)


class VacancyTerms(Contract):
    """What a place says of itself: the part that a draft and the published vacancy have in common."""

    title_da: str = Field(min_length=1, max_length=200, description="Short Danish title of the place")
    text_da: str | None = Field(default=None, max_length=4000, description="Danish text about the place")
    kinds: Codes = Field(default=(), description="Kinds of offer (offer type ids)")
    sections: Codes = Field(default=(), description="Law and section, e.g. SEL-104; none for an open door")
    places_free: int | None = Field(
        default=None, ge=0, le=1000, description="Physical places free now, counted once; None: uncounted"
    )
    places_held: int = Field(default=0, ge=0, le=1000, description="Of the places, those held for somebody")
    places_total: int | None = Field(
        default=None, ge=0, le=5000, description="Physical places in all, counted once; None: uncounted"
    )
    target_groups: Codes = Field(default=(), description="FFB målgrupper it is for; empty: not stated (unknown)")
    age_from: int | None = Field(default=None, ge=0, le=120, description="Youngest age in whole years; None: not stated")
    age_to: int | None = Field(default=None, ge=0, le=120, description="Oldest age in whole years; None: no limit stated")
    gender_rule: str | None = Field(default=None, description="everyone, women or men; None: not stated")
    services: Codes = Field(default=(), description="FFB ydelser it gives; empty: not stated (unknown)")
    activities: Codes = Field(default=(), description="Activities of a day offer")
    work_tasks: Codes = Field(default=(), description="Work tasks under § 103")
    access: Codes = Field(default=(), description="visitation, referral, self_referral")
    day_capacity: tuple[DayCapacity, ...] = Field(default=(), description="Day offers: free places per weekday and half")
    price_lines: tuple[PriceLine, ...] = ()
    available_from: date | None = Field(default=None, description="First day a place is free; None: at once")
    available_until: date | None = Field(default=None, description="Last day; None: open-ended")
    contact: Contact | None = None


class Vacancy(VacancyTerms):
    """The whole current state of one vacancy. A closed one stays as closed, then is tombstoned."""

    vacancy_id: EntityId
    offer_id: EntityId
    offer_name: str = Field(max_length=200, description="Public name of the offer")
    version: int = Field(ge=1, le=999_999_999_999_999_999, description="Rises by one with each published change")
    status: Literal["open", "closed"]
    closed_reason: Literal["withdrawn", "filled", "expired"] | None = None
    opening: int = Field(
        ge=1, le=2_147_483_647, description="Counts from full to free and material changes; part of an alert's identity"
    )
    municipality: str = Field(
        description="Beliggenhedskommune: where the place lies, four digits; empty where the address is protected"
    )
    landsdel: str = Field(description="Statistics Denmark's landsdel")
    location: Point | None = Field(default=None, description="None where the address is protected")
    address: str | None = Field(default=None, max_length=300, description="Public street address; None where it is protected")
    address_protected: bool = Field(default=False, description="Only landsdel and phone leave intake; never held nor matched")
    open_door: bool = Field(default=False, description="Come as you are: found in search, never matched")
    confirmed_at: datetime = Field(description="When the offer last said that this is true")
    expires_at: datetime = Field(description="It closes then, unless confirmed before")
    came_in_by: Literal["http", "kafka", "sheet"] = Field(description="The way in")
