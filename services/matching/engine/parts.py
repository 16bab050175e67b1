"""The parts of the fit of `domain/fit/`, compiled. Each gives its points, or NOT_KNOWN.

Only integers decide: the square root is taken in floating point and corrected.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.pair_points import BITS_A_PART
from services.matching.engine.bits import NONE, count
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.rules import NOT_MEASURED, Row, first_start
from services.matching.engine.terms_row import BIT, POSITION

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

NOT_KNOWN: Final = -1

_SERVICES: Final = POSITION["services"]
_TARGET_GROUP: Final = POSITION["target_group"]
_LEVELS: Final = POSITION["levels"]
_ACTIVITIES: Final = POSITION["activities"]
_TRAVEL: Final = POSITION["travel"]
_START: Final = POSITION["start"]
_LANGUAGES: Final = POSITION["languages"]
_OPENING_HOURS: Final = POSITION["opening_hours"]
_BITS: Final = tuple(BIT[part] for part in POSITION)


@compiled
def measure(need: Row, place: Row, terms: Row, metres: Number) -> tuple[Number, Number, Number]:
    """Give (score, points packed by part, bits of the parts that are not known)."""
    found = (
        _services(need, place, terms.most[_SERVICES]),
        _target_group(need, place, terms),
        _levels(need, place, terms.most[_LEVELS]),
        _activities(need, place, terms.most[_ACTIVITIES]),
        _travel(metres, terms),
        _start(need, place, terms),
        _languages(need, place, terms),
        _opening_hours(need, place, terms.most[_OPENING_HOURS]),
    )
    score = packed = unknown = 0
    for position in range(len(found)):
        if terms.parts & _BITS[position]:
            points = found[position]
            if points == NOT_KNOWN:
                points = terms.when_unknown[position]
                unknown |= _BITS[position]
            score += points
            packed |= points << (BITS_A_PART * position)
    return score, packed, unknown


@compiled
def _services(need: Row, place: Row, most: Number) -> Number:
    if need.services_wanted == 0 or place.services == NONE:
        return NOT_KNOWN
    return most * count(need.services & place.services) // need.services_wanted


@compiled
def _target_group(need: Row, place: Row, terms: Row) -> Number:
    groups = place.target_groups
    if groups == NONE:
        return NOT_KNOWN
    if need.primary & groups != NONE:
        return terms.most[_TARGET_GROUP]
    return terms.further_group_points if need.target_groups & groups != NONE else 0


@compiled
def _levels(need: Row, place: Row, most: Number) -> Number:
    stated = place.levels_stated
    if need.levels_stated & stated == NONE:
        return NOT_KNOWN
    total = count(need.levels_low & stated) + count(need.levels_high & stated)
    if total == 0:
        return most
    return most * (count(need.levels_low & place.levels_low) + count(need.levels_high & place.levels_high)) // total


@compiled
def _activities(need: Row, place: Row, most: Number) -> Number:
    if need.wishes_wanted == 0:
        return most
    if place.wishes == NONE:
        return NOT_KNOWN
    return most * count(need.wishes & place.wishes) // need.wishes_wanted


@compiled
def _travel(metres: Number, terms: Row) -> Number:
    most = terms.most[_TRAVEL]
    if metres == NOT_MEASURED:
        return NOT_KNOWN
    if metres <= terms.full_points_m:
        return most
    if metres >= terms.no_points_m:
        return 0
    return most * (terms.no_points_m - metres) // (terms.no_points_m - terms.full_points_m)


@compiled
def _start(need: Row, place: Row, terms: Row) -> Number:
    late = first_start(need, place, terms) - max(need.start_wanted, terms.today)
    left = terms.no_points_days - min(max(late, 0), terms.no_points_days)
    return terms.most[_START] * left // terms.no_points_days


@compiled
def _languages(need: Row, place: Row, terms: Row) -> Number:
    if need.languages == NONE or need.languages & (place.languages | terms.assumed_languages) != NONE:
        return terms.most[_LANGUAGES]
    return NOT_KNOWN if place.languages == NONE else 0


@compiled
def _opening_hours(need: Row, place: Row, most: Number) -> Number:
    if need.half_days_named == 0:
        return most
    if not place.hours_stated:
        return NOT_KNOWN
    return most * count(need.half_days_named & place.open_on) // count(need.half_days_named)


@compiled
def shortest_way_m(need: Row, place: Row, extra_m: Array) -> Number:
    """Give the shortest way from any of a need's points, water and all, or NOT_MEASURED."""
    if not (need.located and place.located):
        return NOT_MEASURED
    shortest = np.int64(1 << 62)
    for point in range(len(need.easting_m)):
        east, north = need.easting_m[point] - place.easting_m, need.northing_m[point] - place.northing_m
        shortest = min(shortest, whole_root(east * east + north * north) + extra_m[need.zone[point], place.zone])
    return shortest


@compiled
def whole_root(square: Number) -> Number:
    """Give the whole square root, rounded down, of a number below 2**52."""
    root = int(sqrt(square))
    if root * root > square:
        root -= 1
    if (root + 1) * (root + 1) <= square:
        root += 1
    return root
