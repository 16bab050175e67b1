"""The vacancy: the free places of one offer, whole, as published on `vacancies`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from shared.contracts.common import ClockTime, Codes, Contract, EntityId, Levels, Point, codes, unit

TYPE = "dk.ledigplads.vacancy.published.v1"


class PriceLine(Contract):
    """One line of a price list: what one place costs, for how much of a week, by which unit of time."""

    label_da: str | None = Field(default=None, max_length=200, description="What the line is for, in Danish")
    kind: Literal["base", "supplement"] = Field(
        default="base",
        description="The place itself, or a supplement that comes on top of it (transport, food, one-to-one staff)",
    )
    level: int | None = Field(
        default=None, ge=0, le=4, description="Level of support it covers; null: every level", json_schema_extra=unit("level 0-4")
    )
    days_a_week: int | None = Field(
        default=None, ge=1, le=7, description="Days a week it covers; null: all opening days", json_schema_extra=unit("days/week")
    )
    amount_dkk: int = Field(
        ge=0, le=1_000_000, description="DKK per unit, whole kroner", json_schema_extra=unit("DKK per `unit`")
    )
    unit: Literal["calendar_day", "opening_day", "month", "hour"] = Field(description="What the amount is per")
    vat_included: bool = Field(default=False, description="Whether 25 % VAT is in the amount")
    valid_from: date | None = Field(default=None, description="First day of the price; null: already valid")
    valid_to: date | None = Field(default=None, description="Last day of the price; null: until changed")


class DayCapacity(Contract):
    """Free places of a day offer on one weekday's half."""

    weekday: int = Field(ge=1, le=7, description="ISO weekday, Monday 1", json_schema_extra=unit("ISO weekday"))
    half: Literal["morning", "afternoon"] = Field(description="Before or after noon")
    places_free: int | None = Field(
        default=None, ge=0, le=1000, description="null: uncounted (an open door)", json_schema_extra=unit("places")
    )


class OpeningHours(Contract):
    """When a day offer is open on one weekday; several lines for several stretches of one day."""

    weekday: int = Field(ge=1, le=7, description="ISO weekday, Monday 1", json_schema_extra=unit("ISO weekday"))
    opens: ClockTime = Field(description="HH:MM in Denmark")
    closes: ClockTime = Field(description="HH:MM in Denmark, after `opens`")


class Exclusion(Contract):
    """What a place cannot take: for sure, or only after it has been asked."""

    code: str = Field(description="FFB målgruppe", json_schema_extra=codes("target-groups"))
    strength: Literal["absolute", "ask_first"] = Field(description="absolute: never; ask_first: ring before you count on it")


class Accessibility(Contract):
    """What the building can do. Each is yes, no, or null where the place has not said."""

    step_free: bool | None = Field(default=None, description="No steps on the way in and to the room, or a ramp")
    lift: bool | None = Field(default=None, description="A lift to every floor that is used")
    wheelchair: bool | None = Field(default=None, description="Fit for a wheelchair: doors, turning room, thresholds")
    accessible_bathroom: bool | None = Field(default=None, description="A bathroom fit for a wheelchair and a helper")
    hearing_loop: bool | None = Field(default=None, description="A hearing loop (teleslynge)")
    tactile_guidance: bool | None = Field(default=None, description="Guidance for people who see little or nothing")
    quiet_room: bool | None = Field(default=None, description="A room to be alone and undisturbed in")


class Contact(Contract):
    """Whom to ring at the place: the place's own public contact, never a citizen's."""

    phone: str | None = Field(default=None, max_length=40, description="Telephone number as dialled in Denmark")
    email: str | None = Field(default=None, max_length=200, description="Mail address of the place")
    web: str | None = Field(default=None, max_length=300, description="URL of the place's own page")


class VacancyTerms(Contract):
    """What a place says of itself: the part that a draft and the published vacancy have in common."""

    title_da: str = Field(min_length=1, max_length=200, description="Short Danish title of the place")
    text_da: str | None = Field(default=None, max_length=4000, description="Danish text about the place")
    kinds: Codes = Field(default=(), description="Kinds of offer (offer type ids)", json_schema_extra=codes("offer-types"))
    sections: Codes = Field(
        default=(), description="Law and section, e.g. SEL-104; none for an open door", json_schema_extra=codes("sections")
    )
    places_free: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Physical places free now, counted once; null: uncounted",
        json_schema_extra=unit("places"),
    )
    places_held: int = Field(
        default=0, ge=0, le=1000, description="Of the places, those held for somebody", json_schema_extra=unit("places")
    )
    places_total: int | None = Field(
        default=None,
        ge=0,
        le=5000,
        description="Physical places in all, counted once; null: uncounted",
        json_schema_extra=unit("places"),
    )
    places_sheltered: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Of the free places, those that are skærmede (sheltered); null: not stated",
        json_schema_extra=unit("places"),
    )
    places_flexible: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Of the free places, those that may be used under any of `sections`, each counted once; null: not stated",
        json_schema_extra=unit("places"),
    )
    reserved_for_municipalities: Codes = Field(
        default=(),
        description="Only needs of these kommuner (handle- or betalingskommune); empty: nobody's reserve",
        json_schema_extra=codes("municipalities"),
    )
    reserved_for_residents: bool = Field(default=False, description="Only for people who live at the offer already")
    target_groups: Codes = Field(
        default=(), description="FFB målgrupper it is for; empty: not stated (unknown)", json_schema_extra=codes("target-groups")
    )
    age_from: int | None = Field(
        default=None, ge=0, le=120, description="Youngest age in whole years; null: not stated", json_schema_extra=unit("years")
    )
    age_to: int | None = Field(
        default=None,
        ge=0,
        le=120,
        description="Oldest age in whole years; null: no limit stated",
        json_schema_extra=unit("years"),
    )
    gender_rule: str | None = Field(
        default=None, description="everyone, women or men; null: not stated", json_schema_extra=codes("gender-rules")
    )
    services: Codes = Field(
        default=(), description="FFB ydelser it gives; empty: not stated (unknown)", json_schema_extra=codes("services")
    )
    activities: Codes = Field(default=(), description="Activities of a day offer", json_schema_extra=codes("activities"))
    work_tasks: Codes = Field(default=(), description="Work tasks under § 103", json_schema_extra=codes("work-tasks"))
    staffed_levels: Levels = Field(
        default_factory=dict,
        description="Per levelled FFB subtheme, the most reduced function (0-4) the place is staffed for; absent: not stated",
        json_schema_extra=unit("level 0-4") | codes("themes"),
    )
    cannot_take: tuple[Exclusion, ...] = Field(default=(), description="What the place cannot take; empty: nothing stated")
    night_staff: str | None = Field(
        default=None, description="awake, asleep or none; null: not stated", json_schema_extra=codes("night-staff")
    )
    room_for_two: bool | None = Field(default=None, description="A couple can live there; null: not stated")
    room_for_children: bool | None = Field(default=None, description="A citizen's children can live there; null: not stated")
    pets: bool | None = Field(default=None, description="Pets may come along; null: not stated")
    accessibility: Accessibility = Field(default=Accessibility(), description="What the building can do")
    equipment: Codes = Field(
        default=(),
        description="Special equipment, codes of the list `equipment`; empty: not stated",
        json_schema_extra=codes("equipment"),
    )
    languages: Codes = Field(
        default=(),
        description="Languages that staff speak, ISO 639 codes, dsl: Danish Sign Language",
        json_schema_extra=codes("languages"),
    )
    access: Codes = Field(default=(), description="visitation, referral, self_referral", json_schema_extra=codes("access"))
    day_capacity: tuple[DayCapacity, ...] = Field(default=(), description="Day offers: free places per weekday and half")
    opening_hours: tuple[OpeningHours, ...] = Field(default=(), description="Opening hours of a day offer; empty: not stated")
    price_lines: tuple[PriceLine, ...] = Field(default=(), description="What a place costs; empty: not stated")
    available_from: date | None = Field(default=None, description="First day a place is free; null: at once")
    available_until: date | None = Field(default=None, description="Last day; null: open-ended")
    contact: Contact | None = Field(default=None, description="Whom to ring about this place; null: as the offer says")


class StatedVacancy(VacancyTerms):
    """What an offer has told intake: beside the terms, where this place lies when that is not where the offer lies. It stays in intake."""

    municipality: str | None = Field(
        default=None, description="Kommune of the place itself; null: the offer's", json_schema_extra=codes("municipalities")
    )
    address: str | None = Field(default=None, max_length=300, description="Street address of the place itself; null: the offer's")
    location: Point | None = Field(default=None, description="Point of the place itself; null: the offer's")
    address_protected: bool = Field(
        default=False, description="This place's address is protected, also where the offer's is not; never the other way round"
    )


class Vacancy(VacancyTerms):
    """The whole current state of one vacancy. A closed one stays as closed, then is tombstoned."""

    vacancy_id: EntityId = Field(description="Intake's id of the vacancy; never used again")
    offer_id: EntityId = Field(description="Whose place it is")
    offer_name: str = Field(max_length=200, description="Public name of the offer")
    version: int = Field(
        ge=1,
        le=999_999_999_999_999_999,
        description="Rises by one with each published change",
        json_schema_extra=unit("version number"),
    )
    status: Literal["open", "closed"] = Field(description="Whether anybody can still ask for it")
    closed_reason: Literal["withdrawn", "filled", "expired"] | None = Field(
        default=None, description="Why it closed; null while open"
    )
    opening: int = Field(
        ge=1,
        le=2_147_483_647,
        description="Counts from full to free and material changes; part of an alert's identity",
        json_schema_extra=unit("ordinal number"),
    )
    municipality: str = Field(
        description="Beliggenhedskommune: where the place lies, four digits; empty where the address is protected",
        json_schema_extra=codes("municipalities"),
    )
    landsdel: str = Field(description="Statistics Denmark's landsdel", json_schema_extra=codes("landsdele"))
    location: Point | None = Field(default=None, description="null where the address is protected")
    address: str | None = Field(default=None, max_length=300, description="Public street address; null where it is protected")
    address_protected: bool = Field(default=False, description="Only landsdel and phone leave intake; never held nor matched")
    registered: bool | None = Field(default=None, description="The offer is registered in Tilbudsportalen; null: not stated")
    approved: bool | None = Field(default=None, description="The offer is approved by socialtilsyn; null: not stated")
    open_door: bool = Field(default=False, description="Come as you are: found in search, never matched")
    confirmed_at: datetime = Field(description="When the offer last said that this is true")
    expires_at: datetime = Field(description="It closes then, unless confirmed before")
    reminded_at: datetime | None = Field(
        default=None, description="When the offer was asked to confirm; null: not since it was last confirmed"
    )
    contact: Contact | None = Field(
        default=None,
        description="Whom to ring: as the place says itself, else as its offer says; only the phone where the address is protected;"
        " null: neither says",
    )
    came_in_by: Literal["http", "kafka", "sheet"] = Field(description="The way in")
