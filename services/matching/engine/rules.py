"""The hard rules of `domain/rules/`, compiled, over 64 pairs at a time. A verdict has the bit of every rule that cannot be judged.

FAILS has every bit, so that verdicts are put together with `|`, and whatever is negative failed. Two things are not judged here:
entries of a need that rule places out, and a price that depends on who pays when the first need of its kind asks (`scorer.py`).

Each rule is a loop of its own without branches: it becomes a few instructions on vectors, and a pair that failed already costs nothing.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.facts import PensionAge
from services.matching.domain.half_days import ALL_HALF_DAYS
from services.matching.domain.need_columns import POINTS
from services.matching.engine.bits import NONE, ONE, count
from services.matching.engine.blocks import LANES
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.pairs import ODD, PRICE_ASKED
from services.matching.engine.terms_row import BIT

if TYPE_CHECKING:
    from services.matching.domain.tables import Array
    from services.matching.engine.pair_kernels import Tables

HOLDS: Final = 0
FAILS: Final = -1
NOT_MEASURED: Final = -1
"""In place of a distance where one side has no point."""

RULED_OUT: Final = BIT["ruled_out"]

_AGE: Final = BIT["age"]
_SECTION_AGE: Final = BIT["section_age"]
_PENSION_AGE: Final = BIT["pension_age"]
_TARGET_GROUP: Final = BIT["target_group"]
_CANNOT_TAKE: Final = BIT["cannot_take"]
_GENDER: Final = BIT["gender"]
_CAPACITY: Final = BIT["capacity"]
_HALF_DAYS: Final = BIT["half_days"]
_DATES: Final = BIT["dates"]
_DISTANCE: Final = BIT["distance"]
_RESERVED: Final = BIT["reserved"]
_REGISTERED: Final = BIT["registered"]
_APPROVED: Final = BIT["approved"]
_ACCESS: Final = BIT["access"]
_EQUIPMENT: Final = BIT["equipment"]
_COMPANY: Final = BIT["company"]
_PRICE: Final = BIT["price"]

_REACHED: Final = int(PensionAge.REACHED)
_PERHAPS_REACHED: Final = int(PensionAge.UNKNOWN)
# As the columns write them: a need's gender none, woman, man; a place's rule none, women, men, everyone; unsaid, yes, no.
_UNSTATED: Final = 0
_EVERYONE: Final = 3
_UNSAID: Final = 0
_NOT_ASKED: Final = 0
_NO: Final = 2
_WORD_BITS: Final = 64
_FAR_M: Final = 1 << 30

Row = Any
"""A row of needs, of vacancies or of the terms, whose fields are those of the columns; or a block of rows, or of pairs."""

Rows = Any
"""An array of them."""


@compiled
def judge(need: Row, place: Row, pair: Row, tables: Tables, place_rows: Array) -> None:
    """Write the verdict of each pair, and what measuring it goes on with."""
    terms = tables.terms[0]
    _begin(need, place, pair, terms)
    _measure_way(need, place, pair, tables.extra_m)
    _judge_frame(need, place, pair, terms)
    _judge_person(need, place, pair, terms)
    _judge_place(need, place, pair, terms)
    if terms.rules & _RESERVED:
        _reserved(need, place, pair, tables.reserve, place_rows)
    if terms.rules & _DISTANCE:
        _distance(need, pair)
    if terms.rules & _PRICE:
        _price(need, place, pair, tables.prices, place_rows)


@compiled
def _judge_frame(need: Row, place: Row, pair: Row, terms: Row) -> None:
    if terms.rules & _CAPACITY:
        _capacity(place, pair)
    if terms.rules & _DATES:
        _dates(place, pair)
    if terms.rules & _HALF_DAYS:
        _half_days(need, place, pair, np.uint32(terms.day_sections))


@compiled
def _judge_person(need: Row, place: Row, pair: Row, terms: Row) -> None:
    if terms.rules & _AGE:
        _age(need, place, pair)
    if terms.rules & _SECTION_AGE:
        _section_age(need, pair)
    if terms.rules & _PENSION_AGE:
        _pension_age(need, pair, np.uint32(terms.pension_age_sections))
    if terms.rules & _TARGET_GROUP:
        _target_group(need, place, pair)
    if terms.rules & _CANNOT_TAKE:
        _cannot_take(need, place, pair)
    if terms.rules & _GENDER:
        _gender(need, place, pair)


@compiled
def _judge_place(need: Row, place: Row, pair: Row, terms: Row) -> None:
    if terms.rules & _REGISTERED:
        _said(place.registered, pair, np.uint32(terms.registered_sections), _REGISTERED)
    if terms.rules & _APPROVED:
        _said(place.approved, pair, np.uint32(terms.approved_sections), _APPROVED)
    if terms.rules & _ACCESS:
        _has(need.access, place.access_yes, place.access_no, pair, _ACCESS)
    if terms.rules & _COMPANY:
        _has(need.company, place.company_yes, place.company_no, pair, _COMPANY)
    if terms.rules & _EQUIPMENT:
        _equipment(need, place, pair)


@compiled
def _found(fails: Number, unknown: Number, bit: Number) -> Number:
    return FAILS if fails else (bit if unknown else HOLDS)


# --- the frame -------------------------------------------------------------------------------------------------------


@compiled
def _begin(need: Row, place: Row, pair: Row, terms: Row) -> None:
    """Begin the verdict with the sections in common, and say which pairs are not for the kernels."""
    wanted, given, common, verdict = need.sections, place.sections, pair.common, pair.verdict
    for at in range(LANES):
        common[at] = wanted[at] & given[at]
        verdict[at] = FAILS if common[at] == 0 else HOLDS
    odd, also_odd, asked = need.odd, place.odd, pair.asked
    for at in range(LANES):
        asked[at] = ODD if odd[at] & also_odd[at] else 0
    start_from, available_from, first_start, today = need.start_from, place.available_from, pair.first_start, terms.today
    for at in range(LANES):
        first_start[at] = max(start_from[at], available_from[at], today)


@compiled
def _capacity(place: Row, pair: Row) -> None:
    free, verdict = place.places_free, pair.verdict
    for at in range(LANES):
        verdict[at] |= _found(free[at] == 0, free[at] < 0, _CAPACITY)


@compiled
def _dates(place: Row, pair: Row) -> None:
    until, first_start, verdict = place.available_until, pair.first_start, pair.verdict
    for at in range(LANES):
        verdict[at] |= _found(until[at] < first_start[at], False, _DATES)


@compiled
def _half_days(need: Row, place: Row, pair: Row, day_sections: Number) -> None:
    named, needed, common, verdict = need.half_days_named, need.half_days_needed, pair.common, pair.verdict
    stated, counted, perhaps = place.half_days_stated, place.half_days_counted, place.half_days_perhaps
    for at in range(LANES):
        would_do = np.uint64(named[at] if named[at] != 0 else ALL_HALF_DAYS)
        asked = (needed[at] > 0) & (common[at] & ~day_sections == 0)
        enough, perhaps_enough = count(would_do & counted[at]) >= needed[at], count(would_do & perhaps[at]) >= needed[at]
        fails = asked & (stated[at] != 0) & (not perhaps_enough)
        verdict[at] |= _found(fails, asked & ((stated[at] == 0) | (not enough)), _HALF_DAYS)


# --- the person ------------------------------------------------------------------------------------------------------


@compiled
def _age(need: Row, place: Row, pair: Row) -> None:
    youngest, oldest, verdict = need.youngest, need.oldest, pair.verdict
    least, most, stated = place.age_from, place.age_to, place.age_stated
    for at in range(LANES):
        fails = (oldest[at] < least[at]) | (youngest[at] > most[at])
        unknown = (stated[at] == 0) | (youngest[at] < least[at]) | (oldest[at] > most[at])
        verdict[at] |= _found(fails, unknown, _AGE)


@compiled
def _section_age(need: Row, pair: Row) -> None:
    certainly, perhaps, common, verdict = need.sections_for_age, need.sections_perhaps_for_age, pair.common, pair.verdict
    for at in range(LANES):
        verdict[at] |= _found(common[at] & perhaps[at] == 0, common[at] & certainly[at] == 0, _SECTION_AGE)


@compiled
def _pension_age(need: Row, pair: Row, sections: Number) -> None:
    pension, common, verdict = need.pension, pair.common, pair.verdict
    for at in range(LANES):
        limited = common[at] & ~sections == 0
        verdict[at] |= _found(limited & (pension[at] == _REACHED), limited & (pension[at] == _PERHAPS_REACHED), _PENSION_AGE)


@compiled
def _target_group(need: Row, place: Row, pair: Row) -> None:
    groups, taken, verdict = need.target_groups, place.target_groups, pair.verdict
    for at in range(LANES):
        verdict[at] |= _found((taken[at] != NONE) & (groups[at] & taken[at] == NONE), taken[at] == NONE, _TARGET_GROUP)


@compiled
def _cannot_take(need: Row, place: Row, pair: Row) -> None:
    groups, never, asks, verdict = need.target_groups, place.never_takes, place.asks_first, pair.verdict
    for at in range(LANES):
        verdict[at] |= _found(groups[at] & never[at] != NONE, groups[at] & asks[at] != NONE, _CANNOT_TAKE)


@compiled
def _gender(need: Row, place: Row, pair: Row) -> None:
    gender, rule, verdict = need.gender, place.gender_rule, pair.verdict
    for at in range(LANES):
        differ = (rule[at] != _EVERYONE) & (gender[at] != rule[at])
        unstated = (gender[at] == _UNSTATED) | (rule[at] == _UNSTATED)
        verdict[at] |= _found(differ & (not unstated), differ, _GENDER)


# --- the place -------------------------------------------------------------------------------------------------------


@compiled
def _reserved(need: Row, place: Row, pair: Row, reserve: Array, place_rows: Array) -> None:
    """Judge what a place is reserved for: few are, so that their municipalities stand beside the rows."""
    residents, reserved, payers, verdict = place.for_residents, place.reserved, need.payers, pair.verdict
    any_reserved = np.uint8(0)
    for at in range(LANES):
        verdict[at] |= _found(residents[at] != 0, False, _RESERVED)
        any_reserved |= reserved[at]
    for at in range(LANES if any_reserved else 0):
        if reserved[at]:
            whom = reserve[place_rows[at]]
            met = _has_bit(whom, payers[0, at]) | _has_bit(whom, payers[1, at])
            verdict[at] |= _found(not met, False, _RESERVED)


@compiled
def _has_bit(words: Array, bit: Number) -> Number:
    return (words[bit // _WORD_BITS] >> np.uint64(bit % _WORD_BITS)) & ONE != NONE


@compiled
def _said(said: Array, pair: Row, sections: Number, bit: Number) -> None:
    """Judge what must be said of a place where every section in common asks for it."""
    common, verdict = pair.common, pair.verdict
    for at in range(LANES):
        asked = common[at] & ~sections == 0
        verdict[at] |= _found(asked & (said[at] == _NO), asked & (said[at] == _UNSAID), bit)


@compiled
def _has(wanted: Array, yes: Array, no: Array, pair: Row, bit: Number) -> None:
    """Judge what must be there, as bits."""
    verdict = pair.verdict
    for at in range(LANES):
        verdict[at] |= _found(wanted[at] & no[at] != 0, wanted[at] & ~yes[at] != 0, bit)


@compiled
def _equipment(need: Row, place: Row, pair: Row) -> None:
    wanted, there, verdict = need.equipment, place.equipment, pair.verdict
    for at in range(LANES):
        fails = (there[at] != 0) & (wanted[at] & ~there[at] != 0)
        verdict[at] |= _found(fails, (there[at] == 0) & (wanted[at] != 0), _EQUIPMENT)


# --- distance and money ----------------------------------------------------------------------------------------------


@compiled
def _measure_way(need: Row, place: Row, pair: Row, extra_m: Array) -> None:
    """Write the shortest way from any of a need's points, water and all, or NOT_MEASURED.

    Squares are whole numbers below 2**52, which floating point has exactly, and so are their roots, rounded down.
    """
    located, also_located, metres, ways = need.located, place.located, pair.metres, pair.ways
    easts, norths, zones = need.easting_m, need.northing_m, need.zone
    place_east, place_north, place_zone = place.easting_m, place.northing_m, place.zone
    for point in range(POINTS):
        for at in range(LANES):
            east, north = np.float64(easts[point, at] - place_east[at]), np.float64(norths[point, at] - place_north[at])
            ways[point, at] = np.int32(sqrt(east * east + north * north))
    for at in range(LANES):
        to_place, shortest = extra_m[place_zone[at]], _FAR_M
        for point in range(POINTS):
            shortest = min(shortest, ways[point, at] + to_place[zones[point, at]])
        metres[at] = shortest if located[at] & also_located[at] else NOT_MEASURED


@compiled
def _distance(need: Row, pair: Row) -> None:
    limit_m, metres, verdict = need.limit_m, pair.metres, pair.verdict
    for at in range(LANES):
        limited = limit_m[at] >= 0
        verdict[at] |= _found(limited & (metres[at] > limit_m[at]), limited & (metres[at] == NOT_MEASURED), _DISTANCE)


@compiled
def _price(need: Row, place: Row, pair: Row, prices: Array, place_rows: Array) -> None:
    """Judge by the price of all; by that of the kind of payer where it differs and is known; else leave it to Python."""
    ceiling, payers, varies, verdict, asked = need.ceiling_dkk, need.payer, place.price_varies, pair.verdict, pair.asked
    lowest, above = pair.lowest_price, pair.above_price
    for at in range(LANES):
        limits = prices[place_rows[at], payers[at] if varies[at] else 0]
        lowest[at], above[at] = limits[0], limits[1]
    for at in range(LANES):
        limited, known, most = ceiling[at] >= 0, above[at] != _NOT_ASKED, ceiling[at]
        verdict[at] |= _found(limited & known & (lowest[at] > most), limited & known & (above[at] - 1 > most), _PRICE)
        asked[at] |= PRICE_ASKED if limited & (not known) else 0
