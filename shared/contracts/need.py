"""The need profile: what matching must know of a citizen's need, and nothing that says who the citizen is."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.common import Codes, Contract, EntityId, Point

TYPE = "dk.ledigplads.need-profile.published.v1"


class WantedSection(Contract):
    """One of the sections that would do: alternatives, not all at once."""

    section: str = Field(description="Law and section, e.g. SEL-107")
    basis: Literal["expected", "decided"] = Field(
        default="expected", description="Expected by the caseworker, or decided by the municipality"
    )


class ReferencePoint(Point):
    """A place that matters to the citizen, rounded to the centre of a 5 km cell before it leaves intake."""

    kind: Literal["home", "relatives", "school", "other"] = "home"


class RuledOut(Contract):
    """A place that is not to be proposed for this need."""

    vacancy_id: EntityId
    reason: str = Field(max_length=60, description="Coded reason, e.g. declined_by_offer, declined_by_citizen")
    opening: int | None = Field(default=None, ge=1, description="Only this opening of the vacancy; None: every opening")
    until: date | None = Field(default=None, description="Last day; None: until intake publishes otherwise")


class Deadline(Contract):
    """A date by which the place should be found, and where the date comes from."""

    date: date
    source: str = Field(max_length=100, description="e.g. kommunens frist efter retssikkerhedsloven § 3")


class NeedTerms(Contract):
    """What a caseworker says of a need: the part that a draft and the published profile have in common."""

    handlekommune: str = Field(description="The municipality that has the case, four digits")
    betalingskommune: str | None = Field(default=None, description="The municipality that pays; None: the handlekommune")
    team: str | None = Field(default=None, max_length=60, description="Opaque team id")
    caseworker: EntityId | None = Field(default=None, description="Opaque person id of the caseworker who is to be alerted")
    case: EntityId | None = Field(default=None, description="Pseudonym that a person's needs share")
    sections: tuple[WantedSection, ...] = Field(min_length=1, max_length=8, description="Alternatives")
    primary_target_group: str = Field(description="FFB målgruppe")
    further_target_groups: Codes = ()
    birth_year: int = Field(ge=1900, le=2100)
    services: Codes = Field(default=(), description="FFB ydelser wanted; empty: not stated")
    activities: Codes = ()
    work_tasks: Codes = ()
    gender: Literal["woman", "man"] | None = Field(
        default=None, description="Only where a place may have a gender rule; None: not stated"
    )
    points_of_reference: tuple[ReferencePoint, ...] = Field(default=(), max_length=3)
    max_distance_km: int | None = Field(
        default=None, ge=1, le=500, description="Hard limit from the nearest point; None: no limit stated"
    )
    start_from: date | None = Field(default=None, description="Earliest start; None: at once")
    start_by: date | None = Field(default=None, description="A later start costs points; None: not stated")
    urgency: Literal["normal", "soon", "acute"] = "normal"
    waiting_since: date | None = None
    deadline: Deadline | None = None
    price_ceiling_dkk_per_month: int | None = Field(default=None, ge=0, le=2_000_000, description="Net of VAT")


class NeedProfile(NeedTerms):
    """The whole current state of one need, by pseudonym."""

    need_id: EntityId
    version: int = Field(ge=1)
    status: Literal["open", "closed"]
    closed_reason: str | None = Field(default=None, max_length=60)
    turns_18: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$", description="Month, where within two years")
    reaches_pension_age: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$", description="Month, where within two years")
    ruled_out: tuple[RuledOut, ...] = ()
