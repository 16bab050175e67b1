"""The hard rules of `domain/rules/`, compiled. Each gives HOLDS, FAILS, or its bit where it cannot be judged.

FAILS has every bit, so that verdicts are put together with `|`, and whatever is negative failed. Two things are not judged here:
entries of a need that rule places out, and a price that depends on who pays when the
first need of its kind asks (`scorer.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.matching.domain.facts import PensionAge
from services.matching.engine.bits import NONE, count
from services.matching.engine.compiled import Number, compiled
from services.matching.engine.terms_row import BIT

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

HOLDS: Final = 0
FAILS: Final = -1
NOT_MEASURED: Final = -1
"""In place of a distance where one side has no point."""

PRICE: Final = BIT["price"]
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

_REACHED: Final = int(PensionAge.REACHED)
_PERHAPS_REACHED: Final = int(PensionAge.UNKNOWN)
# As the columns write them: a need's gender none, woman, man; a place's rule none, women, men, everyone; unsaid, yes, no.
_UNSTATED: Final = 0
_EVERYONE: Final = 3
_UNSAID: Final = 0
_NOT_ASKED: Final = 0
_NO: Final = 2

Row = Any
"""A row of needs, of vacancies or of the terms, whose fields are those of the columns."""

Rows = Any
"""An array of them."""


@compiled
def judge(need: Row, place: Row, terms: Row, metres: Number, prices: Array) -> Number:
    """Give FAILS, or the bits of all rules that cannot be judged."""
    verdict = _section(need, place) | _target_group(need, place, terms) | _capacity(place, terms) | _age(need, place, terms)
    verdict |= _distance(need, metres, terms) | _gender(need, place, terms) | _price(need, place, terms, prices)
    if verdict < 0:
        return FAILS
    verdict |= _section_age(need, place, terms) | _dates(need, place, terms) | _reserved(need, place, terms)
    verdict |= _cannot_take(need, place, terms) | _pension_age(need, place, terms) | _half_days(need, place, terms)
    if verdict < 0:
        return FAILS
    verdict |= _registered(need, place, terms) | _approved(need, place, terms) | _access(need, place, terms)
    verdict |= _equipment(need, place, terms) | _company(need, place, terms)
    return verdict


@compiled
def _unknown(bit: Number, is_unknown: Number) -> Number:
    return bit if is_unknown else HOLDS


# --- the frame -------------------------------------------------------------------------------------------------------


@compiled
def _section(need: Row, place: Row) -> Number:
    return FAILS if need.sections & place.sections == NONE else HOLDS


@compiled
def _capacity(place: Row, terms: Row) -> Number:
    if not terms.rules & _CAPACITY:
        return HOLDS
    return FAILS if place.places_free == 0 else _unknown(_CAPACITY, place.places_free < 0)


@compiled
def first_start(need: Row, place: Row, terms: Row) -> Number:
    """Give the first day on which the citizen can begin there."""
    return max(need.start_from, place.available_from, terms.today)


@compiled
def _dates(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _DATES:
        return HOLDS
    return FAILS if place.available_until < first_start(need, place, terms) else HOLDS


@compiled
def _half_days(need: Row, place: Row, terms: Row) -> Number:
    wanted = need.half_days_needed
    if not terms.rules & _HALF_DAYS or wanted == 0 or need.sections & place.sections & ~terms.day_sections != NONE:
        return HOLDS
    if not place.half_days_stated:
        return _HALF_DAYS
    if _half_days_met(need.half_days_would_do, place.half_days_counted) >= wanted:
        return HOLDS
    return _unknown(_HALF_DAYS, True) if _half_days_met(need.half_days_would_do, place.half_days_perhaps) >= wanted else FAILS


@compiled
def _half_days_met(would_do: Number, given: Number) -> Number:
    return count(would_do & given)


# --- the person ------------------------------------------------------------------------------------------------------


@compiled
def _age(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _AGE:
        return HOLDS
    if need.oldest < place.age_from or need.youngest > place.age_to:
        return FAILS
    return _unknown(_AGE, not place.age_stated or need.youngest < place.age_from or need.oldest > place.age_to)


@compiled
def _section_age(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _SECTION_AGE:
        return HOLDS
    common = need.sections & place.sections
    if common & need.sections_perhaps_for_age == NONE:
        return FAILS
    return _unknown(_SECTION_AGE, common & need.sections_for_age == NONE)


@compiled
def _pension_age(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _PENSION_AGE or need.sections & place.sections & ~terms.pension_age_sections != NONE:
        return HOLDS
    return FAILS if need.pension == _REACHED else _unknown(_PENSION_AGE, need.pension == _PERHAPS_REACHED)


@compiled
def _target_group(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _TARGET_GROUP:
        return HOLDS
    if place.target_groups == NONE:
        return _TARGET_GROUP
    return FAILS if need.target_groups & place.target_groups == NONE else HOLDS


@compiled
def _cannot_take(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _CANNOT_TAKE:
        return HOLDS
    if need.target_groups & place.never_takes != NONE:
        return FAILS
    return _unknown(_CANNOT_TAKE, need.target_groups & place.asks_first != NONE)


@compiled
def _gender(need: Row, place: Row, terms: Row) -> Number:
    gender, rule = need.gender, place.gender_rule
    if not terms.rules & _GENDER or rule == _EVERYONE:
        return HOLDS
    if gender == rule:
        return HOLDS
    return _GENDER if min(gender, rule) == _UNSTATED else FAILS


# --- the place -------------------------------------------------------------------------------------------------------


@compiled
def _reserved(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _RESERVED:
        return HOLDS
    if place.for_residents:
        return FAILS
    if not place.reserved:
        return HOLDS
    met = (need.payers[0] & place.reserve[0]) | (need.payers[1] & place.reserve[1])
    return FAILS if met == NONE else HOLDS


@compiled
def _registered(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _REGISTERED or need.sections & place.sections & ~terms.registered_sections != NONE:
        return HOLDS
    return FAILS if place.registered == _NO else _unknown(_REGISTERED, place.registered == _UNSAID)


@compiled
def _approved(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _APPROVED or need.sections & place.sections & ~terms.approved_sections != NONE:
        return HOLDS
    return FAILS if place.approved == _NO else _unknown(_APPROVED, place.approved == _UNSAID)


@compiled
def _access(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _ACCESS:
        return HOLDS
    if need.access & place.access_no != NONE:
        return FAILS
    return _unknown(_ACCESS, need.access & ~place.access_yes != NONE)


@compiled
def _equipment(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _EQUIPMENT or need.equipment == NONE:
        return HOLDS
    if place.equipment == NONE:
        return _EQUIPMENT
    return FAILS if need.equipment & ~place.equipment != NONE else HOLDS


@compiled
def _company(need: Row, place: Row, terms: Row) -> Number:
    if not terms.rules & _COMPANY:
        return HOLDS
    if need.company & place.company_no != 0:
        return FAILS
    return _unknown(_COMPANY, need.company & ~place.company_yes != 0)


# --- distance and money ----------------------------------------------------------------------------------------------


@compiled
def _distance(need: Row, metres: Number, terms: Row) -> Number:
    if not terms.rules & _DISTANCE or need.limit_m2 < 0:
        return HOLDS
    if metres == NOT_MEASURED:
        return _DISTANCE
    return FAILS if metres * metres > need.limit_m2 else HOLDS


@compiled
def price_asked(need: Row, place: Row, terms: Row, prices: Array) -> Number:
    """Say whether this need's own price must be asked for: it depends on who pays, and nobody like this need has asked yet."""
    return _price_depends(need, place, terms) and prices[need.payer, 1] == _NOT_ASKED


@compiled
def _price_depends(need: Row, place: Row, terms: Row) -> Number:
    return terms.rules & PRICE != 0 and need.ceiling >= 0 and place.price_varies and need.payer > 0


@compiled
def _price(need: Row, place: Row, terms: Row, prices: Array) -> Number:
    """Judge by the price of all; by that of the kind of payer where it differs and is known; else leave it to Python."""
    if not terms.rules & PRICE or need.ceiling < 0:
        return HOLDS
    if _price_depends(need, place, terms):
        lowest, above = prices[need.payer, 0], prices[need.payer, 1]
        if above == _NOT_ASKED:
            return HOLDS
        return FAILS if lowest > need.ceiling else _unknown(PRICE, above - 1 > need.ceiling)
    if place.price_lowest > need.ceiling and not place.price_open_below:
        return FAILS
    return _unknown(PRICE, place.price_open_above or place.price_highest > need.ceiling)
