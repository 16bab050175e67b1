"""The parts of the fit, each by itself: pure functions of a need, a place and the terms, to be read beside the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.fit.levels import levels
from services.matching.domain.fit.nearness import opening_hours, start, travel
from services.matching.domain.fit.wishes import activities, languages, services, target_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.verdicts import Measure
    from shared.contracts.settings import PartCode

MEASURES: Final[Mapping[PartCode, Measure]] = {
    "services": services,
    "target_group": target_group,
    "levels": levels,
    "activities": activities,
    "travel": travel,
    "start": start,
    "languages": languages,
    "opening_hours": opening_hours,
}
