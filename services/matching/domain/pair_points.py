"""Points packed into one integer, and the parts of the fit of `fit/` column by column, for the near misses of a need.

Only integers decide.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.pair_rules import are_located, first_start, way_m
from services.matching.domain.terms import PARTS, UNKNOWN_CODES
from services.matching.domain.words.saying import METRES_A_KM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.pair_columns import Pairs
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from shared.contracts.settings import PartCode

BITS_A_PART: Final = 7
"""A hundred points; eight parts together leave the sign bit alone."""

_PART_MASK: Final = (1 << BITS_A_PART) - 1

Known = Any
"""Per pair, or for all at once, whether the part could be judged."""


@lru_cache(maxsize=65_536)
def unpack_points(packed: int, parts: tuple[PartCode, ...]) -> Mapping[str, int]:
    """Give the points by part out of one integer, seven bits for each of PARTS."""
    return {part: packed >> BITS_A_PART * PARTS.index(part) & _PART_MASK for part in parts}


def pack_points(points: Mapping[PartCode, int]) -> int:
    return sum(given << BITS_A_PART * PARTS.index(code) for code, given in points.items())


@lru_cache(maxsize=16_384)
def unknown_codes(bits: int) -> tuple[str, ...]:
    return tuple(code for position, code in enumerate(UNKNOWN_CODES) if bits >> position & 1)


class PairPoints:
    """Gives points to pairs under one set of terms."""

    def __init__(self, books: Codebooks, terms: Terms) -> None:
        self._terms = terms
        self._today = terms.today.toordinal()
        self._assumed_languages = np.uint64(books.languages.mask(sorted(terms.assumed_languages)))
        measures: Mapping[PartCode, Callable[[Pairs, int], tuple[Array, Known]]] = {
            "services": self._services,
            "target_group": self._target_group,
            "levels": self._levels,
            "activities": self._activities,
            "travel": self._travel,
            "start": self._start,
            "languages": self._languages,
            "opening_hours": self._opening_hours,
        }
        self._measures = [(code, measures[code], terms.parts[code]) for code in PARTS if code in terms.parts]

    def measure(self, pairs: Pairs) -> tuple[Array, Array]:
        """Give (score, points packed by part); what is unknown is noted with the pairs."""
        score, packed = np.zeros(len(pairs), dtype=np.int64), np.zeros(len(pairs), dtype=np.int64)
        for code, measure, part in self._measures:
            points, known = measure(pairs, part.max_points)
            points = np.where(known, points, part.points_when_unknown)
            pairs.note(code, ~known)
            score += points
            packed |= points.astype(np.int64) << (BITS_A_PART * PARTS.index(code))
        return score, packed

    def _services(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        wanted, given = pairs.n("services_wanted"), pairs.v("services")
        both = np.bitwise_count(pairs.n("services") & given).astype(np.int64)
        return most * both // np.maximum(wanted, 1), (wanted > 0) & (given != 0)

    def _target_group(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        share = most * self._terms.policy.further_target_group_percent // 100
        groups = pairs.v("target_groups")
        further = np.where((pairs.n("target_groups") & groups) != 0, share, 0)
        is_primary = (groups >> pairs.n("primary").astype(np.uint64)) & np.uint64(1) != 0
        points = np.where(is_primary, most, further)
        return points, np.broadcast_to(groups != 0, len(pairs))

    def _levels(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        low, high, stated = pairs.n("levels_low"), pairs.n("levels_high"), pairs.v("levels_stated")
        total = _bits_of(low & stated) + _bits_of(high & stated)
        met = _bits_of(low & pairs.v("levels_low")) + _bits_of(high & pairs.v("levels_high"))
        points = np.where(total > 0, most * met // np.maximum(total, 1), most)
        return points, (pairs.n("levels_stated") & stated) != 0

    def _activities(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        wished, given = pairs.n("wishes_wanted"), pairs.v("wishes")
        met = _bits_of(pairs.n("wishes") & given)
        return np.where(wished > 0, most * met // np.maximum(wished, 1), most), (wished == 0) | (given != 0)

    def _travel(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        policy = self._terms.policy
        full, none = policy.travel_full_points_km * METRES_A_KM, policy.travel_no_points_km * METRES_A_KM
        metres = way_m(pairs)
        between = most * (none - metres) // max(none - full, 1)
        return np.where(metres <= full, most, np.where(metres >= none, 0, between)), are_located(pairs)

    def _start(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        days = self._terms.policy.start_no_points_days
        wanted = np.maximum(pairs.n("start_wanted"), np.int32(self._today))
        late = np.clip(first_start(pairs, self._today).astype(np.int64) - wanted, 0, days)
        return most * (days - late) // days, np.ones(len(pairs), dtype=np.bool_)

    def _languages(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        can, spoken = pairs.n("languages"), pairs.v("languages")
        met = (can == 0) | ((can & (spoken | self._assumed_languages)) != 0)
        return np.where(met, most, 0), met | (spoken != 0)

    def _opening_hours(self, pairs: Pairs, most: int) -> tuple[Array, Known]:
        named = pairs.n("half_days_named")
        wanted, covered = _bits_of(named), _bits_of(named & pairs.v("open_on"))
        return np.where(wanted > 0, most * covered // np.maximum(wanted, 1), most), (wanted == 0) | pairs.v("hours_stated")


def _bits_of(masks: Array) -> Array:
    return np.bitwise_count(masks).astype(np.int64)
