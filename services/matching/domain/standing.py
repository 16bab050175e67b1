"""How one need stands to every open place that shares a section with it, whether the place would be proposed or not."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.need_read_back import profile_at
from services.matching.domain.pair_columns import BIT, Pairs
from services.matching.domain.pair_points import PairPoints
from services.matching.domain.pair_rules import RULE_BIT, PairRules, ceiling, first_start, half_days_that_would_do, way_m
from services.matching.domain.reference import assess
from services.matching.domain.terms import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.reference import Assessment
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from services.matching.domain.vacancy_columns import VacancyColumns
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import RuleCode


@dataclass(frozen=True, slots=True)
class Standing:
    """One need beside the open places that share a section with it, an entry of each column for each place.

    Attributes:
        rows: of the places in the columns, ascending.
        failed: every rule that the pair fails, as bits in the order of RULES.
        unknown: what could not be judged, as bits in the order of UNKNOWN_CODES.
        score: points of the fit, 0 to 100, of pairs that fail a rule too.
        short_by: of pairs that fail one rule, by how much, where the rule measures something (metres, PRICE_UNITs, years, days,
            half-days); else 0.
        rank: of the places by id.
    """

    rows: Array
    failed: Array
    unknown: Array
    score: Array
    short_by: Array
    rank: Array


class Observer:
    """Looks at all places for one need, under one set of terms."""

    def __init__(self, needs: NeedColumns, vacancies: VacancyColumns, books: Codebooks, terms: Terms) -> None:
        self._needs = needs
        self._vacancies = vacancies
        self._books = books
        self._terms = terms
        self._today = terms.today.toordinal()
        self._rules = PairRules(books, terms)
        self._points = PairPoints(books, terms)
        self._measured: Mapping[RuleCode, Callable[[Pairs], Array]] = {
            "distance": _metres_too_far,
            "price": self._too_dear,
            "age": _years_outside,
            "dates": self._days_too_late,
            "half_days": _half_days_missing,
        }

    @property
    def open(self) -> int:
        """Count the open places."""
        return len(self._vacancies)

    @property
    def matchable(self) -> int:
        """Count those that can be proposed at all."""
        return int(np.count_nonzero(self._vacancies.matchable))

    def often_in_the_way(self, need_id: str) -> RuleCode | None:
        """Give the rule that most often is the only one between a need of the columns and a place with a section in common."""
        row = self._needs.slots.of[need_id]
        rows = self._sharing_a_section(self._needs, row)
        pairs = self._pairs(self._needs, row, rows if self._needs.odd[row] else self._perhaps_near(row, rows))
        odd = self._odd(pairs)
        of_odd = [bits_of(self._judged(pairs, position).failed) for position in np.flatnonzero(odd).tolist()]
        pairs.keep(~odd)
        failed = self._rules.failing(pairs, most=1)
        return most_often_alone(np.concatenate((failed, np.array(of_odd, dtype=np.int32))), self._terms)

    def profile(self, need_id: str, *, version: int, handlekommune: str) -> NeedProfile:
        """Give a need of the columns whole enough to be looked at."""
        slot = self._needs.slots.of[need_id]
        return profile_at(self._needs, slot, self._books, version=version, handlekommune=handlekommune)

    def look(self, need: NeedProfile) -> Standing:
        """Say how any need stands to the places, be it in the columns or not; the columns stay as they are."""
        # In codebooks of its own: what is only asked about takes no bit from what is announced.
        needs = NeedColumns(deepcopy(self._books))
        row = needs.put(need, self._terms, live=False)
        pairs = self._pairs(needs, row, self._sharing_a_section(needs, row))
        failed = self._rules.failing(pairs)
        score, _ = self._points.measure(pairs)
        for position in np.flatnonzero(self._odd(pairs)).tolist():
            found = self._judged(pairs, position)
            failed[position], score[position] = bits_of(found.failed), found.score
            pairs.unknown[position] = sum(int(BIT[code]) for code in found.unknown)
        short_by = self._short_by(pairs, failed)
        return Standing(pairs.vacancy_rows, failed, pairs.unknown, score, short_by, self._vacancies.rank[pairs.vacancy_rows])

    def _sharing_a_section(self, needs: NeedColumns, need_row: int) -> Array:
        vacancies = self._vacancies
        return np.flatnonzero(vacancies.matchable & ((vacancies.sections & needs.sections[need_row]) != 0))

    def _perhaps_near(self, need_row: int, rows: Array) -> Array:
        """Leave out most places that fail more than one rule: by what costs little to compare, and parts most from each other."""
        needs, vacancies, applies = self._needs, self._vacancies, self._terms.applies
        failed = np.zeros(len(rows), dtype=np.int8)
        if applies("target_group"):
            failed += (vacancies.groups_or_any[rows] & needs.target_groups[need_row]) == 0
        if applies("age"):
            failed += (vacancies.age_from[rows] > needs.oldest[need_row]) | (vacancies.age_to[rows] < needs.youngest[need_row])
        if applies("distance") and needs.located[need_row] and needs.limit_m[need_row] >= 0:
            failed += vacancies.located[rows] & self._beyond_straight_lines(need_row, rows)
        return rows[failed <= 1]

    def _beyond_straight_lines(self, need_row: int, rows: Array) -> Array:
        """Say which places are too far from all points of a need, whatever the water adds."""
        needs, vacancies = self._needs, self._vacancies
        limit_m2 = (int(needs.limit_m[need_row]) + 1) ** 2  # whole metres count
        east, north = vacancies.easting_m[rows].astype(np.int64), vacancies.northing_m[rows].astype(np.int64)
        beyond = np.ones(len(rows), dtype=np.bool_)
        for own_east, own_north in {*zip(needs.easting_m[need_row].tolist(), needs.northing_m[need_row].tolist(), strict=True)}:
            beyond &= (east - own_east) ** 2 + (north - own_north) ** 2 >= limit_m2
        return beyond

    def _pairs(self, needs: NeedColumns, need_row: int, rows: Array) -> Pairs:
        unknown = np.zeros(len(rows), dtype=np.int32)
        return Pairs(needs, self._vacancies, np.full_like(rows, need_row), rows, None, unknown, self._terms.waters.extra_m)

    @staticmethod
    def _odd(pairs: Pairs) -> Array:
        """Say of which pairs both sides carry codes without a bit of their own: they are left to the reference."""
        return np.asarray(pairs.n("odd") & pairs.v("odd"))

    def _judged(self, pairs: Pairs, position: int) -> Assessment:
        need = pairs.needs.odd_profiles[int(pairs.need_rows[position])]
        return assess(need, pairs.vacancies.odd_vacancies[int(pairs.vacancy_rows[position])], self._terms)

    def _short_by(self, pairs: Pairs, failed: Array) -> Array:
        short_by = np.zeros(len(pairs), dtype=np.int64)
        for code, measure in self._measured.items():
            alone = failed == RULE_BIT[code]
            if alone.any():
                short_by[alone] = measure(pairs)[alone]
        return short_by

    def _too_dear(self, pairs: Pairs) -> Array:
        return self._rules.lowest_price(pairs) - ceiling(pairs)

    def _days_too_late(self, pairs: Pairs) -> Array:
        return np.asarray(first_start(pairs, self._today) - pairs.v("available_until"))


def _metres_too_far(pairs: Pairs) -> Array:
    """Give how far it is: the limit is the same for all places of one need."""
    return way_m(pairs)


def _years_outside(pairs: Pairs) -> Array:
    too_young, too_old = pairs.v("age_from") - pairs.n("oldest"), pairs.n("youngest") - pairs.v("age_to")
    return np.asarray(np.maximum(too_young, too_old))


def _half_days_missing(pairs: Pairs) -> Array:
    usable = np.bitwise_count(half_days_that_would_do(pairs) & pairs.v("half_days_perhaps"))
    return np.asarray(pairs.n("half_days_needed").astype(np.int64) - usable)


def most_often_alone(failed: Array, terms: Terms) -> RuleCode | None:
    """Give the rule that is the only one in the way most often; of equals the one that the policy names first.

    Args:
        failed: of each place, the rules that it fails, as bits in the order of RULES.
        terms: whose policy gives the order.
    """
    counts: dict[RuleCode, int] = {code: int(np.count_nonzero(failed == RULE_BIT[code])) for code in terms.rules}
    first = max(counts, key=lambda code: counts[code], default=None)
    return first if first is not None and counts[first] else None


def bits_of(codes: Iterable[RuleCode]) -> int:
    return sum(int(RULE_BIT[code]) for code in codes)


def failed_codes(bits: int) -> tuple[RuleCode, ...]:
    return tuple(code for position, code in enumerate(RULES) if bits >> position & 1)
