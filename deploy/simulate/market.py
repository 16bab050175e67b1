"""The market's assumptions as typed values: read from `market.yaml`, each figure with its basis."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deploy.simulate import labels
from shared.contracts import reference
from shared.contracts.common import ACCESSIBILITY, EQUIPMENT, NIGHT_STAFF, OWNERSHIP, TRANSPORT, one_of

Basis = Literal["register-2025", "assumption"]
TargetGroup = Annotated[str, AfterValidator(labels.target_group)]
Service = Annotated[str, AfterValidator(labels.service)]
Theme = Annotated[str, AfterValidator(labels.theme)]
Equipment = Annotated[str, AfterValidator(one_of(EQUIPMENT))]
Accessible = Annotated[str, AfterValidator(one_of(ACCESSIBILITY))]
Ownership = Annotated[str, AfterValidator(one_of(OWNERSHIP))]
NightStaff = Annotated[str, AfterValidator(one_of(NIGHT_STAFF))]
Transport = Annotated[str, AfterValidator(one_of(TRANSPORT))]
Section = Annotated[str, AfterValidator(reference.section_known)]
OfferKind = Annotated[str, AfterValidator(reference.offer_type_known)]
AgeRange = tuple[int, int | None]
"""Youngest and oldest age in whole years; None: no limit."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weight(_Part):
    """How often, beside the others of its kind."""

    weight: int = Field(ge=0)
    basis: Basis


class Quantiles(_Part):
    """A quantity by its p10, p50 and p90."""

    p10: int = Field(ge=1)
    p50: int = Field(ge=1)
    p90: int = Field(ge=1)
    basis: Basis


class Price(Quantiles):
    """DKK per unit for one whole place, net of VAT."""

    unit: Literal["calendar_day", "opening_day"]


class AlsoUnder(_Part):
    """The same physical places, offered under a second section."""

    section: Section
    percent: int = Field(ge=0, le=100)


class Supplement(_Part):
    """What comes on top of the price: DKK per unit, from low to high, for so many of a hundred places."""

    label_da: str
    dkk: tuple[int, int]
    unit: Literal["calendar_day", "opening_day", "month", "hour"]
    percent: int = Field(ge=0, le=100)


class CannotTake(_Part):
    """A target group that such a place does not take, for so many of a hundred places."""

    group: TargetGroup
    strength: Literal["absolute", "ask_first"]
    percent: int = Field(ge=0, le=100)


class Building(_Part):
    """What a house can do and who may come along: of a hundred places, so many say yes, and so many say no; the rest says nothing."""

    accessibility: dict[Accessible, tuple[int, int]]
    room_for_two: tuple[int, int] = (0, 0)
    room_for_children: tuple[int, int] = (0, 0)
    pets: tuple[int, int] = (0, 0)


class _Words(_Part):
    """What such a place is called, does and says of itself."""

    kinds: tuple[OfferKind, ...] = ()
    services: tuple[Service, ...]
    further_services: tuple[Service, ...] = ()
    activities: tuple[str, ...] = ()
    work_tasks: tuple[str, ...] = ()
    names: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    opening_hours: tuple[tuple[str, str], ...] = ()
    """When such a place is open, Monday to Friday: one of these."""
    owners: tuple[tuple[Ownership, int], ...]


class SectionMarket(_Words):
    """Places and needs of one section."""

    vacancies: Weight
    needs: Weight
    places_total: Quantiles
    price: Price
    also_under: AlsoUnder | None = None
    age_ranges: tuple[AgeRange, ...]
    need_ages: tuple[int, int]
    day_offer: bool
    protected: bool = False
    gender_rules: tuple[str, ...] = ()
    access: tuple[tuple[str, ...], ...]
    building: Building
    night_staff: tuple[tuple[NightStaff, int], ...] = ()
    supplements: tuple[Supplement, ...] = ()
    cannot_take: tuple[CannotTake, ...] = ()


class OpenDoors(_Words):
    """Places without a section: come as you are."""

    vacancies: Weight


class Profile(_Part):
    """A group of citizens that the same places are for."""

    id: str
    primary: dict[TargetGroup, int]
    further: tuple[TargetGroup, ...]
    ages: tuple[int, int]
    sections: dict[Section, int]
    levels: dict[Theme, int]
    """What typically is reduced, and how much, 0 to 4."""
    equipment: tuple[Equipment, ...] = ()
    access_needs: tuple[Accessible, ...] = ()
    languages: tuple[str, ...] = ()


class Spread(_Part):
    """Standard deviation of a place from its kommune's centroid, metres."""

    basis: Basis
    other: int
    by_landsdel: dict[str, int]


class People(_Part):
    """Where people are: thousands of inhabitants by kommune."""

    basis: Basis
    other_municipalities: int
    by_municipality: dict[Annotated[str, AfterValidator(reference.municipality_known)], int]
    spread_m: Spread


class Words(_Part):
    """Words that names and addresses are made of."""

    basis: Basis
    words: tuple[str, ...]


class Habits(_Part):
    """How often what is said at all; percent, or (value, weight)."""

    basis: Basis
    days_one_to_two_percent_of_full: int
    days_three_percent_of_full: int
    opening_days_a_month: int
    price_not_stated: int
    target_groups_not_stated: int
    free_now: int
    places_free: tuple[tuple[int, int], ...]
    need_has_alternative: int
    need_decided: int
    need_services_not_stated: int
    need_without_distance_limit: int
    need_distances_km: tuple[tuple[int, int], ...]
    need_urgency: tuple[tuple[Literal["normal", "soon", "acute"], int], ...]
    need_with_price_ceiling: int
    vacancy_on_a_site_of_its_own: int
    vacancy_reserved_for_municipalities: int
    vacancy_reserved_for_residents: int
    vacancy_sheltered: int
    vacancy_flexible: int
    vacancy_levels_not_stated: int
    vacancy_exclusions_not_stated: int
    offer_approved_places_not_stated: int
    languages: tuple[tuple[str, int], ...]
    need_paid_by_another_municipality: int
    need_levels_not_assessed: int
    need_half_days_stated: int
    need_transport: tuple[tuple[Transport | None, int], ...]
    need_brings_partner: int
    need_brings_children: int
    need_brings_pets: int
    need_access_needs_stated: int
    need_equipment_needs_stated: int
    need_with_deadline: int
    need_with_reference_price: int
    need_consent: tuple[tuple[Literal["consent", "law"] | None, int], ...]
    need_with_note: int


class Market(_Part):
    """All that is assumed."""

    people: People
    sections: dict[Section, SectionMarket]
    open_doors: OpenDoors
    profiles: tuple[Profile, ...]
    second_names: Words
    streets: Words
    deadline_sources: Words
    notes: Words
    approval_authorities: dict[str, str]
    """By the code of the region."""
    pension_ages: dict[int, int]
    """Whole years of age at folkepensionsalder, from a year of birth on."""
    habits: Habits


@cache
def market() -> Market:
    """Read the assumptions that come with the project."""
    return Market.model_validate(yaml.safe_load(Path(__file__).with_name("market.yaml").read_text(encoding="utf-8")))
