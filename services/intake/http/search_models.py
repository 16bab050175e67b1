"""What the search answers, for its description; a test holds the answers against it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.vacancy import Contact


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LabelledCode(_Answer):
    """A code with its label in the language that was asked for."""

    code: str
    label: str


class CountedCode(LabelledCode):
    """How many hits have a code."""

    count: int = Field(ge=1)


class WhyPart(_Answer):
    """One part of a hit's points."""

    part: Literal["words", "freshness", "distance", "free"]
    points: int = Field(ge=0)
    max: int = Field(ge=0, description="The most that this part can give")
    text: str = Field(description="Why it is so many")


class Availability(_Answer):
    """Whether a place is free."""

    state: Literal["free", "coming", "none", "unknown", "open_door"]
    places_free: int | None = Field(description="Null: not counted, or not known")
    available_from: date | None = Field(description="Null: at once, or nothing free")
    confirmed_at: datetime | None = Field(description="When somebody last said so; null: not known")
    text: str


class SearchHit(_Answer):
    """An open vacancy, or an offer that has none."""

    offer_id: str
    vacancy_id: str | None = Field(description="Null: the offer itself, without an open vacancy")
    name: str = Field(description="Of the offer")
    title: str | None = Field(description="Of the vacancy")
    sections: list[LabelledCode]
    kinds: list[LabelledCode]
    kommune: LabelledCode | None = Field(description="Null where the address is protected")
    landsdel: str | None
    address: str | None = Field(description="Null where it is protected, or not stated")
    address_protected: bool
    contact: Contact | None = Field(description="Of a protected place the phone only")
    availability: Availability
    age_from: int | None
    age_to: int | None
    target_groups: list[LabelledCode]
    activities: list[LabelledCode]
    work_tasks: list[LabelledCode]
    access: list[LabelledCode]
    languages: list[str]
    distance_m: int | None = Field(
        description="As the crow flies; null where the address is protected, or nothing is to be near to"
    )
    points: int = Field(ge=0, description="The sum of `why`; the most points stand first")
    why: list[WhyPart]
    changed_since: bool = Field(
        description="On a later page: it was changed after the first page was made, and is shown as it was"
    )


class Facets(_Answer):
    """How many of all hits have which code."""

    section: list[CountedCode]
    kind: list[CountedCode]
    kommune: list[CountedCode]
    landsdel: list[CountedCode]
    target_group: list[CountedCode]
    activity: list[CountedCode]
    work_task: list[CountedCode]
    access: list[CountedCode]


class Interpreted(_Answer):
    """Something that was taken for more, or for something else, than the words that stood there."""

    words: str
    text: str
    codes: list[str]


class SearchPage(_Answer):
    """A page of results."""

    total: int = Field(ge=0, description="Hits in all")
    hits: list[SearchHit]
    facets: Facets | None = Field(description="Over all hits; null on later pages")
    interpreted: list[Interpreted]
    next_cursor: str | None = Field(description="Null: this is the last page")
    as_of: datetime
    ranking: date = Field(description="The date of the points: /search/ranking")


class PlacedHit(SearchHit):
    """A hit of one offer."""

    place: int = Field(ge=1, description="1 is the first of all hits")


class MissingPart(_Answer):
    """Something that keeps an offer out."""

    text: str


class StandingAnswer(_Answer):
    """Where an offer stands in a search, or what keeps it out."""

    found: bool
    text: str
    total: int
    hits: list[PlacedHit]
    missing: list[MissingPart]
    interpreted: list[Interpreted]
    as_of: datetime
    ranking: date
    explanation: str


class WordPointsDocument(_Answer):
    """The points for words."""

    points: int
    quarters: dict[str, int]


class RankingDocument(_Answer):
    """Every number that decides the order; steps are pairs of (up to and with, points)."""

    valid_from: date
    text: str
    at_most: dict[str, int]
    words: WordPointsDocument
    freshness: list[tuple[int, int]] = Field(description="Whole days since confirmed")
    distance_km: list[tuple[int, int]]
    same_landsdel: int
    free_now: int
    free_within_days: list[tuple[int, int]]
