"""What one need or one vacancy says about itself on a day: read once, used by the reference scorer and the columns alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from services.matching.domain.terms import MONTHS_A_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from services.matching.domain.terms import Terms
    from services.matching.domain.water import Way
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

ADULT_AGE: Final = 18

YOUNG_UNTIL_AGE: Final = 36
"""§ 108 a ends with the 36th birthday."""


class PensionAge(IntEnum):
    """Whether the pension age is reached, as far as a year of birth, or a month that intake named, can tell."""

    NOT_REACHED = 0
    UNKNOWN = 1
    REACHED = 2


@dataclass(frozen=True, slots=True)
class AgeRange:
    """The ages in whole years that a person may have on the day; one of them where it is certain."""

    youngest: int
    oldest: int


def month_index(day: date) -> int:
    return day.year * MONTHS_A_YEAR + day.month - 1


def named_month(text: str) -> int:
    year, month = text.split("-")
    return int(year) * MONTHS_A_YEAR + int(month) - 1


def age_range(need: NeedProfile, day: date) -> AgeRange:
    """Give the ages that fit the year of birth on the day, narrowed by the months of birthdays that are named.

    Born in 2000, on any day of 2026: 25 or 26. In the month itself the birthday may be before or after the day.
    """
    oldest = day.year - need.birth_year
    youngest = oldest - 1
    now = month_index(day)
    for age, named in ((ADULT_AGE, need.turns_18), (YOUNG_UNTIL_AGE, need.turns_36)):
        if named is None:
            continue
        if now < named_month(named):
            oldest = min(oldest, age - 1)
        elif now > named_month(named):
            youngest = max(youngest, age)
    return AgeRange(min(youngest, oldest), max(youngest, oldest))


def pension_age(need: NeedProfile, terms: Terms) -> PensionAge:
    """Say whether the pension age is reached on the day: certain before the first and after the last possible month.

    Born in some month of year b with a pension age of m months: reached between the months 12 b + m and 12 b + 11 + m.
    """
    months = terms.pension_age_months(need.birth_year)
    if months is None:
        return PensionAge.UNKNOWN
    now = month_index(terms.today)
    if need.reaches_pension_age is not None:
        first = last = named_month(need.reaches_pension_age)
    else:
        first = need.birth_year * MONTHS_A_YEAR + months
        last = first + MONTHS_A_YEAR - 1
    if now < first:
        return PensionAge.NOT_REACHED
    return PensionAge.REACHED if now > last else PensionAge.UNKNOWN


def wanted_start(need: NeedProfile, day: date) -> date:
    """Give the day from which waiting costs points: what the need says, and never a day that is past."""
    return max(need.start_by or need.start_from or day, day)


def first_possible_start(need: NeedProfile, vacancy: Vacancy, day: date) -> date:
    """Give the first day on which the citizen can begin there."""
    return max(day, need.start_from or day, vacancy.available_from or day)


def shortest_way(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Way | None:
    """Give the way from that point of reference from which it is shortest, water and all; None where a point is missing."""
    place = vacancy.location
    if place is None or not need.points_of_reference:
        return None
    return min((terms.waters.way(point, place) for point in need.points_of_reference), key=lambda way: way.metres)


def target_groups(need: NeedProfile) -> frozenset[str]:
    return frozenset((need.primary_target_group, *need.further_target_groups))


def sections(need: NeedProfile) -> frozenset[str]:
    return frozenset(wanted.section for wanted in need.sections)


def never_matched(vacancy: Vacancy, never: Iterable[str]) -> bool:
    """Say whether a place is found by search or phone only."""
    return vacancy.address_protected or vacancy.open_door or not set(never).isdisjoint(vacancy.sections)


def common_sections(need: NeedProfile, vacancy: Vacancy) -> frozenset[str]:
    return sections(need).intersection(vacancy.sections)


def payers(need: NeedProfile) -> frozenset[str]:
    """Give the municipalities that a place may be reserved for: the one that has the case, and the one that pays."""
    return frozenset((need.handlekommune, need.betalingskommune or need.handlekommune))


def companions(need: NeedProfile) -> tuple[str, ...]:
    """Give what a place must have for those who come along, by the names of its fields."""
    wanted = (
        ("room_for_two", need.partner_comes_along),
        ("room_for_children", need.children_come_along),
        ("pets", need.pets_come_along),
    )
    return tuple(name for name, comes in wanted if comes)
