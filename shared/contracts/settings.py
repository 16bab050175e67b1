"""What matching decides under: the dated policy and the day, on the topic `settings`."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.common import Codes, Contract, codes, unit
from shared.contracts.water import Water

POLICY_TYPE = "dk.ledigplads.policy.published.v1"
TODAY_TYPE = "dk.ledigplads.today.published.v1"
POLICY_KEY = "policy"
TODAY_KEY = "today"

RuleCode = Literal[
    "status", "not_matched", "section", "age", "section_age", "pension_age", "target_group", "cannot_take", "gender", "capacity", "half_days",
    "dates", "distance", "ruled_out", "price", "reserved", "registered", "approved", "access", "equipment", "company",
]  # fmt: skip
PartCode = Literal["services", "target_group", "levels", "activities", "travel", "start", "languages", "opening_hours"]


class Rule(Contract):
    """A hard rule: it decides eligibility. Dated, with its source; off until `in_force_from`, where that is set."""

    code: RuleCode = Field(description="Name of the rule")
    text_da: str = Field(description="What the rule says, in Danish")
    text_en: str = Field(description="What the rule says, in English")
    source: str = Field(description="Law or professional source")
    in_force_from: date | None = Field(default=None, description="Day from which the rule holds; null: since the policy does")
    unit: str | None = Field(default=None, description="What the rule compares, e.g. km or years; null: yes or no, or not stated")
    direction: str | None = Field(default=None, description="What passes and what fails, in English; null: not stated")
    direction_da: str | None = Field(default=None, description="The same in Danish; null: not stated")


class Part(Contract):
    """A part of the fit: integer points from 0 to `max_points`."""

    code: PartCode = Field(description="Name of the part; the key of its points in a match")
    max_points: int = Field(ge=0, le=100, description="Most points that this part can give", json_schema_extra=unit("points"))
    points_when_unknown: int = Field(
        ge=0, le=100, description="Given, and shown as unknown, where information is missing", json_schema_extra=unit("points")
    )
    text_da: str = Field(description="What the part is, in Danish")
    text_en: str = Field(description="What the part is, in English")
    direction: str = Field(description="What gives more points, in plain words")
    source: str = Field(description="Law or professional source, or that it is an assumption")
    direction_da: str | None = Field(default=None, description="What gives more points, in plain Danish; null: not stated")


class Statement(Contract):
    """What a number or a list of the policy means and where it comes from; the rules and the parts say it of themselves."""

    field: str = Field(description="Name of the policy's field that is spoken of, e.g. threshold")
    text_da: str = Field(description="What it is, in Danish")
    text_en: str = Field(description="What it is, in English")
    unit: str = Field(description="What it counts or measures, as the contract has it; codes for a list of codes")
    direction: str = Field(description="What a higher number, or a longer list, does; in English")
    direction_da: str = Field(description="The same in Danish")
    source: str = Field(description="Law or professional source, or that it is an assumption")


class PensionAge(Contract):
    """Folkepensionsalder by year of birth, in whole months of age."""

    born_from_year: int = Field(description="First year of birth that it holds for", json_schema_extra=unit("calendar year"))
    months: int = Field(
        ge=0, le=1200, description="Age in whole months from which folkepension is paid", json_schema_extra=unit("months")
    )


class SectionAge(Contract):
    """For whom a section is, by age, as the law or the register says."""

    section: str = Field(description="Law and section", json_schema_extra=codes("sections"))
    from_age: int = Field(default=0, ge=0, le=120, description="Youngest age in whole years", json_schema_extra=unit("years"))
    to_age: int = Field(default=120, ge=0, le=120, description="Oldest age in whole years", json_schema_extra=unit("years"))


class PriorityTerms(Contract):
    """What a person's place in the queue for one scarce place is made of: points for urgency, waiting and a deadline, 100 at most.

    It orders people and never changes the fit, so a worker scores nothing anew for it.
    """

    soon_points: int = Field(default=20, ge=0, le=100, description="Urgency `soon`", json_schema_extra=unit("points"))
    acute_points: int = Field(default=50, ge=0, le=100, description="Urgency `acute`", json_schema_extra=unit("points"))
    waiting_max_points: int = Field(
        default=30, ge=0, le=100, description="Most points for having waited", json_schema_extra=unit("points")
    )
    waiting_full_days: int = Field(
        default=365, ge=1, le=3650, description="Waited so long: all of them; evenly fewer below", json_schema_extra=unit("days")
    )
    deadline_max_points: int = Field(
        default=20, ge=0, le=100, description="On the day of the deadline, and after it", json_schema_extra=unit("points")
    )
    deadline_from_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="So long before the deadline: none; evenly more after",
        json_schema_extra=unit("days"),
    )


class Policy(Contract):
    """One dated policy: rules, parts (their maxima add up to 100), thresholds. Numbers of the domain live here, not in code."""

    version: str = Field(description="Date and number, e.g. 2026-11-01.1; a worker leaves a policy only for a newer one")
    valid_from: date = Field(description="First day the policy holds")
    best_k: int = Field(default=10, ge=1, le=10, description="Places kept per need", json_schema_extra=unit("places"))
    threshold: int = Field(
        ge=0, le=100, description="A place with fewer points is not proposed", json_schema_extra=unit("points")
    )
    rules: tuple[Rule, ...] = Field(description="Hard rules: who fails one is not proposed")
    parts: tuple[Part, ...] = Field(description="Parts of the fit; their maxima add up to 100 points")
    travel_full_points_km: int = Field(
        ge=0, le=500, description="At or nearer than this: all travel points", json_schema_extra=unit("km")
    )
    travel_no_points_km: int = Field(ge=1, le=500, description="At or farther than this: none", json_schema_extra=unit("km"))
    start_no_points_days: int = Field(
        ge=1, le=730, description="So many days after the wanted start: no start points", json_schema_extra=unit("days")
    )
    further_target_group_percent: int = Field(
        ge=0, le=100, description="Share of the points where only a further målgruppe is met", json_schema_extra=unit("%")
    )
    pension_ages: tuple[PensionAge, ...] = Field(description="Ascending by year of birth")
    pension_age_sections: Codes = Field(
        default=(), description="Sections that are only for people under folkepensionsalder", json_schema_extra=codes("sections")
    )
    never_matched_sections: Codes = Field(
        default=(), description="A place under one of these is found, never proposed", json_schema_extra=codes("sections")
    )
    section_ages: tuple[SectionAge, ...] = Field(default=(), description="Sections that are for an age; others are for everybody")
    day_sections: Codes = Field(
        default=(), description="Sections of day offers, where half-days are asked for", json_schema_extra=codes("sections")
    )
    registered_sections: Codes = Field(
        default=(), description="Sections whose offers must be in Tilbudsportalen", json_schema_extra=codes("sections")
    )
    approved_sections: Codes = Field(
        default=(), description="Sections whose offers socialtilsynet must have approved", json_schema_extra=codes("sections")
    )
    free_choice_sections: Codes = Field(
        default=(),
        description="Sections under which the citizen may choose the place freely",
        json_schema_extra=codes("sections"),
    )
    free_choice_percent: int = Field(
        default=0,
        ge=0,
        le=100,
        description="So much dearer than the reference place a place of free choice may be",
        json_schema_extra=unit("%"),
    )
    opening_days_a_year: int | None = Field(
        default=None,
        ge=1,
        le=366,
        description="Opening days of a place that is open five days a week; null: a price per opening day says nothing of a month",
        json_schema_extra=unit("days/year"),
    )
    half_day_minutes: int = Field(
        default=120,
        ge=1,
        le=720,
        description="So long a place must be open before, or after, noon for that to be a half-day",
        json_schema_extra=unit("minutes"),
    )
    assumed_languages: Codes = Field(
        default=(), description="Languages that every place is taken to speak", json_schema_extra=codes("languages")
    )
    water: Water | None = Field(
        default=None, description="What water adds to the straight line between two points; null: distances are straight lines"
    )
    priority: PriorityTerms = Field(
        default=PriorityTerms(), description="The order of people for one scarce place; it never changes the fit"
    )
    statements: tuple[Statement, ...] = Field(
        default=(),
        description="What each number and list above means, and its source; empty: a policy from before they were asked for",
    )

    def hash(self) -> str:
        """SHA-256 of the canonical JSON, 16 hex digits: what a match record names.

        What a policy leaves out is left out here too: a field that the contract gains later gives no old policy another name.
        """
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]


class Today(Contract):
    """The day, in Danish time: matching has no clock."""

    day: date = Field(description="The day in Denmark")
