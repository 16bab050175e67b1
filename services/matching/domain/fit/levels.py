"""The functional level of the citizen against what the place is staffed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain.verdicts import Points
from services.matching.domain.words import fit as words

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def levels(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """The share of the citizen's levels that the place covers, over the subthemes that both sides speak of, rounded down.

    Levels 3 and 2 where the place is staffed for 2 and 4: covered are 2 and 2 of 5, so of 25 points 25 * 4 // 5 = 20.
    """
    part = terms.parts["levels"]
    compared = {code: level for code, level in need.levels.items() if code in vacancy.staffed_levels}
    if not compared:
        unknown = words.levels_unknown(assessed=bool(need.levels))
        return Points(part.points_when_unknown, known=False, words=unknown)
    total = sum(compared.values())
    met = sum(min(level, vacancy.staffed_levels[code]) for code, level in compared.items())
    short = [
        (code, level, vacancy.staffed_levels[code]) for code, level in compared.items() if level > vacancy.staffed_levels[code]
    ]
    points = part.max_points * met // total if total else part.max_points
    told = words.levels_met(met, total, short, not_compared=len(need.levels) - len(compared))
    return Points(points, known=True, words=told)
