"""The need profile: what matching must know of a citizen's need, and nothing that says who the citizen is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.common import Codes, Contract, EntityId, Levels, Month, Point, codes, unit

TYPE = "dk.ledigplads.need-profile.published.v1"


class WantedSection(Contract):
    """One of the sections that would do: alternatives, not all at once."""

    section: str = Field(description="Law and section, e.g. SEL-107", json_schema_extra=codes("sections"))
    basis: Literal["expected", "decided"] = Field(
        default="expected", description="Expected by the caseworker, or decided by the municipality"
    )


class ReferencePoint(Point):
    """A place that matters to the citizen, rounded to the centre of a 5 km cell before it leaves intake."""

    kind: Literal["home", "relatives", "school", "other"] = Field(
        default="home", description="Whose place it is in the citizen's life"
    )


class HalfDay(Contract):
    """One half of a weekday."""

    weekday: int = Field(ge=1, le=7, description="ISO weekday, Monday 1", json_schema_extra=unit("ISO weekday"))
    half: Literal["morning", "afternoon"] = Field(description="Before or after noon")


class RuledOut(Contract):
    """A place that is not to be proposed for this need."""

    vacancy_id: EntityId = Field(description="The place that is ruled out")
    reason: str = Field(max_length=60, description="Coded reason, e.g. declined_by_offer, declined_by_citizen")
    opening: int | None = Field(
        default=None,
        ge=1,
        description="Only this opening of the vacancy; null: every opening",
        json_schema_extra=unit("ordinal number"),
    )
    until: date | None = Field(default=None, description="Last day; null: until intake publishes otherwise")


class Deadline(Contract):
    """A date by which the place should be found, and where the date comes from."""

    date: Annotated[date, Field(description="The day")]
    source: str = Field(max_length=100, description="Where it is set, e.g. kommunens frist efter retssikkerhedsloven § 3")


class NeedTerms(Contract):
    """What a caseworker says of a need: the part that a draft and the published profile have in common."""

    handlekommune: str = Field(
        description="The municipality that has the case, four digits", json_schema_extra=codes("municipalities")
    )
    betalingskommune: str | None = Field(
        default=None, description="The municipality that pays; null: the handlekommune", json_schema_extra=codes("municipalities")
    )
    team: str | None = Field(default=None, max_length=60, description="Opaque team id")
    caseworker: EntityId | None = Field(default=None, description="Opaque person id of the caseworker who is to be alerted")
    case: EntityId | None = Field(default=None, description="Pseudonym that a person's needs share")
    sections: tuple[WantedSection, ...] = Field(min_length=1, max_length=8, description="Alternatives")
    primary_target_group: str = Field(description="FFB målgruppe", json_schema_extra=codes("target-groups"))
    further_target_groups: Codes = Field(
        default=(), description="Further FFB målgrupper; empty: none stated", json_schema_extra=codes("target-groups")
    )
    birth_year: int = Field(
        ge=1900,
        le=2100,
        description="Year of birth; the date never leaves the case system",
        json_schema_extra=unit("calendar year"),
    )
    turns_18: Month | None = Field(
        default=None, description="Month of the 18th birthday, where within two years; null: not stated"
    )
    turns_36: Month | None = Field(
        default=None, description="Month of the 36th birthday, where within two years; null: not stated"
    )
    reaches_pension_age: Month | None = Field(
        default=None, description="Month of folkepensionsalder, where within two years; null: not stated"
    )
    levels: Levels = Field(
        default_factory=dict,
        description="Functional level per levelled FFB subtheme, 0-4; absent: ikke vurderet (not assessed), which is not 0",
        json_schema_extra=unit("level 0-4") | codes("themes"),
    )
    services: Codes = Field(default=(), description="FFB ydelser wanted; empty: not stated", json_schema_extra=codes("services"))
    activities: Codes = Field(
        default=(),
        description="Activities wished for, codes of the list `activities`; empty: not stated",
        json_schema_extra=codes("activities"),
    )
    work_tasks: Codes = Field(
        default=(),
        description="Work tasks wished for, codes of the list `work_tasks`; empty: not stated",
        json_schema_extra=codes("work-tasks"),
    )
    half_days: tuple[HalfDay, ...] = Field(
        default=(), max_length=14, description="Half-days that would do for a day offer; empty: any, or not stated"
    )
    half_days_a_week: int | None = Field(
        default=None,
        ge=1,
        le=14,
        description="How many half-days a week; null: not stated",
        json_schema_extra=unit("half-days/week"),
    )
    transport: str | None = Field(
        default=None,
        description="own, public, or arranged (somebody must bring the citizen, SEL § 105); null: not stated",
        json_schema_extra=codes("transport"),
    )
    partner_comes_along: bool | None = Field(default=None, description="A partner is to live there too; null: not stated")
    children_come_along: int | None = Field(
        default=None,
        ge=0,
        le=12,
        description="How many children come along; null: not stated",
        json_schema_extra=unit("children"),
    )
    pets_come_along: bool | None = Field(default=None, description="A pet is to come along; null: not stated")
    access_needs: Codes = Field(
        default=(),
        description="What the building must have, names of Accessibility; empty: none stated",
        json_schema_extra=codes("accessibility"),
    )
    equipment_needs: Codes = Field(
        default=(),
        description="Equipment that must be there, codes of `equipment`; empty: none stated",
        json_schema_extra=codes("equipment"),
    )
    languages: Codes = Field(
        default=(),
        description="Languages that the citizen can use, ISO 639 codes; empty: not stated",
        json_schema_extra=codes("languages"),
    )
    gender: Literal["woman", "man"] | None = Field(
        default=None, description="Only where a place may have a gender rule; null: not stated"
    )
    points_of_reference: tuple[ReferencePoint, ...] = Field(
        default=(), max_length=3, description="Home, relatives, school: from where distance is counted; empty: not stated"
    )
    max_distance_km: int | None = Field(
        default=None,
        ge=1,
        le=500,
        description="Hard limit from the nearest point; null: no limit stated",
        json_schema_extra=unit("km"),
    )
    start_from: date | None = Field(default=None, description="Earliest start; null: at once")
    start_by: date | None = Field(default=None, description="A later start costs points; null: not stated")
    urgency: Literal["normal", "soon", "acute"] = Field(default="normal", description="How soon a place is needed")
    waiting_since: date | None = Field(default=None, description="Since when the citizen has waited; null: not stated")
    deadline: Deadline | None = Field(default=None, description="A date by which it should be solved; null: none stated")
    price_ceiling_dkk_per_month: int | None = Field(
        default=None,
        ge=0,
        le=2_000_000,
        description="Hard limit, DKK per month net of VAT; null: no limit stated",
        json_schema_extra=unit("DKK/month"),
    )
    reference_price_dkk_per_month: int | None = Field(
        default=None,
        ge=0,
        le=2_000_000,
        description="Free choice (§ 108): negotiated price of the reference place, DKK per month net of VAT; null: not stated",
        json_schema_extra=unit("DKK/month"),
    )


class Consent(Contract):
    """On what ground the citizen's data are shared with offers. It stays in intake."""

    basis: Literal["consent", "law"] = Field(description="The citizen's consent, or a law that asks for none")
    given_on: date | None = Field(default=None, description="Day of the consent; null: not stated, or no consent needed")


class StatedNeed(NeedTerms):
    """What a caseworker has told intake: beside the terms, what never leaves it."""

    consent: Consent | None = Field(default=None, description="On what ground data are shared; null: not stated")
    note_da: str | None = Field(default=None, max_length=4000, description="Free text of the caseworker; never published")


class NeedProfile(NeedTerms):
    """The whole current state of one need, by pseudonym."""

    need_id: EntityId = Field(description="Pseudonym of the need")
    version: int = Field(ge=1, description="Rises by one with each published change", json_schema_extra=unit("version number"))
    status: Literal["open", "closed"] = Field(description="Whether a place is still looked for")
    closed_reason: str | None = Field(default=None, max_length=60, description="Coded reason; null while open")
    ruled_out: tuple[RuledOut, ...] = Field(
        default=(), description="Places that are not to be proposed, with reason and until when; empty: none"
    )
