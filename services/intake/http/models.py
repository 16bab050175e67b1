"""What callers are answered with, as models: the OpenAPI document is made of them, and the tests hold the answers against them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.common import EntityId
from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.receipt import Reason
from shared.contracts.vacancy import Vacancy

_Tag = Annotated[str, Field(description='The ETag of the version that stands now, such as "1.3"')]
_Version = Annotated[int, Field(ge=1, description="Rises by one with each change")]
_Done = Annotated[
    Literal["accepted", "unchanged"], Field(description="accepted: there is a new version; unchanged: nothing new was said")
]
_Next = Annotated[str | None, Field(description="`after` of the next page; null: this was the last")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfferAnswer(_Answer):
    """What became of an offer."""

    outcome: _Done
    version: _Version
    etag: _Tag
    offer_id: EntityId


class VacancyAnswer(_Answer):
    """What became of a vacancy."""

    outcome: _Done
    version: _Version
    etag: _Tag
    vacancy_id: EntityId
    opening: int | None = Field(default=None, ge=1, description="Rises when the place opens again; absent of an erased one")
    status: Literal["open", "closed", "erased"]
    expires_at: datetime | None = Field(default=None, description="Closes then unless it is confirmed; absent of an erased one")


class NeedAnswer(_Answer):
    """What became of a need."""

    outcome: _Done
    version: _Version
    etag: _Tag
    need_id: EntityId
    status: Literal["open", "closed", "erased"]
    unknown: list[str] | None = Field(default=None, description="Fields that were not stated: no place is left out for them")


class _Row(BaseModel):
    index: int = Field(ge=0, description="Which row, counted from 0")
    correlation_id: str = Field(description="Follows the row to the alert")


class VacancyRow(VacancyAnswer, _Row):
    """A row that was taken."""


class NeedRow(NeedAnswer, _Row):
    """A row that was taken."""


class RejectedRow(_Row):
    """A row that was refused; the others are not affected."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["rejected"]
    errors: list[Reason]


class VacancyRows(_Answer):
    """The answer to each row, in their order."""

    results: list[VacancyRow | RejectedRow]


class NeedRows(_Answer):
    """The answer to each row, in their order."""

    results: list[NeedRow | RejectedRow]


class Offers(_Answer):
    """A page of offers as published, by id."""

    offers: list[Offer]
    next: _Next


class Vacancies(_Answer):
    """A page of vacancies as published, the newest first."""

    vacancies: list[Vacancy]
    next: _Next


class Needs(_Answer):
    """A page of needs as published, by pseudonym, the newest first."""

    needs: list[NeedProfile]
    next: _Next


class NeedReferenceRow(_Answer):
    """What stands under one reference of a case system."""

    source_reference: EntityId
    need_id: EntityId
    version: _Version
    etag: _Tag
    status: Literal["open", "closed"]


class NeedReferences(_Answer):
    """A page of a municipality's references, by name."""

    references: list[NeedReferenceRow]
    next: _Next
