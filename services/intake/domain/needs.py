"""What a stated need means, given what is stored; and what of it may leave intake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.geography import to_cell
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged, reason
from services.intake.domain.states import ErasedNeed, NeedState
from shared.contracts.common import trusted
from shared.contracts.need import NeedProfile, NeedTerms, StatedNeed
from shared.contracts.reference import themes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from services.intake.domain.freshness import Moment
    from shared.contracts.drafts import NeedDraft
    from shared.contracts.need import RuledOut
    from shared.contracts.receipt import Reason
    from shared.contracts.settings import PensionAge

_MONTHS_AHEAD: Final = 24
"""A month of a birthday tells more of a person than the year; it is told when it begins to matter, two years before."""
_A_YEAR: Final = 12
_TERM_NAMES: Final = tuple(NeedTerms.model_fields)


def register(need_id: str, draft: NeedDraft, moment: Moment) -> Outcome:
    """Register a need for the first time."""
    if refusal := _refusal(draft, moment):
        return refusal
    terms = stated_terms(draft)
    profile = trusted(NeedProfile, _public(terms) | {"need_id": need_id, "version": 1, "status": "open"})
    return Accepted(NeedState(profile, terms, draft.source_reference), created=True)


def restate(before: NeedState, draft: NeedDraft, moment: Moment) -> Outcome:
    """Take what is stated now for the whole truth; a closed need is open again, and places ruled out stay so."""
    if refusal := _refusal(draft, moment):
        return refusal
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


def stated_terms(draft: NeedDraft) -> StatedNeed:
    """Take over what was stated, with the points as exact as they were given, consent and note: they stay in intake."""
    return trusted(StatedNeed, vars(draft))


def not_stated(terms: NeedTerms) -> tuple[str, ...]:
    """Name what of a need is not stated, as fields of the contract: whoever registers it is told, and matching calls it unknown."""
    values = ((name, getattr(terms, name)) for name in _TERM_NAMES)
    return tuple(name for name, value in values if value is None or value in ((), {}))


def not_assessed(terms: NeedTerms) -> tuple[str, ...]:
    """Name the levelled subthemes that are *ikke vurderet*; that is not the same as no difficulty, level 0."""
    return tuple(code for code in themes() if code not in terms.levels)


def _refusal(draft: NeedDraft, moment: Moment) -> Rejected | None:
    today = moment.day
    reasons = [*_days_to_come(draft, today), *_months(draft, today), *_pension(draft, moment.pension_ages)]
    return Rejected(tuple(reasons)) if reasons else None


def _days_to_come(draft: NeedDraft, today: date) -> Iterator[Reason]:
    """Refuse a future day of what has begun."""
    if draft.waiting_since is not None and draft.waiting_since > today:
        yield reason("in_the_future", "waiting_since")
    if draft.consent is not None and draft.consent.given_on is not None and draft.consent.given_on > today:
        yield reason("in_the_future", "consent.given_on")


def _months(draft: NeedDraft, today: date) -> Iterator[Reason]:
    last = today.year * _A_YEAR + today.month + _MONTHS_AHEAD
    for name in ("turns_18", "turns_36", "reaches_pension_age"):
        month = getattr(draft, name)
        if month is not None and _months_since_zero(month) > last:
            yield reason("month_too_far_ahead", name)


def _pension(draft: NeedDraft, ages: Sequence[PensionAge]) -> Iterator[Reason]:
    """Hold the month against the ages of the policy; nothing is said of a year of birth that the policy leaves out."""
    theirs = [age for age in ages if age.born_from_year <= draft.birth_year]
    if draft.reaches_pension_age is None or not theirs:
        return
    # Whoever is born in January reaches the age first, whoever is born in December eleven months later.
    earliest = draft.birth_year * _A_YEAR + 1 + max(theirs, key=lambda age: age.born_from_year).months
    if not earliest <= _months_since_zero(draft.reaches_pension_age) < earliest + _A_YEAR:
        yield reason("pension_age", "reaches_pension_age")


def _months_since_zero(month: str) -> int:
    return int(month[:4]) * _A_YEAR + int(month[5:])


def _public(terms: NeedTerms) -> dict[str, Any]:
    cells = dict.fromkeys(to_cell(point) for point in terms.points_of_reference)
    said = vars(terms)
    public: dict[str, Any] = {name: said[name] for name in _TERM_NAMES}  # no more: consent and note stay
    return public | {"points_of_reference": tuple(cells)}
