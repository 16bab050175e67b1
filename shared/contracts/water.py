"""The way over water: zones of the country, and what the water between two of them adds to a straight line. Part of the policy."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shared.contracts.common import Code, Codes, Contract, Point, unit

_MOST_ZONES = 127


class ZonePoint(Point):
    """A place by which a zone is known: what lies nearest to it lies in its zone."""

    name: str = Field(max_length=60, description="Name of the place, for those who read the policy")


class Zone(Contract):
    """A part of the country inside which a straight line is a fair measure of the way."""

    code: Code = Field(description="Name of the zone in the crossings")
    landmass: Code = Field(description="Zones of one landmass are joined by land: nothing is added, unless a crossing says so")
    label_da: str = Field(description="Name in Danish")
    label_en: str = Field(description="Name in English")
    points: tuple[ZonePoint, ...] = Field(min_length=1, description="Places in it; a shore is told by places on both sides of it")


class Crossing(Contract):
    """What the water between zones adds to the straight line: an estimate of travel, never a timetable."""

    from_zones: Codes = Field(description="Zones on the one side")
    to_zones: Codes = Field(default=(), description="Zones on the other side; empty: every other zone")
    extra_m: int = Field(
        ge=0, le=1_000_000, description="Added to the straight line, in either direction", json_schema_extra=unit("m")
    )
    text_da: str = Field(description="The way that is reckoned with, in Danish")
    text_en: str = Field(description="The way that is reckoned with, in English")
    source: str = Field(description="Where the number comes from, or how it was reckoned")


class Water(Contract):
    """Zones, and the crossings between them: of two zones the first crossing that names them both counts."""

    zones: tuple[Zone, ...] = Field(
        min_length=1, max_length=_MOST_ZONES, description="Zones; of equally near places the first counts"
    )
    crossings: tuple[Crossing, ...] = Field(description="Read from the top: the first that names both zones counts")

    @model_validator(mode="after")
    def _every_pair_is_told(self) -> Self:
        known = [zone.code for zone in self.zones]
        if len(set(known)) < len(known):
            raise ValueError("A zone stands twice.")
        named = {code for crossing in self.crossings for code in (*crossing.from_zones, *crossing.to_zones)}
        if unknown := sorted(named.difference(known)):
            raise ValueError(f"Crossings name zones that are not there: {', '.join(unknown)}.")
        untold = [
            f"{one.code} - {other.code}"
            for position, one in enumerate(self.zones)
            for other in self.zones[:position]
            if one.landmass != other.landmass and self.crossing(one.code, other.code) is None
        ]
        if untold:
            raise ValueError(f"No crossing is told between {', '.join(untold)}.")
        return self

    def crossing(self, one: str, other: str) -> Crossing | None:
        """Give the crossing that counts between two zones; None where a straight line will do."""
        if one == other:
            return None
        for crossing in self.crossings:
            for here, there in ((one, other), (other, one)):
                if here in crossing.from_zones and (not crossing.to_zones or there in crossing.to_zones):
                    return crossing
        return None
