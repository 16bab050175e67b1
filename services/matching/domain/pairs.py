"""Scoring many pairs at once: the rules and parts of `reference.py`, column by column.

Two steps. Candidates are the pairs that share a section and may share a target group; these are judged and measured exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.pair_columns import BIT, Pairs
from services.matching.domain.pair_points import PairPoints, pack_points
from services.matching.domain.pair_rules import PairRules
from services.matching.domain.reference import assess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from services.matching.domain.vacancy_columns import VacancyColumns

_MOST_CELLS: Final = 1_000_000
"""Pairs looked at in one go: the working set stays near the processor."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Eligible pairs at or above the threshold: rows of need and vacancy, score, points packed by part, unknown bits."""

    needs: Array
    vacancies: Array
    score: Array
    points: Array
    unknown: Array


class PairScorer:
    """Judges pairs of rows of the columns under one set of terms."""

    def __init__(self, needs: NeedColumns, vacancies: VacancyColumns, books: Codebooks, terms: Terms) -> None:
        self._needs = needs
        self._vacancies = vacancies
        self._terms = terms
        self._rules = PairRules(books, terms)
        self._points = PairPoints(books, terms)
        self._by_group = terms.applies("target_group")

    def scored(self, need_rows: Array, vacancy_rows: Array) -> Iterator[Scored]:
        """Give the eligible pairs between two sets of rows, a piece at a time; the pieces of one need follow each other.

        Args:
            need_rows: live needs, ascending.
            vacancy_rows: matchable vacancies, ascending.
        """
        if not len(need_rows) or not len(vacancy_rows):
            return
        only = int(vacancy_rows[0]) if len(vacancy_rows) == 1 else None
        height = max(1, _MOST_CELLS // len(vacancy_rows))
        for start in range(0, len(need_rows), height):
            needs, vacancies = self._candidates(need_rows[start : start + height], vacancy_rows)
            if len(needs):
                yield self._score(needs, vacancies, only)

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

    def _score(self, needs: Array, vacancies: Array, only_vacancy: int | None) -> Scored:
        odd = self._needs.odd[needs] & self._vacancies.odd[vacancies]
        if odd.any():
            return self._with_odd(needs, vacancies, only_vacancy, odd)
        unknown = np.zeros(len(needs), dtype=np.int32)
        extra_m = self._terms.waters.extra_m
        pairs = Pairs(self._needs, self._vacancies, needs, vacancies, only_vacancy, unknown, extra_m)
        self._rules.judge(pairs)
        score, packed = self._points.measure(pairs)
        chosen = score >= self._terms.policy.threshold
        found = (pairs.need_rows, pairs.vacancy_rows, score, packed, pairs.unknown)
        return Scored(*(column[chosen] for column in found))

    def _with_odd(self, needs: Array, vacancies: Array, only_vacancy: int | None, odd: Array) -> Scored:
        """Leave the pairs whose both sides carry codes without a bit of their own to the reference."""
        plain = self._score(needs[~odd], vacancies[~odd], only_vacancy)
        rows: list[tuple[int, int, int, int, int]] = []
        for need, vacancy in zip(needs[odd].tolist(), vacancies[odd].tolist(), strict=True):
            found = assess(self._needs.odd_profiles[need], self._vacancies.odd_vacancies[vacancy], self._terms)
            if found.eligible and found.score >= self._terms.policy.threshold:
                packed = pack_points({code: part.points for code, part in found.parts.items()})
                rows.append((need, vacancy, found.score, packed, sum(int(BIT[code]) for code in found.unknown)))
        exact = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        plain_parts = (plain.needs, plain.vacancies, plain.score, plain.points, plain.unknown)
        return Scored(*(np.concatenate(pair) for pair in zip(plain_parts, exact, strict=True)))
