"""What intake holds of an offer, a vacancy and a need: what was stated, and what is published of it.

Two things are kept apart on purpose. `terms` is what somebody told us and may hold what must not leave intake (a protected
address, a citizen's exact point). The published model is what everybody may read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from shared.contracts.vacancy import StatedVacancy

if TYPE_CHECKING:
    from datetime import datetime

    from shared.contracts.need import NeedProfile, StatedNeed
    from shared.contracts.offer import Offer, OfferTerms
    from shared.contracts.vacancy import Vacancy


@dataclass(frozen=True, slots=True)
class OfferState:
    """An offer: `offer` as published, `terms` as stated."""

    offer: Offer
    terms: OfferTerms

    @property
    def entity_id(self) -> str:
        return self.offer.offer_id

    @property
    def version(self) -> int:
        return self.offer.version


@dataclass(frozen=True, slots=True)
class VacancyState:
    """A vacancy: `vacancy` as published, `stated` as the JSON of its terms, and the sender's own name for it.

    Attributes:
        remind_at: when the offer is to be asked to confirm it; None: it has been asked, or the vacancy is closed.
    """

    vacancy: Vacancy
    stated: bytes
    sender: str
    reference: str | None
    remind_at: datetime | None = None

    @property
    def terms(self) -> StatedVacancy:
        """What was stated; read when asked for, since most changes only pass it on."""
        return StatedVacancy.model_validate_json(self.stated)

    @property
    def entity_id(self) -> str:
        return self.vacancy.vacancy_id

    @property
    def version(self) -> int:
        return self.vacancy.version


@dataclass(frozen=True, slots=True)
class NeedState:
    """A need: `need` as published, by pseudonym; `terms` as stated, with exact points, consent and note; and its own reference."""

    need: NeedProfile
    terms: StatedNeed
    source_reference: str | None

    @property
    def entity_id(self) -> str:
        return self.need.need_id

    @property
    def version(self) -> int:
        return self.need.version


@dataclass(frozen=True, slots=True)
class ErasedVacancy:
    """A vacancy of which only id and version are left, and a tombstone on the log. Its id is never used again."""

    entity_id: str
    version: int
    offer_id: str


@dataclass(frozen=True, slots=True)
class ErasedNeed:
    """A need of which only id and version are left, and a tombstone on the log."""

    entity_id: str
    version: int


State: TypeAlias = OfferState | VacancyState | NeedState | ErasedVacancy | ErasedNeed
