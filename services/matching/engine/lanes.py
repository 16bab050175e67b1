"""What the index keeps of a need or a place, close together: enough to pass over most of those who cannot match.

Needs and places are described alike, so that one index and one scan serve both ways. Everything here may let through who then fails;
nothing keeps out who could pass.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.engine.bits import ALL, NONE
from services.matching.engine.compiled import compiled
from services.matching.engine.terms_row import BIT

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.rules import Row

EVERYWHERE: Final = 1 << 30
"""A reach in metres beyond every distance: whoever has no limit, or no point, is far from nobody."""

ANY_GROUP: Final = np.uint64(1 << 63)
"""Of a place that states no target group; codes without a bit of their own share it, and the exact rule tells them apart."""

LANE = np.dtype(
    [
        ("groups", np.uint64),
        ("east", np.int32),
        ("north", np.int32),
        ("reach", np.int32),
        ("from_age", np.int16),
        ("to_age", np.int16),
        ("genders", np.uint8),
    ],
    align=True,
)
"""Who shares a bit of `groups`, whose ages overlap, who shares a bit of `genders` and is within both reaches together may pass."""

_ALL_GENDERS: Final = 3
_GENDERS_OF_NEED: Final = (3, 1, 2)  # none stated, woman, man
_GENDERS_OF_RULE: Final = (3, 1, 2, 3)  # none or unknown, women, men, everyone
_YOUNGEST, _OLDEST = -32_000, 32_000
_ROUNDING_M: Final = 2
_TARGET_GROUP: Final = BIT["target_group"]
_AGE: Final = BIT["age"]
_GENDER: Final = BIT["gender"]
_DISTANCE: Final = BIT["distance"]


@compiled
def describe_need(need: Row, lane: Row) -> None:
    """Describe a need: its reach is the distance limit around the first point, widened to cover the circles of the others."""
    lane.groups = need.target_groups
    lane.from_age, lane.to_age = need.youngest, need.oldest
    lane.genders = _GENDERS_OF_NEED[need.gender]
    lane.east, lane.north, lane.reach = need.easting_m[0], need.northing_m[0], EVERYWHERE
    if need.located and need.limit_m >= 0:
        apart = 0.0
        for point in range(1, len(need.easting_m)):
            east, north = need.easting_m[point] - need.easting_m[0], need.northing_m[point] - need.northing_m[0]
            apart = max(apart, sqrt(east * east + north * north))
        lane.reach = need.limit_m + int(apart) + _ROUNDING_M


@compiled
def describe_place(place: Row, lane: Row) -> None:
    """Describe a place."""
    lane.groups = ANY_GROUP if place.target_groups == NONE else place.target_groups
    lane.from_age, lane.to_age = place.age_from, place.age_to
    lane.genders = _GENDERS_OF_RULE[place.gender_rule]
    lane.east, lane.north = place.easting_m, place.northing_m
    lane.reach = 0 if place.located else EVERYWHERE


@compiled
def describe_needs(needs: Array, rows: Array, lanes: Array) -> None:
    for position in range(len(rows)):
        describe_need(needs[rows[position]], lanes[position])


@compiled
def describe_places(vacancies: Array, rows: Array, lanes: Array) -> None:
    for position in range(len(rows)):
        describe_place(vacancies[rows[position]], lanes[position])


@compiled
def ask_for_place(place: Row, terms: Row, lane: Row) -> None:
    """Describe the needs that a place asks for."""
    describe_place(place, lane)
    lane.groups = ALL if place.target_groups == NONE else place.target_groups
    _leave_out(terms, lane)


@compiled
def ask_for_need(need: Row, terms: Row, lane: Row) -> None:
    """Describe the places that a need asks for."""
    describe_need(need, lane)
    lane.groups |= ANY_GROUP
    _leave_out(terms, lane)


@compiled
def _leave_out(terms: Row, lane: Row) -> None:
    """Do not ask for what the policy does not judge."""
    if not terms.rules & _TARGET_GROUP:
        lane.groups = ALL
    if not terms.rules & _AGE:
        lane.from_age, lane.to_age = _YOUNGEST, _OLDEST
    if not terms.rules & _GENDER:
        lane.genders = _ALL_GENDERS
    if not terms.rules & _DISTANCE:
        lane.reach = EVERYWHERE
