"""Needs and open vacancies in typed columns: one slot each, found again by id, written and emptied in place.

What a policy or the day decides about a single need or vacancy (ages, prices that ran out) stands in columns too, and is worked
out again when the terms change. Codes become bits of 64-bit masks; codes beyond 63 share the last bit, and whoever carries one is
`odd`: two odd sides are left to the reference scorer, so that no number of codes makes an answer wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from services.matching.domain import facts
from services.matching.domain.facts import ADULT_AGE, PRICE_UNIT, PensionAge
from services.matching.domain.terms import MONTHS_A_YEAR
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile, RuledOut
    from shared.contracts.vacancy import Vacancy

Array = npt.NDArray[Any]

_FIRST_SIZE: Final = 64
_OVERFLOW_BIT: Final = 63
_MOST_POINTS_OF_REFERENCE: Final = 3
_NO_DAY: Final = 0
_FAR_DAY: Final = 2**31 - 1
_NO_AGE: Final = 32_000
_GENDERS: Final = {None: 0, "woman": 1, "man": 2}
_GENDER_RULES: Final = {"women": 1, "men": 2, "everyone": 3}
ALL_BITS: Final = 2**64 - 1


class Codebook:
    """Gives each code a bit: the nation's codes in their order first, codes that this build does not know as they come."""

    def __init__(self, known: Iterable[str]) -> None:
        self._bits = {code: bit for bit, code in enumerate(sorted(known)) if bit < _OVERFLOW_BIT}

    def mask(self, codes: Iterable[str]) -> int:
        """Give the bits of a set of codes; the overflow bit stands for any that found no bit of their own."""
        mask = 0
        for code in codes:
            bit = self._bits.get(code)
            if bit is None:
                bit = min(_OVERFLOW_BIT, len(self._bits))
                if bit < _OVERFLOW_BIT:
                    self._bits[code] = bit
            mask |= 1 << bit
        return mask


class Codebooks:
    """The three kinds of codes that pairs are compared by."""

    def __init__(self) -> None:
        self.sections = Codebook(reference.sections())
        self.target_groups = Codebook(reference.target_groups())
        self.services = Codebook(reference.services())


def is_odd(*masks: int) -> bool:
    return any(mask >> _OVERFLOW_BIT for mask in masks)


class Slots:
    """Numbers of rows by id; an emptied row is used again."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self.ids: list[str | None] = []
        self._free: list[int] = []

    def take(self, entity_id: str) -> int:
        """Give the row of an id, a new one if it has none."""
        slot = self.of.get(entity_id)
        if slot is None:
            if self._free:
                slot = self._free.pop()
                self.ids[slot] = entity_id
            else:
                slot = len(self.ids)
                self.ids.append(entity_id)
            self.of[entity_id] = slot
        return slot

    def id_of(self, slot: int) -> str:
        entity_id = self.ids[slot]
        if entity_id is None:
            raise KeyError(slot)
        return entity_id

    def release(self, entity_id: str) -> int | None:
        slot = self.of.pop(entity_id, None)
        if slot is not None:
            self.ids[slot] = None
            self._free.append(slot)
        return slot


class _Table:
    """Columns of equal length that grow together."""

    COLUMNS: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]

    def __init__(self) -> None:
        self.slots = Slots()
        self._size = 0
        self._grow(_FIRST_SIZE)

    def _grow(self, size: int) -> None:
        for name, (kind, width) in self.COLUMNS.items():
            column = np.zeros((size, *width), dtype=kind)
            if self._size:
                column[: self._size] = getattr(self, name)
            setattr(self, name, column)
        self._size = size

    def _take(self, entity_id: str) -> int:
        slot = self.slots.take(entity_id)
        if slot >= self._size:
            self._grow(2 * self._size)
        return slot

    def __len__(self) -> int:
        return len(self.slots.of)


class NeedColumns(_Table):
    """Needs that are open. `live` ones take part in matching; the others wait until their partition is restored."""

    COLUMNS = {  # noqa: RUF012 - a constant of the class; ClassVar would hide the type of the base
        "live": (np.bool_, ()),
        "sections": (np.uint64, ()),
        "target_groups": (np.uint64, ()),
        "primary": (np.uint64, ()),
        "services": (np.uint64, ()),
        "services_wanted": (np.int64, ()),
        "birth_year": (np.int32, ()),
        "turns_18": (np.int32, ()),
        "pension_month": (np.int32, ()),
        "youngest": (np.int32, ()),
        "oldest": (np.int32, ()),
        "pension": (np.int8, ()),
        "gender": (np.int8, ()),
        "located": (np.bool_, ()),
        "easting_m": (np.int64, (_MOST_POINTS_OF_REFERENCE,)),
        "northing_m": (np.int64, (_MOST_POINTS_OF_REFERENCE,)),
        "limit_m2": (np.int64, ()),
        "start_from": (np.int32, ()),
        "start_wanted": (np.int32, ()),
        "ceiling": (np.int64, ()),
        "rules_out": (np.bool_, ()),
        "odd": (np.bool_, ()),
    }
    live: Array
    sections: Array
    target_groups: Array
    primary: Array
    services: Array
    services_wanted: Array
    birth_year: Array
    turns_18: Array
    pension_month: Array
    youngest: Array
    oldest: Array
    pension: Array
    gender: Array
    located: Array
    easting_m: Array
    northing_m: Array
    limit_m2: Array
    start_from: Array
    start_wanted: Array
    ceiling: Array
    rules_out: Array
    odd: Array

    def __init__(self, books: Codebooks) -> None:
        super().__init__()
        self._books = books
        self.ruled_out: dict[int, tuple[RuledOut, ...]] = {}
        self.odd_profiles: dict[int, NeedProfile] = {}

    def put(self, need: NeedProfile, terms: Terms, *, live: bool) -> int:
        """Write an open need into its row and give the row."""
        slot = self._take(need.need_id)
        sections = self._books.sections.mask(facts.sections(need))
        groups = self._books.target_groups.mask(facts.target_groups(need))
        services = self._books.services.mask(need.services)
        age = facts.age_range(need, terms.today)
        self.live[slot] = live
        self.sections[slot], self.target_groups[slot], self.services[slot] = sections, groups, services
        self.primary[slot] = self._books.target_groups.mask((need.primary_target_group,))
        self.services_wanted[slot] = len(need.services)
        self.birth_year[slot] = need.birth_year
        self.turns_18[slot] = _month(need.turns_18)
        self.pension_month[slot] = _month(need.reaches_pension_age)
        self.youngest[slot], self.oldest[slot] = age.youngest, age.oldest
        self.pension[slot] = facts.pension_age(need, terms)
        self.gender[slot] = _GENDERS[need.gender]
        self._put_points(slot, need)
        self.limit_m2[slot] = -1 if need.max_distance_km is None else (need.max_distance_km * 1000) ** 2
        wanted = need.start_by or need.start_from
        self.start_from[slot] = need.start_from.toordinal() if need.start_from else _NO_DAY
        self.start_wanted[slot] = wanted.toordinal() if wanted else _NO_DAY
        ceiling = need.price_ceiling_dkk_per_month
        self.ceiling[slot] = -1 if ceiling is None else ceiling * PRICE_UNIT
        self.rules_out[slot] = bool(need.ruled_out)
        self._put_rare(slot, need, odd=is_odd(sections, groups, services))
        return slot

    def _put_points(self, slot: int, need: NeedProfile) -> None:
        points = need.points_of_reference
        self.located[slot] = bool(points)
        for column in range(_MOST_POINTS_OF_REFERENCE if points else 0):
            point = points[min(column, len(points) - 1)]
            self.easting_m[slot, column], self.northing_m[slot, column] = point.easting_m, point.northing_m

    def _put_rare(self, slot: int, need: NeedProfile, *, odd: bool) -> None:
        self.odd[slot] = odd
        self.ruled_out.pop(slot, None)
        self.odd_profiles.pop(slot, None)
        if need.ruled_out:
            self.ruled_out[slot] = need.ruled_out
        if odd:
            self.odd_profiles[slot] = need

    def remove(self, need_id: str) -> int | None:
        """Empty the row of a need and give it; None where there is none."""
        slot = self.slots.release(need_id)
        if slot is not None:
            self.live[slot] = False
            self.ruled_out.pop(slot, None)
            self.odd_profiles.pop(slot, None)
        return slot

    def change_terms(self, terms: Terms) -> None:
        """Work out again what the day and the policy decide: as `facts.age_range` and `facts.pension_age` do, for all rows."""
        now = facts.month_index(terms.today)
        oldest = terms.today.year - self.birth_year
        youngest = oldest - 1
        named = self.turns_18 > 0
        oldest = np.where(named & (now < self.turns_18), np.minimum(oldest, ADULT_AGE - 1), oldest)
        youngest = np.where(named & (now > self.turns_18), np.maximum(youngest, ADULT_AGE), youngest)
        self.youngest[:], self.oldest[:] = np.minimum(youngest, oldest), np.maximum(youngest, oldest)
        years, row = np.unique(self.birth_year, return_inverse=True)
        months = np.array([_or_never(terms.pension_age_months(int(year))) for year in years])[row]
        told = self.pension_month > 0
        first = np.where(told, self.pension_month, self.birth_year * MONTHS_A_YEAR + months)
        last = np.where(told, first, first + MONTHS_A_YEAR - 1)
        state = np.where(now < first, PensionAge.NOT_REACHED, np.where(now > last, PensionAge.REACHED, PensionAge.UNKNOWN))
        self.pension[:] = np.where(months < 0, PensionAge.UNKNOWN, state)


class VacancyColumns(_Table):
    """Open vacancies. Only `matchable` ones are ever compared."""

    COLUMNS = {  # noqa: RUF012 - as above
        "matchable": (np.bool_, ()),
        "found_only": (np.bool_, ()),
        "sections": (np.uint64, ()),
        "target_groups": (np.uint64, ()),
        "groups_or_any": (np.uint64, ()),
        "services": (np.uint64, ()),
        "age_from": (np.int32, ()),
        "age_to": (np.int32, ()),
        "age_stated": (np.bool_, ()),
        "gender_rule": (np.int8, ()),
        "places_free": (np.int32, ()),
        "available_from": (np.int32, ()),
        "available_until": (np.int32, ()),
        "located": (np.bool_, ()),
        "easting_m": (np.int64, ()),
        "northing_m": (np.int64, ()),
        "priced": (np.bool_, ()),
        "price_lowest": (np.int64, ()),
        "price_highest": (np.int64, ()),
        "version": (np.int64, ()),
        "opening": (np.int64, ()),
        "rank": (np.int64, ()),
        "edition": (np.int64, ()),
        "odd": (np.bool_, ()),
    }
    matchable: Array
    found_only: Array
    sections: Array
    target_groups: Array
    groups_or_any: Array
    services: Array
    age_from: Array
    age_to: Array
    age_stated: Array
    gender_rule: Array
    places_free: Array
    available_from: Array
    available_until: Array
    located: Array
    easting_m: Array
    northing_m: Array
    priced: Array
    price_lowest: Array
    price_highest: Array
    version: Array
    opening: Array
    rank: Array
    edition: Array
    odd: Array

    def __init__(self, books: Codebooks) -> None:
        super().__init__()
        self._books = books
        self._prices_run_out: dict[int, Vacancy] = {}
        self.odd_vacancies: dict[int, Vacancy] = {}

    def put(self, vacancy: Vacancy, terms: Terms) -> int:
        """Write an open vacancy into its row and give the row."""
        slot = self._take(vacancy.vacancy_id)
        sections = self._books.sections.mask(vacancy.sections)
        groups = self._books.target_groups.mask(vacancy.target_groups)
        services = self._books.services.mask(vacancy.services)
        self.found_only[slot] = vacancy.address_protected or vacancy.open_door
        self.matchable[slot] = not facts.never_matched(vacancy, terms.never_matched_sections)
        self.sections[slot], self.target_groups[slot], self.services[slot] = sections, groups, services
        self.groups_or_any[slot] = groups or ALL_BITS
        self.age_from[slot] = -_NO_AGE if vacancy.age_from is None else vacancy.age_from
        self.age_to[slot] = _NO_AGE if vacancy.age_to is None else vacancy.age_to
        self.age_stated[slot] = vacancy.age_from is not None or vacancy.age_to is not None
        self.gender_rule[slot] = _GENDER_RULES.get(vacancy.gender_rule or "", 0)
        self.places_free[slot] = -1 if vacancy.places_free is None else vacancy.places_free
        self.available_from[slot] = vacancy.available_from.toordinal() if vacancy.available_from else _NO_DAY
        self.available_until[slot] = vacancy.available_until.toordinal() if vacancy.available_until else _FAR_DAY
        self.located[slot] = vacancy.location is not None
        if vacancy.location is not None:
            self.easting_m[slot], self.northing_m[slot] = vacancy.location.easting_m, vacancy.location.northing_m
        self._put_prices(slot, vacancy, terms)
        self.version[slot], self.opening[slot] = vacancy.version, vacancy.opening
        self._put_rare(slot, vacancy, odd=is_odd(sections, groups, services))
        return slot

    def _put_prices(self, slot: int, vacancy: Vacancy, terms: Terms) -> None:
        price = facts.price_range(vacancy, terms.today)
        self.priced[slot] = price.lowest is not None and not price.open_ended
        self.price_lowest[slot] = price.lowest or 0
        self.price_highest[slot] = price.highest or 0

    def _put_rare(self, slot: int, vacancy: Vacancy, *, odd: bool) -> None:
        self.odd[slot] = odd
        self.odd_vacancies.pop(slot, None)
        self._prices_run_out.pop(slot, None)
        if odd:
            self.odd_vacancies[slot] = vacancy
        if any(line.valid_to is not None for line in vacancy.price_lines):
            self._prices_run_out[slot] = vacancy

    def remove(self, vacancy_id: str) -> None:
        """Empty the row of a vacancy, if it has one."""
        slot = self.slots.release(vacancy_id)
        if slot is not None:
            self.matchable[slot] = False
            self.odd_vacancies.pop(slot, None)
            self._prices_run_out.pop(slot, None)

    def change_terms(self, terms: Terms) -> None:
        """Work out again what the day and the policy decide about single vacancies."""
        never = np.uint64(self._books.sections.mask(terms.never_matched_sections))
        used = np.zeros(self._size, dtype=np.bool_)
        used[list(self.slots.of.values())] = True
        self.matchable[:] = used & ~self.found_only & ((self.sections & never) == 0)
        for slot, vacancy in self._prices_run_out.items():
            self._put_prices(slot, vacancy, terms)


def _month(text: str | None) -> int:
    return 0 if text is None else facts.named_month(text)


def _or_never(months: int | None) -> int:
    return -1 if months is None else months
