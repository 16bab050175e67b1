"""What somebody wants done. A command says nothing about the way it came in; every way in makes the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.domain.outcomes import Rejected
    from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
    from shared.contracts.need import RuledOut
    from shared.contracts.offer import Truth
    from shared.contracts.vacancy import StatedVacancy

WayIn = Literal["http", "kafka", "sheet"]


@dataclass(frozen=True, slots=True)
class Named:
    """A vacancy or a need by its id, or by the name that its sender gave it: (sender, reference), (kommune, source reference)."""

    entity_id: str | None = None
    name: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PutOffer:
    """Register an offer, or change it as a whole."""

    offer_id: str
    draft: OfferDraft


@dataclass(frozen=True, slots=True)
class CountTruth:
    """Publish how true an offer's postings were, as just counted; None: too few observations count."""

    offer_id: str
    truth: Truth | None


@dataclass(frozen=True, slots=True)
class PostVacancy:
    """Announce a vacancy; one that the sender has announced under the same reference is changed instead."""

    draft: VacancyDraft
    sender: str
    new_id: str
    came_in_by: WayIn


@dataclass(frozen=True, slots=True)
class ReplaceVacancy:
    """State an existing vacancy anew, as a whole."""

    vacancy_id: str
    draft: VacancyDraft
    came_in_by: WayIn


@dataclass(frozen=True, slots=True)
class PatchVacancy:
    """Change some of what is stated of an open vacancy. `merge` puts the changes into what was stated before."""

    vacancy_id: str
    merge: Callable[[str, StatedVacancy], VacancyDraft | Rejected]
    came_in_by: WayIn


@dataclass(frozen=True, slots=True)
class CloseVacancy:
    """Withdraw a vacancy, or say that it is filled."""

    which: Named
    reason: Literal["withdrawn", "filled"]


@dataclass(frozen=True, slots=True)
class ConfirmVacancy:
    """Say that what is stated of an open vacancy is still true."""

    which: Named


@dataclass(frozen=True, slots=True)
class RemindVacancy:
    """Ask the offer to confirm a vacancy before it expires."""

    vacancy_id: str


@dataclass(frozen=True, slots=True)
class ExpireVacancy:
    """Close a vacancy that nobody has confirmed in time."""

    vacancy_id: str


@dataclass(frozen=True, slots=True)
class EraseVacancy:
    """Leave only a tombstone of a vacancy that has been closed for long."""

    vacancy_id: str


@dataclass(frozen=True, slots=True)
class PostNeed:
    """Register a need; one with the same reference in the same municipality is changed instead.

    `keeps`: fields that this way in cannot speak of; of a need that exists they stay as they were stated.
    """

    draft: NeedDraft
    new_id: str
    keeps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReplaceNeed:
    """State an existing need anew, as a whole but for what this way in cannot speak of (`keeps`)."""

    need_id: str
    draft: NeedDraft
    keeps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CloseNeed:
    """Say that a need is met or given up."""

    which: Named
    reason: str


@dataclass(frozen=True, slots=True)
class RuleOut:
    """Never propose a place for this need again, or not this opening of it, or not until a day."""

    need_id: str
    place: RuledOut


@dataclass(frozen=True, slots=True)
class EraseNeed:
    """Forget a need: only its id and a tombstone remain."""

    need_id: str


VacancyChange: TypeAlias = (
    ReplaceVacancy | PatchVacancy | CloseVacancy | ConfirmVacancy | RemindVacancy | ExpireVacancy | EraseVacancy
)
"""Commands about a vacancy that exists."""

NeedChange: TypeAlias = ReplaceNeed | CloseNeed | RuleOut | EraseNeed
"""Commands about a need that exists."""

Command: TypeAlias = PutOffer | CountTruth | PostVacancy | PostNeed | VacancyChange | NeedChange
