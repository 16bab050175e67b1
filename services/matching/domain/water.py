"""The way between two points: a straight line, and what the water between them adds. Whole metres, rounded down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from shared.contracts.common import Point
    from shared.contracts.water import Crossing, Water

_AT_ONCE: Final = 8192
_NORTHING_BITS: Final = 23
"""The contract's points end at 6,600,000 m north."""

_REMEMBERED: Final = 65_536
"""Points whose zone is not worked out again: citizens' points are centres of cells, some 2,000 in the whole country."""


@dataclass(frozen=True, slots=True)
class Way:
    """The estimated way from one point to another.

    Attributes:
        straight_m: as the crow flies, rounded down.
        crossing: the water that lies between; None where a straight line will do.
    """

    straight_m: int
    crossing: Crossing | None

    @property
    def extra_m(self) -> int:
        return 0 if self.crossing is None else self.crossing.extra_m

    @property
    def metres(self) -> int:
        """What the rules and the points count."""
        return self.straight_m + self.extra_m


@lru_cache(maxsize=8)
def waters_of(water: Water | None) -> Waters:
    """Give what a policy says of water, worked out once for all days."""
    return Waters(water)


class Waters:
    """The zones and crossings of a policy, numbered; without any, the whole country is one zone.

    Attributes:
        extra_m: int32 [zone, zone], symmetric: metres that the water adds.
    """

    def __init__(self, water: Water | None) -> None:
        zones = () if water is None else water.zones
        self._points = [(point.easting_m, point.northing_m) for zone in zones for point in zone.points] or [(0, 0)]
        self._zones = [number for number, zone in enumerate(zones) for _ in zone.points] or [0]
        self._crossings = (
            [[None]] if water is None else [[water.crossing(one.code, other.code) for other in zones] for one in zones]
        )
        extra = [[0 if crossing is None else crossing.extra_m for crossing in row] for row in self._crossings]
        self.extra_m: Array = np.array(extra, dtype=np.int32)
        self.zone_at = lru_cache(maxsize=_REMEMBERED)(self._nearest)

    def _nearest(self, easting_m: int, northing_m: int) -> int:
        """Give the number of the zone of the nearest place; of equally near ones the first."""
        distances = ((east - easting_m) ** 2 + (north - northing_m) ** 2 for east, north in self._points)
        return self._zones[min(enumerate(distances), key=lambda one: one[1])[0]]

    def zones_at(self, easting_m: Array, northing_m: Array) -> Array:
        """Give the zones of many points, as `zone_at` does; int8, in the shape of the coordinates."""
        known, zones = np.array(self._points, dtype=np.int64), np.array(self._zones, dtype=np.int8)
        packed, which = np.unique((easting_m.astype(np.int64) << _NORTHING_BITS | northing_m).ravel(), return_inverse=True)
        east, north = packed >> _NORTHING_BITS, packed & (1 << _NORTHING_BITS) - 1
        found = np.zeros(len(packed), dtype=np.int8)
        for start in range(0, len(packed), _AT_ONCE):
            piece = slice(start, start + _AT_ONCE)
            squares = (east[piece, None] - known[:, 0]) ** 2 + (north[piece, None] - known[:, 1]) ** 2
            found[piece] = zones[np.argmin(squares, axis=1)]
        return found[which].reshape(easting_m.shape)

    def way(self, here: Point, there: Point) -> Way:
        straight = isqrt((here.easting_m - there.easting_m) ** 2 + (here.northing_m - there.northing_m) ** 2)
        zones = self.zone_at(here.easting_m, here.northing_m), self.zone_at(there.easting_m, there.northing_m)
        return Way(straight, self._crossings[zones[0]][zones[1]])
