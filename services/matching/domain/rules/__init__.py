"""The hard rules, each by itself: pure functions of a need, a place and the terms, to be read beside the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.rules import days, frame, person, place, reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.verdicts import Judge
    from shared.contracts.settings import RuleCode

JUDGES: Final[Mapping[RuleCode, Judge]] = {
    "status": frame.status,
    "not_matched": frame.not_matched,
    "section": frame.section,
    "age": person.age,
    "section_age": person.section_age,
    "pension_age": person.pension_age,
    "target_group": person.target_group,
    "cannot_take": person.cannot_take,
    "gender": person.gender,
    "capacity": frame.capacity,
    "half_days": days.room_on_half_days,
    "dates": frame.dates,
    "distance": reach.distance,
    "ruled_out": frame.ruled_out,
    "price": reach.price,
    "reserved": place.reserved,
    "registered": place.registered,
    "approved": place.approved,
    "access": place.access,
    "equipment": place.equipment,
    "company": place.company,
}
