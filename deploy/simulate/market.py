"""The market's assumptions as typed values: read from `market.yaml`, each figure with its basis."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deploy.simulate import labels
from shared.contracts import reference

Basis = Literal["register-2025", "assumption"]
TargetGroup = Annotated[str, AfterValidator(labels.target_group)]
Service = Annotated[str, AfterValidator(labels.service)]
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
    offer_is_private: int
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


class Market(_Part):
    """All that is assumed."""

    people: People
    sections: dict[Section, SectionMarket]
    open_doors: OpenDoors
    profiles: tuple[Profile, ...]
    second_names: Words
    streets: Words
    habits: Habits


@cache
def market() -> Market:
    """Read the assumptions that come with the project."""
    return Market.model_validate(yaml.safe_load(Path(__file__).with_name("market.yaml").read_text(encoding="utf-8")))
