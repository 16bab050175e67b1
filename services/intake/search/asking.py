"""What a search asks for, once words, filters and place are understood: everything that the statement is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.intake.search.understanding import Group


@dataclass(frozen=True, slots=True)
class Near:
    """A point, EPSG:25832 metres, and the number of the landsdel that it lies in."""

    easting_m: int
    northing_m: int
    landsdel: int


@dataclass(frozen=True, slots=True)
class After:
    """The last hit of the page before."""

    points: int
    key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the index.

    Attributes:
        groups: what the words stand for.
        together: a hit has all groups; else one of them is enough.
        masks: (dimension, bits): of each pair a hit has one bit at least.
        places: numbers of places.
        landsdele: numbers of landsdele.
        ages: a hit is for some age between these.
        free_day: a place is free on that day, days since 1970.
        with_vacancy: a place is free now or will be.
        language: staff speak it.
        near: where distance counts from.
        within_m: no farther than this; a protected address only in the same landsdel.
        now_s: the moment that freshness counts from, seconds since 1970.
        today: days since 1970.
        generation: as of this one; None: as it is now.
    """

    now_s: int
    today: int
    limit: int
    groups: tuple[Group, ...] = ()
    together: bool = True
    masks: tuple[tuple[str, int], ...] = ()
    places: tuple[int, ...] = ()
    landsdele: tuple[int, ...] = ()
    ages: tuple[int, int] | None = None
    free_day: int | None = None
    with_vacancy: bool = False
    language: str | None = None
    near: Near | None = None
    within_m: int | None = None
    generation: int | None = None
    after: After | None = None
    facets: bool = True
