"""A submission as it came, and the receipt that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

from services.intake.domain.cpr import holds_cpr_number
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from shared.contracts.receipt import Receipt

if TYPE_CHECKING:
    from services.intake.domain.states import State

_MOST_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Submission:
    """One record of a partner's topic.

    Attributes:
        partner: whose topic it was.
        position: topic/partition/offset.
        submission_id: ce_id; None where there is none that can be used.
        type: ce_type; None where the headers are no envelope.
        subject: ce_subject.
        reference: the record's key; None where there is none that can be repeated.
        body: None is a record without a value.
        correlation_id: follows the matter to the alert.
    """

    partner: str
    position: str
    submission_id: str | None
    type: str | None
    subject: str | None
    reference: str | None
    body: bytes | None
    correlation_id: str

    @property
    def identity(self) -> str:
        """Under what it is answered once: its own id, or where it stands on the log."""
        return self.submission_id if self.submission_id is not None else f"at {self.position}"


def repeatable(name: str | None) -> str | None:
    """Pass a sender's own name for something on, if repeating it can neither break nor betray anything."""
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable() or holds_cpr_number(name):
        return None
    return name


def receipt(submission: Submission, outcome: Outcome) -> Receipt:
    """Answer a submission."""
    known = {
        "submission_id": submission.submission_id,
        "position": submission.position,
        "reference": submission.reference,
    }
    match outcome:
        case Accepted(state) | Unchanged(state):
            return Receipt(
                **known,
                outcome="accepted",
                entity=entity_of(state),
                entity_id=state.entity_id,
                version=state.version,
            )
        case Rejected(reasons):
            return Receipt(**known, outcome="rejected", reasons=reasons)
        case _:
            assert_never(outcome)


def entity_of(state: State) -> Literal["offer", "vacancy", "need"]:
    """Name the kind of thing."""
    match state:
        case OfferState():
            return "offer"
        case VacancyState() | ErasedVacancy():
            return "vacancy"
        case NeedState() | ErasedNeed():
            return "need"
        case _:
            assert_never(state)
