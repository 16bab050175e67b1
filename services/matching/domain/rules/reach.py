"""What the place asks of distance and money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain import facts
from services.matching.domain.changes import on_need
from services.matching.domain.prices import PRICE_UNIT, payer_of, price_range
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import reach as words
from services.matching.domain.words.saying import METRES_A_KM, up_to_whole

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

# The highest limits that the contract of a need can hold; beyond them the change is to have none.
_FARTHEST_KM: Final = 500
_DEAREST_DKK: Final = 2_000_000


def distance(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    if need.max_distance_km is None:
        return Holds()
    way = facts.shortest_way(need, vacancy, terms)
    if way is None:
        return NotKnown(words.distance_unknown(need.max_distance_km))
    if way.metres <= need.max_distance_km * METRES_A_KM:
        return Holds()
    enough = up_to_whole(way.metres, METRES_A_KM)
    return Fails(
        words.too_far(way, need.max_distance_km).by(*on_need(max_distance_km=enough if enough <= _FARTHEST_KM else None))
    )


def price(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Fails only where every line that may be the citizen's is above the ceiling; holds where all are below, supplements too."""
    if need.price_ceiling_dkk_per_month is None:
        return Holds()
    ceiling = need.price_ceiling_dkk_per_month * PRICE_UNIT
    found = price_range(vacancy, payer_of(need), terms)
    if found.lowest is not None and found.lowest > ceiling and not found.open_below:
        enough = up_to_whole(found.lowest, PRICE_UNIT)
        raised = on_need(price_ceiling_dkk_per_month=enough if enough <= _DEAREST_DKK else None)
        return Fails(words.too_dear(found.lowest, need.price_ceiling_dkk_per_month).by(*raised))
    if found.highest is not None and found.highest <= ceiling and not found.open_above:
        return Holds()
    return NotKnown(words.price_unknown(found, need.price_ceiling_dkk_per_month))
