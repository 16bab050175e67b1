"""Points: degrees to metres at the edge, and a citizen's point to a cell before it leaves intake."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from pyproj import Transformer

from shared.contracts.common import Point
from shared.contracts.need import ReferencePoint

if TYPE_CHECKING:
    from shared.contracts.drafts import GeoPoint

CELL_M: Final = 5_000
"""Side of the cell that a citizen's point is rounded to: part of the contract (issue "Intake and contracts"), not of the policy."""

_EAST_END_M: Final = 1_500_000
_NORTH_END_M: Final = 6_600_000
"""Where the contract's points end: a whole number of cells, and a point on the edge itself is in the last of them."""


def to_metres(point: GeoPoint) -> Point:
    """Turn WGS 84 degrees into whole metres of EPSG:25832."""
    easting, northing = _to_utm32().transform(point.longitude, point.latitude)
    return Point(easting_m=round(easting), northing_m=round(northing))


def to_cell(point: ReferencePoint) -> ReferencePoint:
    """Round a citizen's point to the centre of its 5 km cell; the centre of a cell stays where it is."""
    easting_m, northing_m = _centre(point.easting_m, _EAST_END_M), _centre(point.northing_m, _NORTH_END_M)
    return ReferencePoint(kind=point.kind, easting_m=easting_m, northing_m=northing_m)


def _centre(metres: int, end: int) -> int:
    return min(metres, end - 1) // CELL_M * CELL_M + CELL_M // 2


@cache
def _to_utm32() -> Transformer:
    return Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True)
