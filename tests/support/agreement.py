"""The columns beside the reference scorer, pair by pair."""

from itertools import product
from typing import Any

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.pair_points import unknown_codes, unpack_points
from services.matching.domain.pairs import PairScorer
from services.matching.domain.reference import assess
from services.matching.domain.terms import PARTS, Terms
from services.matching.domain.vacancy_columns import VacancyColumns
from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import Vacancy
from tests.support.matching import Chance

Answers = dict[tuple[int, int], Any]
"""Of every eligible pair, by position of need and vacancy: score, points by part, what is unknown."""


def agree(seed: int, size: int, terms: Terms) -> int:
    """Compare size by size random pairs, the points of each adding up to its score; gives how many are eligible."""
    chance = Chance(seed)
    vacancies = [chance.vacancy(f"vacancy-{n:03}") for n in range(size)]
    needs = [chance.need(f"need-{n:03}", vacancy_ids=[vacancy.vacancy_id for vacancy in vacancies]) for n in range(size)]
    expected = by_reference(needs, vacancies, terms)
    columns = Columns(needs, vacancies, terms)
    assert columns.all_at_once() == expected
    assert columns.one_vacancy_at_a_time() == expected
    assert all(sum(points.values()) == score for score, points, _ in expected.values())
    return len(expected)


def by_reference(needs: list[NeedProfile], vacancies: list[Vacancy], terms: Terms) -> Answers:
    expected = {}
    for (n, need), (v, vacancy) in product(enumerate(needs), enumerate(vacancies)):
        found = assess(need, vacancy, terms)
        if found.eligible and found.score >= terms.policy.threshold:
            expected[n, v] = (found.score, {code: part.points for code, part in found.parts.items()}, tuple(found.unknown))
    return expected


class Columns:
    """The same needs and vacancies in columns."""

    def __init__(self, needs: list[NeedProfile], vacancies: list[Vacancy], terms: Terms) -> None:
        books = Codebooks()
        need_columns, vacancy_columns = NeedColumns(books), VacancyColumns(books)
        self._needs = np.array([need_columns.put(need, terms, live=True) for need in needs])
        rows = [vacancy_columns.put(vacancy, terms) for vacancy in vacancies]
        self._vacancies = np.array([row for row in rows if vacancy_columns.matchable[row]])
        self._parts = tuple(code for code in PARTS if code in terms.parts)
        self._scorer = PairScorer(need_columns, vacancy_columns, books, terms)

    def all_at_once(self) -> Answers:
        """As a need is scored against all vacancies."""
        return self._scored(self._vacancies)

    def one_vacancy_at_a_time(self) -> Answers:
        """As a vacancy is scored against all needs."""
        found: Answers = {}
        for row in self._vacancies:
            found |= self._scored(np.array([row]))
        return found

    def _scored(self, vacancy_rows: Any) -> Answers:
        found: Answers = {}
        for part in self._scorer.scored(self._needs, vacancy_rows):
            columns = (part.needs, part.vacancies, part.score, part.points, part.unknown)
            for n, v, score, points, unknown in zip(*(column.tolist() for column in columns), strict=True):
                assert (n, v) not in found, "a pair is scored once"
                found[n, v] = (score, unpack_points(points, self._parts), unknown_codes(unknown))
        return found
