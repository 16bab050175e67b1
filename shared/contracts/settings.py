"""What matching decides under: the dated policy and the day, on the topic `settings`."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.common import Codes, Contract, codes, unit

POLICY_TYPE = "dk.ledigplads.policy.published.v1"
TODAY_TYPE = "dk.ledigplads.today.published.v1"
POLICY_KEY = "policy"
TODAY_KEY = "today"

RuleCode = Literal[
    "status", "not_matched", "section", "age", "pension_age", "target_group", "gender", "capacity", "dates", "distance", "ruled_out", "price",
]  # fmt: skip
PartCode = Literal["services", "target_group", "travel", "start"]


class Rule(Contract):
    """A hard rule: it decides eligibility. Dated, with its source; off until `in_force_from`, where that is set."""

    code: RuleCode = Field(description="Name of the rule")
    text_da: str = Field(description="What the rule says, in Danish")
    text_en: str = Field(description="What the rule says, in English")
    source: str = Field(description="Law or professional source")
    in_force_from: date | None = Field(default=None, description="Day from which the rule holds; null: since the policy does")


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


class PensionAge(Contract):
    """Folkepensionsalder by year of birth, in whole months of age."""

    born_from_year: int = Field(description="First year of birth that it holds for", json_schema_extra=unit("calendar year"))
    months: int = Field(
        ge=0, le=1200, description="Age in whole months from which folkepension is paid", json_schema_extra=unit("months")
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

    def hash(self) -> str:
        """SHA-256 of the canonical JSON, 16 hex digits: what a match record names."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Today(Contract):
    """The day, in Danish time: matching has no clock."""

    day: date = Field(description="The day in Denmark")
