"""Needs in typed columns, with what the policy and the day decide about a single need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain import facts, half_days
from services.matching.domain.facts import ADULT_AGE, YOUNG_UNTIL_AGE, AgeRange, PensionAge
from services.matching.domain.prices import payer_of
from services.matching.domain.tables import Array, Table
from services.matching.domain.terms import MONTHS_A_YEAR
from services.matching.domain.words.saying import METRES_A_KM
from shared.contracts.need import NeedProfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.terms import Terms
    from services.matching.domain.water import Waters
    from shared.contracts.need import RuledOut

POINTS: Final = 3
"""Of reference, that a need can have; one with fewer repeats its last."""

_NO_DAY: Final = 0
_HALF_A_WORD: Final = 2**32 - 1
_ALL_SECTIONS: Final = 2**32 - 1
_MOST_WANTED: Final = 2**16 - 1
"""More codes than a hundred points times all bits of a mask: what each is worth is nothing either way."""

_FAR_MONTH: Final = 2**15 - 1
"""In the year 2730."""

_GENDERS: Final = {None: 0, "woman": 1, "man": 2}
_COMPANY: Final = {"room_for_two": 1, "room_for_children": 2, "pets": 4}
_AGE_STEP: Final = 10_000
_AGE_SHIFT: Final = 1_000
"""Added to ages, so that those of people yet to be born can be packed too."""


class NeedColumns(Table):
    """Needs that are open. `live` ones take part in matching; the others wait until their partition is restored.

    A row is 128 bytes, two lines of the cache, and holds all that a pair is judged and measured by.

    Attributes:
        primary: the bit of the primary target group.
        payers: the bits of the two municipalities that a place may be reserved for.
        limit_m: -1 where no distance is too far.
        ceiling_dkk: a month; -1 where nothing is too dear.
        birth_year: and the months beside it: what ages are worked out from, each day.
    """

    COLUMNS = {  # noqa: RUF012 - a constant of the class; ClassVar would hide the type of the base
        "target_groups": (np.uint64, ()),
        "services": (np.uint64, ()),
        "levels_low": (np.uint64, ()),
        "levels_high": (np.uint64, ()),
        "wishes": (np.uint64, ()),
        "sections": (np.uint32, ()),
        "sections_for_age": (np.uint32, ()),
        "sections_perhaps_for_age": (np.uint32, ()),
        "languages": (np.uint32, ()),
        "equipment": (np.uint32, ()),
        "levels_stated": (np.uint32, ()),
        "easting_m": (np.int32, (POINTS,)),
        "northing_m": (np.int32, (POINTS,)),
        "limit_m": (np.int32, ()),
        "ceiling_dkk": (np.int32, ()),
        "start_from": (np.int32, ()),
        "start_wanted": (np.int32, ()),
        "youngest": (np.int16, ()),
        "oldest": (np.int16, ()),
        "half_days_named": (np.uint16, ()),
        "services_wanted": (np.uint16, ()),
        "wishes_wanted": (np.uint16, ()),
        "zone": (np.uint8, (POINTS,)),
        "payers": (np.uint8, (2,)),
        "payer": (np.uint8, ()),
        "primary": (np.uint8, ()),
        "access": (np.uint8, ()),
        "company": (np.uint8, ()),
        "half_days_needed": (np.uint8, ()),
        "gender": (np.uint8, ()),
        "pension": (np.uint8, ()),
        "located": (np.bool_, ()),
        "odd": (np.bool_, ()),
    }
    BESIDE = {  # noqa: RUF012 - as above
        "live": (np.bool_, ()),
        "rules_out": (np.bool_, ()),
        "birth_year": (np.int16, ()),
        "turns_18": (np.int16, ()),
        "turns_36": (np.int16, ()),
        "pension_month": (np.int16, ()),
    }
    target_groups: Array
    services: Array
    levels_low: Array
    levels_high: Array
    wishes: Array
    sections: Array
    sections_for_age: Array
    sections_perhaps_for_age: Array
    languages: Array
    equipment: Array
    levels_stated: Array
    easting_m: Array
    northing_m: Array
    limit_m: Array
    ceiling_dkk: Array
    start_from: Array
    start_wanted: Array
    youngest: Array
    oldest: Array
    half_days_named: Array
    services_wanted: Array
    wishes_wanted: Array
    zone: Array
    payers: Array
    payer: Array
    primary: Array
    access: Array
    company: Array
    half_days_needed: Array
    gender: Array
    pension: Array
    located: Array
    odd: Array
    live: Array
    rules_out: Array
    birth_year: Array
    turns_18: Array
    turns_36: Array
    pension_month: Array

    def __init__(self, books: Codebooks) -> None:
        super().__init__()
        self._books = books
        self._waters: Waters | None = None
        self._sections_by_age: dict[int, tuple[int, int]] = {}
        self._ages: dict[tuple[int, str | None, str | None, str | None], tuple[int, ...]] = {}
        self.ruled_out: dict[int, tuple[RuledOut, ...]] = {}
        self._ruled_out_by: dict[str, set[int]] = {}
        self.odd_profiles: dict[int, NeedProfile] = {}

    def put(self, need: NeedProfile, terms: Terms, *, live: bool) -> int:
        """Write an open need into its row and give the row."""
        slot = self._take(need.need_id)
        self._waters = terms.waters
        self.live[slot] = live
        odd = self._put_codes(slot, need)
        self._put_ages(slot, need, terms)
        self._put_points(slot, need, terms.waters)
        self._put_days(slot, need)
        self.gender[slot] = _GENDERS[need.gender]
        self.company[slot] = sum(_COMPANY[name] for name in facts.companions(need))
        self.limit_m[slot] = -1 if need.max_distance_km is None else need.max_distance_km * METRES_A_KM
        ceiling = need.price_ceiling_dkk_per_month
        self.ceiling_dkk[slot] = -1 if ceiling is None else ceiling
        self.payer[slot] = payer_of(need).number
        self._put_rare(slot, need, odd=odd)
        return slot

    def _put_codes(self, slot: int, need: NeedProfile) -> bool:
        """Write what becomes bits; say whether a code found none of its own."""
        books = self._books
        sections = books.sections.mask(facts.sections(need))
        groups = books.target_groups.mask(facts.target_groups(need))
        services = books.services.mask(need.services)
        wishes = books.wish_mask(need.activities, need.work_tasks)
        languages = books.languages.mask(need.languages)
        equipment = books.equipment.mask(need.equipment_needs)
        payers = [books.municipalities.bit(code) for code in sorted(facts.payers(need))]
        self.sections[slot], self.target_groups[slot], self.services[slot] = sections, groups, services
        self.primary[slot] = books.target_groups.bit(need.primary_target_group)
        self.services_wanted[slot] = min(len(need.services), _MOST_WANTED)
        self.wishes[slot], self.wishes_wanted[slot] = wishes, min(len(need.activities) + len(need.work_tasks), _MOST_WANTED)
        self.languages[slot], self.equipment[slot] = languages, equipment
        access = books.accessibility.mask(need.access_needs)
        self.access[slot] = access
        self.payers[slot] = payers[0], payers[-1]
        self.levels_low[slot], self.levels_high[slot], stated = books.levels.words(need.levels)
        self.levels_stated[slot] = stated & _HALF_A_WORD
        return (
            books.sections.is_odd(sections)
            or books.target_groups.is_odd(groups)
            or books.services.is_odd(services)
            or books.wishes.is_odd(wishes)
            or books.languages.is_odd(languages)
            or books.equipment.is_odd(equipment)
            or books.accessibility.is_odd(access)
            or any(books.municipalities.is_odd(1 << payer) for payer in payers)
            or books.levels.is_odd(need.levels)
        )

    def _put_ages(self, slot: int, need: NeedProfile, terms: Terms) -> None:
        key = need.birth_year, need.turns_18, need.turns_36, need.reaches_pension_age
        found = self._ages.get(key)
        if found is None:
            age = facts.age_range(need, terms.today)
            found = self._ages[key] = (
                *(need.birth_year, _month(need.turns_18), _month(need.turns_36), _month(need.reaches_pension_age)),
                *(age.youngest, age.oldest, facts.pension_age(need, terms), *self._sections_of(age, terms)),
            )
        (
            self.birth_year[slot], self.turns_18[slot], self.turns_36[slot], self.pension_month[slot],
            self.youngest[slot], self.oldest[slot], self.pension[slot],
            self.sections_for_age[slot], self.sections_perhaps_for_age[slot],
        ) = found  # fmt: skip

    def _sections_of(self, age: AgeRange, terms: Terms) -> tuple[int, int]:
        """Give the sections that are for these ages: certainly, and perhaps."""
        key = (age.youngest + _AGE_SHIFT) * _AGE_STEP + age.oldest + _AGE_SHIFT
        found = self._sections_by_age.get(key)
        if found is None:
            sure = perhaps = _ALL_SECTIONS
            for section, (least, most) in terms.section_ages.items():
                bit = self._books.sections.mask((section,))
                if not (least <= age.youngest and age.oldest <= most):
                    sure &= ~bit
                if not (least <= age.oldest and age.youngest <= most):
                    perhaps &= ~bit
            found = self._sections_by_age[key] = sure, perhaps
        return found

    def _put_points(self, slot: int, need: NeedProfile, waters: Waters) -> None:
        points = need.points_of_reference
        self.located[slot] = bool(points)
        for column in range(POINTS if points else 0):
            point = points[min(column, len(points) - 1)]
            self.easting_m[slot, column], self.northing_m[slot, column] = point.easting_m, point.northing_m
            self.zone[slot, column] = waters.zone_at(point.easting_m, point.northing_m)

    def _put_days(self, slot: int, need: NeedProfile) -> None:
        wanted = need.start_by or need.start_from
        self.start_from[slot] = need.start_from.toordinal() if need.start_from else _NO_DAY
        self.start_wanted[slot] = wanted.toordinal() if wanted else _NO_DAY
        self.half_days_named[slot] = half_days.named(need)
        self.half_days_needed[slot] = half_days.needed(need)

    def _put_rare(self, slot: int, need: NeedProfile, *, odd: bool) -> None:
        self.odd[slot] = odd
        self.rule_out(slot, need.ruled_out)
        self.odd_profiles.pop(slot, None)
        if odd:
            self.odd_profiles[slot] = NeedProfile.model_validate(need, from_attributes=True)

    def rule_out(self, slot: int, entries: tuple[RuledOut, ...]) -> None:
        """Write which places a need rules out, and nothing of what it did before."""
        for entry in self.ruled_out.pop(slot, ()):
            self._ruled_out_by.get(entry.vacancy_id, set()).discard(slot)
        for entry in entries:
            self._ruled_out_by.setdefault(entry.vacancy_id, set()).add(slot)
        if entries:
            self.ruled_out[slot] = entries
        self.rules_out[slot] = bool(entries)

    def ruled_out_by(self, vacancy_id: str) -> Iterable[int]:
        """Give the needs that name a place among those that they rule out."""
        return self._ruled_out_by.get(vacancy_id, ())

    def remove(self, need_id: str) -> int | None:
        """Empty the row of a need and give it; None where there is none."""
        slot = self.slots.release(need_id)
        if slot is not None:
            self.live[slot] = False
            self.rule_out(slot, ())
            self.odd_profiles.pop(slot, None)
        return slot

    def change_terms(self, terms: Terms) -> None:
        """Work out again what the day and the policy decide: as `facts` does, for all rows."""
        self._change_ages(terms)
        self._change_pension(terms)
        if terms.waters is not self._waters:
            self._waters = terms.waters
            self.zone[:] = terms.waters.zones_at(self.easting_m, self.northing_m)
        self._sections_by_age.clear()
        self._ages.clear()
        packed = (self.youngest.astype(np.int64) + _AGE_SHIFT) * _AGE_STEP + self.oldest + _AGE_SHIFT
        ages, row = np.unique(packed, return_inverse=True)
        found = [self._sections_of(_unpacked(int(age)), terms) for age in ages]
        both = np.array(found, dtype=np.uint32)[row]
        self.sections_for_age[:], self.sections_perhaps_for_age[:] = both[:, 0], both[:, 1]

    def _change_ages(self, terms: Terms) -> None:
        now = facts.month_index(terms.today)
        oldest = terms.today.year - self.birth_year.astype(np.int32)
        youngest = oldest - 1
        for age, month in ((ADULT_AGE, self.turns_18), (YOUNG_UNTIL_AGE, self.turns_36)):
            named = month > 0
            oldest = np.where(named & (now < month), np.minimum(oldest, age - 1), oldest)
            youngest = np.where(named & (now > month), np.maximum(youngest, age), youngest)
        self.youngest[:], self.oldest[:] = np.minimum(youngest, oldest), np.maximum(youngest, oldest)

    def _change_pension(self, terms: Terms) -> None:
        now = facts.month_index(terms.today)
        years, row = np.unique(self.birth_year, return_inverse=True)
        months = np.array([_or_never(terms.pension_age_months(int(year))) for year in years])[row]
        told = self.pension_month > 0
        first = np.where(told, self.pension_month, self.birth_year.astype(np.int32) * MONTHS_A_YEAR + months)
        last = np.where(told, first, first + MONTHS_A_YEAR - 1)
        state = np.where(now < first, PensionAge.NOT_REACHED, np.where(now > last, PensionAge.REACHED, PensionAge.UNKNOWN))
        self.pension[:] = np.where(months < 0, PensionAge.UNKNOWN, state)


def _unpacked(ages: int) -> AgeRange:
    youngest, oldest = divmod(ages, _AGE_STEP)
    return AgeRange(youngest - _AGE_SHIFT, oldest - _AGE_SHIFT)


def _month(text: str | None) -> int:
    return 0 if text is None else min(facts.named_month(text), _FAR_MONTH)


def _or_never(months: int | None) -> int:
    return -1 if months is None else months
