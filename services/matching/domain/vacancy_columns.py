"""Open vacancies in typed columns, with what the policy and the day decide about a single one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain import facts, half_days
from services.matching.domain.codebooks import ALL_BITS, WORD
from services.matching.domain.prices import CLASSES, PRICE_UNIT, Payer, PriceRange, depends_on_payer, price_range, runs_out
from services.matching.domain.tables import Array, Table
from shared.contracts.vacancy import Accessibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.terms import Terms
    from services.matching.domain.water import Waters
    from shared.contracts.vacancy import Vacancy

_NO_DAY: Final = 0
_FAR_DAY: Final = 2**31 - 1
_NO_AGE: Final = 32_000
_NO_END: Final = 1 << 30
"""In kroner, beyond every ceiling: of prices whose end is not known."""

_GENDER_RULES: Final = {"women": 1, "men": 2, "everyone": 3}
_SAID: Final = {None: 0, True: 1, False: 2}
_COMPANY: Final = ("room_for_two", "room_for_children", "pets")
_BUILDING: Final = tuple(Accessibility.model_fields)


class VacancyColumns(Table):
    """Open vacancies. Only `matchable` ones are ever compared. A row is 128 bytes and has what every pair asks for.

    Attributes:
        reserve: the municipalities that a place is reserved for, two words.
        known_prices: by kind of payer (0: one of whom nothing is known), in kroner: the lowest, and one more than the highest;
            0 where nobody asked yet.
    """

    COLUMNS = {  # noqa: RUF012 - a constant of the class; ClassVar would hide the type of the base
        "target_groups": (np.uint64, ()),
        "never_takes": (np.uint64, ()),
        "asks_first": (np.uint64, ()),
        "services": (np.uint64, ()),
        "levels_low": (np.uint64, ()),
        "levels_high": (np.uint64, ()),
        "levels_stated": (np.uint64, ()),
        "wishes": (np.uint64, ()),
        "sections": (np.uint32, ()),
        "languages": (np.uint32, ()),
        "equipment": (np.uint32, ()),
        "easting_m": (np.int32, ()),
        "northing_m": (np.int32, ()),
        "available_from": (np.int32, ()),
        "available_until": (np.int32, ()),
        "age_from": (np.int16, ()),
        "age_to": (np.int16, ()),
        "places_free": (np.int16, ()),
        "half_days_counted": (np.uint16, ()),
        "half_days_perhaps": (np.uint16, ()),
        "open_on": (np.uint16, ()),
        "zone": (np.uint8, ()),
        "age_stated": (np.bool_, ()),
        "gender_rule": (np.uint8, ()),
        "half_days_stated": (np.bool_, ()),
        "hours_stated": (np.bool_, ()),
        "reserved": (np.bool_, ()),
        "for_residents": (np.bool_, ()),
        "registered": (np.uint8, ()),
        "approved": (np.uint8, ()),
        "access_yes": (np.uint8, ()),
        "access_no": (np.uint8, ()),
        "company_yes": (np.uint8, ()),
        "company_no": (np.uint8, ()),
        "located": (np.bool_, ()),
        "price_varies": (np.bool_, ()),
        "odd": (np.bool_, ()),
    }
    BESIDE = {  # noqa: RUF012 - as above
        "matchable": (np.bool_, ()),
        "found_only": (np.bool_, ()),
        "groups_or_any": (np.uint64, ()),
        "reserve": (np.uint64, (2,)),
        "price_lowest": (np.int64, ()),
        "price_highest": (np.int64, ()),
        "price_open_below": (np.bool_, ()),
        "price_open_above": (np.bool_, ()),
        "known_prices": (np.int32, (CLASSES, 2)),
        "version": (np.int64, ()),
        "opening": (np.int64, ()),
        "rank": (np.int64, ()),
        "edition": (np.int64, ()),
    }
    target_groups: Array
    never_takes: Array
    asks_first: Array
    services: Array
    levels_low: Array
    levels_high: Array
    levels_stated: Array
    wishes: Array
    sections: Array
    languages: Array
    equipment: Array
    easting_m: Array
    northing_m: Array
    available_from: Array
    available_until: Array
    age_from: Array
    age_to: Array
    places_free: Array
    half_days_counted: Array
    half_days_perhaps: Array
    open_on: Array
    zone: Array
    age_stated: Array
    gender_rule: Array
    half_days_stated: Array
    hours_stated: Array
    reserved: Array
    for_residents: Array
    registered: Array
    approved: Array
    access_yes: Array
    access_no: Array
    company_yes: Array
    company_no: Array
    located: Array
    price_varies: Array
    odd: Array
    matchable: Array
    found_only: Array
    groups_or_any: Array
    reserve: Array
    price_lowest: Array
    price_highest: Array
    price_open_below: Array
    price_open_above: Array
    known_prices: Array
    version: Array
    opening: Array
    rank: Array
    edition: Array

    def __init__(self, books: Codebooks) -> None:
        super().__init__()
        self._books = books
        self._waters: Waters | None = None
        self._under_terms: dict[int, Vacancy] = {}
        self._prices: dict[int, dict[int, PriceRange]] = {}
        self.odd_vacancies: dict[int, Vacancy] = {}

    def put(self, vacancy: Vacancy, terms: Terms) -> int:
        """Write an open vacancy into its row and give the row."""
        slot = self._take(vacancy.vacancy_id)
        self._waters = terms.waters
        self.found_only[slot] = vacancy.address_protected or vacancy.open_door
        self.matchable[slot] = not facts.never_matched(vacancy, terms.never_matched_sections)
        odd = self._put_codes(slot, vacancy)
        self._put_people(slot, vacancy)
        self._put_place(slot, vacancy, terms.waters)
        self.available_from[slot] = vacancy.available_from.toordinal() if vacancy.available_from else _NO_DAY
        self.available_until[slot] = vacancy.available_until.toordinal() if vacancy.available_until else _FAR_DAY
        self.half_days_counted[slot], self.half_days_perhaps[slot] = (
            half_days.with_room(vacancy),
            half_days.perhaps_with_room(vacancy),
        )
        self.half_days_stated[slot], self.hours_stated[slot] = bool(vacancy.day_capacity), bool(vacancy.opening_hours)
        self._put_under_terms(slot, vacancy, terms)
        self.version[slot], self.opening[slot] = vacancy.version, vacancy.opening
        self._put_rare(slot, vacancy, odd=odd)
        return slot

    def _put_codes(self, slot: int, vacancy: Vacancy) -> bool:
        """Write what becomes bits; say whether a code found none of its own."""
        books = self._books
        sections = books.sections.mask(vacancy.sections)
        groups = books.target_groups.mask(vacancy.target_groups)
        never = books.target_groups.mask(one.code for one in vacancy.cannot_take if one.strength == "absolute")
        asks = books.target_groups.mask(one.code for one in vacancy.cannot_take if one.strength == "ask_first")
        services = books.services.mask(vacancy.services)
        wishes = books.wish_mask(vacancy.activities, vacancy.work_tasks)
        languages = books.languages.mask(vacancy.languages)
        equipment = books.equipment.mask(vacancy.equipment)
        reserve = books.municipalities.mask(vacancy.reserved_for_municipalities)
        self.sections[slot], self.target_groups[slot], self.services[slot] = sections, groups, services
        self.groups_or_any[slot] = groups or ALL_BITS
        self.never_takes[slot], self.asks_first[slot] = never, asks
        self.wishes[slot], self.languages[slot], self.equipment[slot] = wishes, languages, equipment
        self.reserved[slot], self.reserve[slot] = bool(reserve), (reserve & ALL_BITS, reserve >> WORD)
        levels = vacancy.staffed_levels
        self.levels_low[slot], self.levels_high[slot], self.levels_stated[slot] = books.levels.words(levels)
        return (
            books.sections.is_odd(sections)
            or books.target_groups.is_odd(groups | never | asks)
            or books.services.is_odd(services)
            or books.wishes.is_odd(wishes)
            or books.languages.is_odd(languages)
            or books.equipment.is_odd(equipment)
            or books.municipalities.is_odd(reserve)
            or books.levels.is_odd(levels)
        )

    def _put_people(self, slot: int, vacancy: Vacancy) -> None:
        self.age_from[slot] = -_NO_AGE if vacancy.age_from is None else vacancy.age_from
        self.age_to[slot] = _NO_AGE if vacancy.age_to is None else vacancy.age_to
        self.age_stated[slot] = vacancy.age_from is not None or vacancy.age_to is not None
        self.gender_rule[slot] = _GENDER_RULES.get(vacancy.gender_rule or "", 0)
        self.places_free[slot] = -1 if vacancy.places_free is None else vacancy.places_free
        room = [getattr(vacancy, name) for name in _COMPANY]
        self.company_yes[slot], self.company_no[slot] = _bits(room, said=True), _bits(room, said=False)

    def _put_place(self, slot: int, vacancy: Vacancy, waters: Waters) -> None:
        self.for_residents[slot] = vacancy.reserved_for_residents
        self.registered[slot], self.approved[slot] = _SAID[vacancy.registered], _SAID[vacancy.approved]
        building = {name: getattr(vacancy.accessibility, name) for name in _BUILDING}
        self.access_yes[slot] = self._books.accessibility.mask(name for name, has in building.items() if has is True)
        self.access_no[slot] = self._books.accessibility.mask(name for name, has in building.items() if has is False)
        self.located[slot] = vacancy.location is not None
        if vacancy.location is not None:
            self.easting_m[slot], self.northing_m[slot] = vacancy.location.easting_m, vacancy.location.northing_m
            self.zone[slot] = waters.zone_at(vacancy.location.easting_m, vacancy.location.northing_m)

    def _put_under_terms(self, slot: int, vacancy: Vacancy, terms: Terms) -> None:
        """Write what another day or policy would make otherwise."""
        price = price_range(vacancy, Payer(None, None), terms)
        self.price_lowest[slot], self.price_highest[slot] = price.lowest or 0, price.highest or 0
        self.price_open_below[slot], self.price_open_above[slot] = price.open_below, price.open_above
        self._forget_prices(slot)
        self.known_prices[slot, 0] = _limits(price)
        self.open_on[slot] = half_days.open_on(vacancy, terms.policy.half_day_minutes)

    def _put_rare(self, slot: int, vacancy: Vacancy, *, odd: bool) -> None:
        self.odd[slot] = odd
        self.odd_vacancies.pop(slot, None)
        self._under_terms.pop(slot, None)
        self.price_varies[slot] = depends_on_payer(vacancy)
        if odd:
            self.odd_vacancies[slot] = vacancy
        if self.price_varies[slot] or vacancy.opening_hours or runs_out(vacancy):
            self._under_terms[slot] = vacancy

    def prices_for(self, slots_and_payers: Iterable[int], terms: Terms) -> Array:
        """Give prices by payer: rows of lowest, highest, open below and above; each asked for as slot * CLASSES + payer."""
        found = []
        for slot, number in (divmod(one, CLASSES) for one in slots_and_payers):
            known = self._prices.setdefault(slot, {})
            price = known.get(number)
            if price is None:
                price = known[number] = price_range(self._under_terms[slot], Payer.of_number(number), terms)
                self.known_prices[slot, number] = _limits(price)
            found.append((price.lowest or 0, price.highest or 0, price.open_below, price.open_above))
        return np.array(found, dtype=np.int64).reshape(-1, 4)

    def _forget_prices(self, slot: int) -> None:
        if self._prices.pop(slot, None):
            self.known_prices[slot] = 0

    def remove(self, vacancy_id: str) -> None:
        """Empty the row of a vacancy, if it has one."""
        slot = self.slots.release(vacancy_id)
        if slot is not None:
            self.matchable[slot] = False
            self.odd_vacancies.pop(slot, None)
            self._under_terms.pop(slot, None)
            self._forget_prices(slot)

    def change_terms(self, terms: Terms) -> None:
        """Work out again what the day and the policy decide about single vacancies."""
        never = np.uint64(self._books.sections.mask(terms.never_matched_sections))
        used = np.zeros(self._size, dtype=np.bool_)
        used[list(self.slots.of.values())] = True
        self.matchable[:] = used & ~self.found_only & ((self.sections & never) == 0)
        if terms.waters is not self._waters:
            self._waters = terms.waters
            self.zone[:] = terms.waters.zones_at(self.easting_m, self.northing_m)
        for slot, vacancy in self._under_terms.items():
            self._put_under_terms(slot, vacancy, terms)


def _limits(price: PriceRange) -> tuple[int, int]:
    """Give the lowest and one more than the highest, in kroner rounded up; beyond every ceiling on the side that is open.

    A ceiling is whole kroner, so a price is above it exactly where the price rounded up is.
    """
    lowest = -1 if price.open_below or price.lowest is None else _kroner(price.lowest)
    return lowest, _NO_END if price.open_above or price.highest is None else _kroner(price.highest) + 1


def _kroner(price: int) -> int:
    return min(-(-price // PRICE_UNIT), _NO_END - 1)


def _bits(said_of: list[bool | None], *, said: bool) -> int:
    return sum(1 << bit for bit, one in enumerate(said_of) if one is said)
