"""Scoring many pairs at once: the rules and parts of `reference.py`, column by column.

Two steps. `candidates` finds the pairs that share a section and may share a target group; `score` judges these exactly. Only
integers decide: square roots are taken in floating point and corrected in integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from services.matching.domain.facts import PensionAge
from services.matching.domain.reference import METRES_A_KM, assess
from services.matching.domain.terms import PARTS, UNKNOWN_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from services.matching.domain.columns import Array, Codebooks, NeedColumns, VacancyColumns
    from services.matching.domain.terms import Terms
    from shared.contracts.settings import PartCode, RuleCode

_BIT: Final = {code: 1 << position for position, code in enumerate(UNKNOWN_CODES)}
BITS_A_PART: Final = 7
"""A hundred points; eight parts together leave the sign bit alone."""

_PART_MASK: Final = (1 << BITS_A_PART) - 1

_MOST_CELLS: Final = 1_000_000
"""Pairs looked at in one go: the working set stays near the processor."""

_HOLDS, _FAILS, _NOT_KNOWN = 0, 1, 2
# By the need's gender (none stated, woman, man) and the place's rule (none or an unknown code, women, men, everyone).
_GENDER_VERDICTS: Final = np.array(
    [
        [_HOLDS, _NOT_KNOWN, _NOT_KNOWN, _HOLDS],
        [_NOT_KNOWN, _HOLDS, _FAILS, _HOLDS],
        [_NOT_KNOWN, _FAILS, _HOLDS, _HOLDS],
    ],
    dtype=np.int8,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """Eligible pairs at or above the threshold: rows of need and vacancy, score, points packed by part, unknown bits."""

    needs: Array
    vacancies: Array
    score: Array
    points: Array
    unknown: Array


@lru_cache(maxsize=65_536)
def unpack_points(packed: int, parts: tuple[PartCode, ...]) -> Mapping[str, int]:
    """Give the points by part out of one integer, seven bits for each of PARTS."""
    return {part: packed >> BITS_A_PART * PARTS.index(part) & _PART_MASK for part in parts}


@lru_cache(maxsize=4_096)
def unknown_codes(bits: int) -> tuple[str, ...]:
    return tuple(code for code, bit in _BIT.items() if bits & bit)


class PairScorer:
    """Judges pairs of rows of the columns under one set of terms."""

    def __init__(self, needs: NeedColumns, vacancies: VacancyColumns, books: Codebooks, terms: Terms) -> None:
        self._needs = needs
        self._vacancies = vacancies
        self._terms = terms
        self._today = terms.today.toordinal()
        self._pension_sections = np.uint64(books.sections.mask(terms.pension_age_sections))
        self._by_group = terms.applies("target_group")

    def scored(self, need_rows: Array, vacancy_rows: Array) -> Iterator[Scored]:
        """Give the eligible pairs between two sets of rows, a piece at a time; the pieces of one need follow each other.

        Args:
            need_rows: live needs, ascending.
            vacancy_rows: matchable vacancies, ascending.
        """
        if not len(need_rows) or not len(vacancy_rows):
            return
        height = max(1, _MOST_CELLS // len(vacancy_rows))
        for start in range(0, len(need_rows), height):
            needs, vacancies = self._candidates(need_rows[start : start + height], vacancy_rows)
            if len(needs):
                yield self._score(needs, vacancies)

    def _candidates(self, need_rows: Array, vacancy_rows: Array) -> tuple[Array, Array]:
        """Find the pairs that share a section and may share a target group, each once."""
        need_sections, vacancy_sections = self._needs.sections[need_rows], self._vacancies.sections[vacancy_rows]
        both = int(np.bitwise_or.reduce(need_sections)) & int(np.bitwise_or.reduce(vacancy_sections))
        found: list[tuple[Array, Array]] = []
        while both:
            bit = both & -both
            both ^= bit
            section = np.uint64(bit)
            needs = need_rows[(need_sections & section) != 0]
            vacancies = vacancy_rows[(vacancy_sections & section) != 0]
            found.append(self._of_section(needs, vacancies, bit))
        if len(found) == 1:
            return found[0]
        if not found:
            return need_rows[:0], vacancy_rows[:0]
        return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])

    def _of_section(self, needs: Array, vacancies: Array, bit: int) -> tuple[Array, Array]:
        if self._by_group:
            cells = (self._needs.target_groups[needs][:, None] & self._vacancies.groups_or_any[vacancies][None, :]) != 0
            rows, columns = np.divmod(np.flatnonzero(cells), len(vacancies))
            needs, vacancies = needs[rows], vacancies[columns]
        else:
            needs, vacancies = np.repeat(needs, len(vacancies)), np.tile(vacancies, len(needs))
        common = self._needs.sections[needs] & self._vacancies.sections[vacancies]
        once = (common & np.uint64(bit - 1)) == 0  # a pair with several sections in common belongs to the lowest
        return needs[once], vacancies[once]

    # --- the rules ---------------------------------------------------------------------------------------------------

    def _score(self, needs: Array, vacancies: Array) -> Scored:
        odd = self._needs.odd[needs] & self._vacancies.odd[vacancies]
        if odd.any():
            return self._with_odd(needs, vacancies, odd)
        fails, unknown = self._cheap_rules(needs, vacancies)
        needs, vacancies, unknown = _keep(~fails, needs, vacancies, unknown)
        square_m2, measured = self._distance(needs, vacancies)
        fails, more_unknown = self._costly_rules(needs, vacancies, square_m2, measured)
        needs, vacancies, unknown, square_m2, measured = _keep(
            ~fails, needs, vacancies, unknown | more_unknown, square_m2, measured
        )
        return self._with_points(needs, vacancies, unknown, square_m2, measured)

    def _cheap_rules(self, needs: Array, vacancies: Array) -> tuple[Array, Array]:
        """Judge what compares a value or two of each side."""
        n, v = self._needs, self._vacancies
        fails, unknown = np.zeros(len(needs), dtype=np.bool_), np.zeros(len(needs), dtype=np.int64)
        if self._applies("age"):
            youngest, oldest, least, most = n.youngest[needs], n.oldest[needs], v.age_from[vacancies], v.age_to[vacancies]
            fails |= (oldest < least) | (youngest > most)
            unknown[~v.age_stated[vacancies] | (youngest < least) | (oldest > most)] |= _BIT["age"]
        if self._applies("pension_age"):
            limited = (n.sections[needs] & v.sections[vacancies] & ~self._pension_sections) == 0
            pension = n.pension[needs]
            fails |= limited & (pension == PensionAge.REACHED)
            unknown[limited & (pension == PensionAge.UNKNOWN)] |= _BIT["pension_age"]
        if self._applies("target_group"):
            unknown[v.target_groups[vacancies] == 0] |= _BIT["target_group"]
        if self._applies("gender"):
            verdict = _GENDER_VERDICTS[n.gender[needs], v.gender_rule[vacancies]]
            fails |= verdict == _FAILS
            unknown[verdict == _NOT_KNOWN] |= _BIT["gender"]
        if self._applies("capacity"):
            free = v.places_free[vacancies]
            fails |= free == 0
            unknown[free < 0] |= _BIT["capacity"]
        if self._applies("dates"):
            fails |= v.available_until[vacancies] < self._first_start(needs, vacancies)
        return fails, unknown

    def _costly_rules(self, needs: Array, vacancies: Array, square_m2: Array, measured: Array) -> tuple[Array, Array]:
        n, v = self._needs, self._vacancies
        fails, unknown = np.zeros(len(needs), dtype=np.bool_), np.zeros(len(needs), dtype=np.int64)
        if self._applies("distance"):
            limit_m2 = n.limit_m2[needs]
            limited = limit_m2 >= 0
            fails |= limited & measured & (square_m2 > limit_m2)
            unknown[limited & ~measured] |= _BIT["distance"]
        if self._applies("price"):
            ceiling, priced = n.ceiling[needs], v.priced[vacancies]
            limited = ceiling >= 0
            too_dear = priced & (v.price_lowest[vacancies] > ceiling)
            fails |= limited & too_dear
            unknown[limited & ~too_dear & ~(priced & (v.price_highest[vacancies] <= ceiling))] |= _BIT["price"]
        if self._applies("ruled_out"):
            for position in np.flatnonzero(n.rules_out[needs]):
                fails[position] |= self._is_ruled_out(int(needs[position]), int(vacancies[position]))
        return fails, unknown

    def _is_ruled_out(self, need: int, vacancy: int) -> bool:
        vacancy_id, opening = self._vacancies.slots.ids[vacancy], int(self._vacancies.opening[vacancy])
        return any(
            entry.vacancy_id == vacancy_id
            and (entry.opening is None or entry.opening == opening)
            and (entry.until is None or entry.until >= self._terms.today)
            for entry in self._needs.ruled_out[need]
        )

    def _first_start(self, needs: Array, vacancies: Array) -> Array:
        return np.maximum(
            np.maximum(self._needs.start_from[needs], self._vacancies.available_from[vacancies]), np.int32(self._today)
        )

    def _distance(self, needs: Array, vacancies: Array) -> tuple[Array, Array]:
        """Give the square of the distance to the nearest point, and whether both sides have points."""
        east = self._needs.easting_m[needs] - self._vacancies.easting_m[vacancies][:, None]
        north = self._needs.northing_m[needs] - self._vacancies.northing_m[vacancies][:, None]
        return (east * east + north * north).min(axis=1), self._needs.located[needs] & self._vacancies.located[vacancies]

    # --- the parts of the fit ----------------------------------------------------------------------------------------

    def _with_points(self, needs: Array, vacancies: Array, unknown: Array, square_m2: Array, measured: Array) -> Scored:
        score, packed = np.zeros(len(needs), dtype=np.int64), np.zeros(len(needs), dtype=np.int64)
        measures: Mapping[PartCode, Callable[[], tuple[Array, Array]]] = {
            "services": lambda: self._services(needs, vacancies),
            "target_group": lambda: self._target_group(needs, vacancies),
            "travel": lambda: (self._travel(square_m2), measured),
            "start": lambda: (self._start(needs, vacancies), np.ones(len(needs), dtype=np.bool_)),
        }
        for position, code in enumerate(PARTS):
            if code not in self._terms.parts:
                continue
            points, known = measures[code]()
            points = np.where(known, points, self._terms.parts[code].points_when_unknown)
            unknown = np.where(known, unknown, unknown | _BIT[code])
            score += points
            packed |= points << (BITS_A_PART * position)
        return Scored(*_keep(score >= self._terms.policy.threshold, needs, vacancies, score, packed, unknown))

    def _services(self, needs: Array, vacancies: Array) -> tuple[Array, Array]:
        wanted, given = self._needs.services_wanted[needs], self._vacancies.services[vacancies]
        known = (wanted > 0) & (given != 0)
        both = np.bitwise_count(self._needs.services[needs] & given).astype(np.int64)
        return self._terms.parts["services"].max_points * both // np.maximum(wanted, 1), known

    def _target_group(self, needs: Array, vacancies: Array) -> tuple[Array, Array]:
        most = self._terms.parts["target_group"].max_points
        share = most * self._terms.policy.further_target_group_percent // 100
        groups = self._vacancies.target_groups[vacancies]
        further = np.where((self._needs.target_groups[needs] & groups) != 0, share, 0)
        return np.where((self._needs.primary[needs] & groups) != 0, most, further), groups != 0

    def _travel(self, square_m2: Array) -> Array:
        policy, most = self._terms.policy, self._terms.parts["travel"].max_points
        full, none = policy.travel_full_points_km * METRES_A_KM, policy.travel_no_points_km * METRES_A_KM
        metres = integer_sqrt(square_m2)
        between = most * (none - metres) // max(none - full, 1)
        return np.where(metres <= full, most, np.where(metres >= none, 0, between))

    def _start(self, needs: Array, vacancies: Array) -> Array:
        most, days = self._terms.parts["start"].max_points, self._terms.policy.start_no_points_days
        wanted = np.maximum(self._needs.start_wanted[needs], np.int32(self._today))
        late = np.clip(self._first_start(needs, vacancies).astype(np.int64) - wanted, 0, days)
        return most * (days - late) // days

    # --- what has codes without a bit --------------------------------------------------------------------------------

    def _with_odd(self, needs: Array, vacancies: Array, odd: Array) -> Scored:
        """Leave the pairs whose both sides carry codes without a bit of their own to the reference."""
        plain = self._score(*_keep(~odd, needs, vacancies))
        rows: list[tuple[int, int, int, int, int]] = []
        for need, vacancy in zip(*(part.tolist() for part in _keep(odd, needs, vacancies)), strict=True):
            found = assess(self._needs.odd_profiles[need], self._vacancies.odd_vacancies[vacancy], self._terms)
            if found.eligible and found.score >= self._terms.policy.threshold:
                packed = sum(part.points << BITS_A_PART * PARTS.index(code) for code, part in found.parts.items())
                rows.append((need, vacancy, found.score, packed, sum(_BIT[code] for code in found.unknown)))
        exact = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        plain_parts = (plain.needs, plain.vacancies, plain.score, plain.points, plain.unknown)
        return Scored(*(np.concatenate(pair) for pair in zip(plain_parts, exact, strict=True)))

    def _applies(self, code: RuleCode) -> bool:
        return self._terms.applies(code)


def integer_sqrt(squares: Array) -> Array:
    """Give the whole square root, rounded down, of each integer below 2**52; corrected in integers, whatever the float says."""
    root = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    root -= root * root > squares
    root += (root + 1) * (root + 1) <= squares
    return root


def _keep(mask: Array, *columns: Array) -> tuple[Any, ...]:
    return tuple(column[mask] for column in columns)
