"""Whether a day offer has room on the half-days that are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts, half_days
from services.matching.domain.changes import on_need, on_vacancy
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import days as words
from shared.contracts.need import HalfDay
from shared.contracts.vacancy import DayCapacity

if TYPE_CHECKING:
    from services.matching.domain.changes import Step
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
    elsewhere = half_days.perhaps_with_room(vacancy)
    return Fails(words.too_few_half_days(perhaps, elsewhere, wanted).by(*_room(need, vacancy, perhaps, elsewhere)))


def _room(need: NeedProfile, vacancy: Vacancy, usable: int, elsewhere: int) -> tuple[Step, ...]:
    """Make do with fewer half-days; or else with others; or else the place gets room on those that are wanted."""
    if usable:
        return on_need(half_days_a_week=usable.bit_count())
    wanted = half_days.needed(need)
    if elsewhere:
        others = half_days.listed(elsewhere)[:wanted]
        fewer = {"half_days_a_week": len(others)} if len(others) < (need.half_days_a_week or 1) else {}
        named = (*need.half_days, *(HalfDay(weekday=weekday, half=half) for weekday, half in others))
        return on_need(half_days=named, **fewer)
    given = half_days.listed(half_days.would_do(need))[:wanted]
    kept = (one for one in vacancy.day_capacity if (one.weekday, one.half) not in given)
    added = (DayCapacity(weekday=weekday, half=half, places_free=1) for weekday, half in given)
    return on_vacancy(day_capacity=(*kept, *added))
