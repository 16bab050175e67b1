"""Whether a day offer has room on the half-days that are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts, half_days
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import days as words

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def room_on_half_days(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that the two share is one of day offers."""
    wanted = half_days.needed(need)
    common = facts.common_sections(need, vacancy)
    if not wanted or not common or not common <= terms.day_sections:
        return Holds()
    if not vacancy.day_capacity:
        return NotKnown(words.half_days_not_stated())
    counted = half_days.with_room(vacancy) & half_days.would_do(need)
    perhaps = half_days.perhaps_with_room(vacancy) & half_days.would_do(need)
    if counted.bit_count() >= wanted:
        return Holds()
    if perhaps.bit_count() >= wanted:
        return NotKnown(words.half_days_uncounted(counted.bit_count(), wanted))
    return Fails(words.too_few_half_days(perhaps, wanted))
