"""What a stated need means, given what is stored; and what of it may leave intake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.intake.domain.geography import to_cell
from services.intake.domain.outcomes import Accepted, Outcome, Unchanged
from services.intake.domain.states import ErasedNeed, NeedState
from shared.contracts.need import NeedProfile, NeedTerms

if TYPE_CHECKING:
    from shared.contracts.drafts import NeedDraft
    from shared.contracts.need import RuledOut


def register(need_id: str, draft: NeedDraft) -> Outcome:
    """Register a need for the first time."""
    terms = stated_terms(draft)
    profile = NeedProfile.model_construct(**_public(terms), need_id=need_id, version=1, status="open")
    return Accepted(NeedState(profile, terms, draft.source_reference), created=True)


def restate(before: NeedState, draft: NeedDraft) -> Outcome:
    """Take what is stated now for the whole truth; a closed need is open again, and places ruled out stay so."""
    terms = stated_terms(draft)
    old = before.need
    if old.status == "open" and before.terms.model_dump_json() == terms.model_dump_json():
        return Unchanged(before)
    after = old.model_copy(update={**_public(terms), "version": old.version + 1, "status": "open", "closed_reason": None})
    return Accepted(NeedState(after, terms, before.source_reference))


def close(before: NeedState, reason: str) -> Outcome:
    """Close a need; one that is closed stays as it is."""
    old = before.need
    if old.status == "closed":
        return Unchanged(before)
    closed = old.model_copy(update={"version": old.version + 1, "status": "closed", "closed_reason": reason})
    return Accepted(NeedState(closed, before.terms, before.source_reference))


def rule_out(before: NeedState, place: RuledOut) -> Outcome:
    """Rule out a place; said again of the same place and opening, it replaces what was said before."""
    old = before.need
    others = tuple(known for known in old.ruled_out if (known.vacancy_id, known.opening) != (place.vacancy_id, place.opening))
    ruled_out = tuple(sorted((*others, place), key=lambda known: (known.vacancy_id, known.opening or 0)))
    if ruled_out == old.ruled_out:
        return Unchanged(before)
    after = old.model_copy(update={"version": old.version + 1, "ruled_out": ruled_out})
    return Accepted(NeedState(after, before.terms, before.source_reference))


def erase(before: NeedState) -> Outcome:
    """Forget a need: a tombstone is published, and nothing of it stays."""
    return Accepted(ErasedNeed(before.need.need_id, before.need.version + 1))


def stated_terms(draft: NeedDraft) -> NeedTerms:
    """Take over what was stated, with the points as exact as they were given: they stay in intake."""
    return NeedTerms.model_construct(**{name: getattr(draft, name) for name in NeedTerms.model_fields})


def _public(terms: NeedTerms) -> dict[str, Any]:
    cells = dict.fromkeys(to_cell(point) for point in terms.points_of_reference)
    public: dict[str, Any] = {name: getattr(terms, name) for name in NeedTerms.model_fields}
    return public | {"points_of_reference": tuple(cells)}
