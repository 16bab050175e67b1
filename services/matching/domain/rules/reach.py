"""What the place asks of distance and money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts
from services.matching.domain.prices import PRICE_UNIT, payer_of, price_range
from services.matching.domain.roots import ceil_sqrt
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import reach as words
from services.matching.domain.words.saying import METRES_A_KM

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def distance(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if need.max_distance_km is None:
        return Holds()
    square_m2 = facts.nearest_square_m2(need, vacancy)
    if square_m2 is None:
        return NotKnown(words.distance_unknown(need.max_distance_km))
    if square_m2 <= (need.max_distance_km * METRES_A_KM) ** 2:
        return Holds()
    return Fails(words.too_far(ceil_sqrt(square_m2), need.max_distance_km))


def price(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Fails only where every line that may be the citizen's is above the ceiling; holds where all are below, supplements too."""
    if need.price_ceiling_dkk_per_month is None:
        return Holds()
    ceiling = need.price_ceiling_dkk_per_month * PRICE_UNIT
    found = price_range(vacancy, payer_of(need), terms)
    if found.lowest is not None and found.lowest > ceiling and not found.open_below:
        return Fails(words.too_dear(found.lowest, need.price_ceiling_dkk_per_month))
    if found.highest is not None and found.highest <= ceiling and not found.open_above:
        return Holds()
    return NotKnown(words.price_unknown(found, need.price_ceiling_dkk_per_month))
