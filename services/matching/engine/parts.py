"""The parts of the fit of `domain/fit/`, compiled, over 64 pairs at a time. Each writes its points, or NOT_KNOWN.

Only integers decide: a share of the points is divided in floating point and rounded down, and numbers so small divide exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.pair_points import BITS_A_PART
from services.matching.engine.bits import NONE, ONE, count
from services.matching.engine.blocks import LANES
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.pairs import ODD
from services.matching.engine.rules import NOT_MEASURED, Row
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
def measure(need: Row, place: Row, pair: Row, terms: Row) -> None:
    """Write the points of each pair and their sum, and into the verdict which parts are not known."""
    parts = terms.parts
    if parts & _BITS[_SERVICES]:
        _services(need, place, pair.points, np.int32(terms.most[_SERVICES]))
    if parts & _BITS[_TARGET_GROUP]:
        _target_group(need, place, pair.points, terms)
    if parts & _BITS[_LEVELS]:
        _levels(need, place, pair.points, np.int32(terms.most[_LEVELS]))
    if parts & _BITS[_ACTIVITIES]:
        _activities(need, place, pair.points, np.int32(terms.most[_ACTIVITIES]))
    if parts & _BITS[_TRAVEL]:
        _travel(pair, terms)
    if parts & _BITS[_START]:
        _start(need, pair, terms)
    if parts & _BITS[_LANGUAGES]:
        _languages(need, place, pair.points, terms)
    if parts & _BITS[_OPENING_HOURS]:
        _opening_hours(need, place, pair.points, np.int32(terms.most[_OPENING_HOURS]))
    _add_up(pair, terms)


@compiled
def _add_up(pair: Row, terms: Row) -> None:
    score, verdict = pair.score, pair.verdict
    score[:] = 0
    for part in range(len(_BITS)):
        if terms.parts & _BITS[part]:
            points, when_unknown, bit = pair.points[part], np.int32(terms.when_unknown[part]), np.int32(_BITS[part])
            for at in range(LANES):
                known = points[at] != NOT_KNOWN
                points[at] = points[at] if known else when_unknown
                score[at] += points[at]
                verdict[at] |= 0 if known else bit
        else:
            pair.points[part, :] = 0


@compiled
def packed(points: Array, at: Number) -> Number:
    """Give the points of a pair, packed by part."""
    together = np.int64(0)
    for part in range(len(_BITS)):
        together |= np.int64(points[part, at]) << (BITS_A_PART * part)
    return together


@compiled
def choose(pair: Row, threshold: Number, size: Number) -> Number:
    """Choose the pairs that belong to what is found; say whether something of any of the first `size` is left to Python."""
    verdict, score, asked, chosen = pair.verdict, pair.score, pair.asked, pair.chosen
    left = np.uint8(0)
    for at in range(size):
        chosen[at] = (asked[at] & ODD != 0) | ((verdict[at] >= 0) & (score[at] >= threshold))
        left |= asked[at] if chosen[at] else 0
    return left != 0


@compiled
def _share(most: Number, part: Number, whole: Number) -> Number:
    """Give most * part // whole: quotients of whole numbers below 2**24 that are not whole lie further from the next than they err."""
    return np.int32(np.float32(most * part) / np.float32(max(whole, 1)))


@compiled
def _long_share(most: Number, part: Number, whole: Number) -> Number:
    """Give the same of larger numbers, below 2**52."""
    return np.int32(np.float64(most * part) / np.float64(max(whole, 1)))


@compiled
def _services(need: Row, place: Row, points: Array, most: Number) -> None:
    services, given, wanted = need.services, place.services, need.services_wanted
    for at in range(LANES):
        share = _share(most, count(services[at] & given[at]), wanted[at])
        points[_SERVICES, at] = share if (wanted[at] > 0) & (given[at] != NONE) else NOT_KNOWN


@compiled
def _target_group(need: Row, place: Row, points: Array, terms: Row) -> None:
    groups, primary, taken = need.target_groups, need.primary, place.target_groups
    most, further = np.int32(terms.most[_TARGET_GROUP]), np.int32(terms.further_group_points)
    for at in range(LANES):
        of_others = further if groups[at] & taken[at] != NONE else 0
        given = most if (taken[at] >> np.uint64(primary[at])) & ONE != NONE else of_others
        points[_TARGET_GROUP, at] = given if taken[at] != NONE else NOT_KNOWN


@compiled
def _levels(need: Row, place: Row, points: Array, most: Number) -> None:
    low, high, assessed = need.levels_low, need.levels_high, need.levels_stated
    staffed_low, staffed_high, stated = place.levels_low, place.levels_high, place.levels_stated
    for at in range(LANES):
        total = count(low[at] & stated[at]) + count(high[at] & stated[at])
        met = count(low[at] & staffed_low[at]) + count(high[at] & staffed_high[at])
        share = _share(most, met, total) if total > 0 else most
        points[_LEVELS, at] = share if np.uint64(assessed[at]) & stated[at] != NONE else NOT_KNOWN


@compiled
def _activities(need: Row, place: Row, points: Array, most: Number) -> None:
    wishes, given, wanted = need.wishes, place.wishes, need.wishes_wanted
    for at in range(LANES):
        share = _share(most, count(wishes[at] & given[at]), wanted[at]) if given[at] != NONE else NOT_KNOWN
        points[_ACTIVITIES, at] = share if wanted[at] > 0 else most


@compiled
def _travel(pair: Row, terms: Row) -> None:
    most, full, none = np.int32(terms.most[_TRAVEL]), terms.full_points_m, terms.no_points_m
    metres, points = pair.metres, pair.points
    for at in range(LANES):
        farther = _long_share(most, max(none - metres[at], 0), none - full)
        share = most if metres[at] <= full else farther
        points[_TRAVEL, at] = share if metres[at] != NOT_MEASURED else NOT_KNOWN


@compiled
def _start(need: Row, pair: Row, terms: Row) -> None:
    most, today, days = np.int32(terms.most[_START]), terms.today, terms.no_points_days
    wanted, first, points = need.start_wanted, pair.first_start, pair.points
    for at in range(LANES):
        late = first[at] - max(wanted[at], today)
        points[_START, at] = _long_share(most, days - min(max(late, 0), days), days)


@compiled
def _languages(need: Row, place: Row, points: Array, terms: Row) -> None:
    most, assumed = np.int32(terms.most[_LANGUAGES]), np.uint32(terms.assumed_languages)
    can, spoken = need.languages, place.languages
    for at in range(LANES):
        met = (can[at] == 0) | (can[at] & (spoken[at] | assumed) != 0)
        otherwise = 0 if spoken[at] != 0 else NOT_KNOWN
        points[_LANGUAGES, at] = most if met else otherwise


@compiled
def _opening_hours(need: Row, place: Row, points: Array, most: Number) -> None:
    named, open_on, stated = need.half_days_named, place.open_on, place.hours_stated
    for at in range(LANES):
        halves = np.uint64(named[at])
        share = _share(most, count(halves & open_on[at]), count(halves))
        points[_OPENING_HOURS, at] = most if halves == NONE else (share if stated[at] != 0 else NOT_KNOWN)
