"""The engine beside the reference scorer, pair by pair."""

from itertools import product
from typing import Any

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.pair_points import unknown_codes, unpack_points
from services.matching.domain.reference import assess
from services.matching.domain.rules import JUDGES
from services.matching.domain.terms import PARTS, RULES, Terms
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.domain.verdicts import Fails
from services.matching.engine.scorer import Scorer
from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import Vacancy
from tests.support.matching import Chance

_OFTEN_FAILING = ("section", "age", "target_group")
"""Rules that most random pairs fail: they are judged first."""

Answers = dict[tuple[int, int], Any]
"""Of every eligible pair, by position of need and vacancy: score, points by part, what is unknown."""


def agree(seed: int, size: int, terms: Terms) -> int:
    """Compare size by size random pairs, the points of each adding up to its score; gives how many are eligible."""
    chance = Chance(seed)
    vacancies = [chance.vacancy(f"vacancy-{n:03}") for n in range(size)]
    needs = [chance.need(f"need-{n:03}", vacancy_ids=[vacancy.vacancy_id for vacancy in vacancies]) for n in range(size)]
    expected = by_reference(needs, vacancies, terms)
    engine = Engine(needs, vacancies, terms)
    assert engine.need_by_need() == expected
    assert engine.place_by_place() == expected
    assert all(sum(points.values()) == score for score, points, _ in expected.values())
    return len(expected)


def by_reference(needs: list[NeedProfile], vacancies: list[Vacancy], terms: Terms) -> Answers:
    """Give what the reference says: a pair that one rule excludes is judged no further, every other is assessed whole."""
    rules = [JUDGES[code] for code in sorted(RULES, key=_OFTEN_FAILING.__contains__, reverse=True) if terms.applies(code)]
    expected = {}
    for (n, need), (v, vacancy) in product(enumerate(needs), enumerate(vacancies)):
        if any(isinstance(judge(need, vacancy, terms), Fails) for judge in rules):
            continue
        found = assess(need, vacancy, terms)
        assert found.eligible
        if found.score >= terms.policy.threshold:
            expected[n, v] = (found.score, {code: part.points for code, part in found.parts.items()}, tuple(found.unknown))
    return expected


class Engine:
    """The same needs and vacancies in the engine."""

    def __init__(self, needs: list[NeedProfile], vacancies: list[Vacancy], terms: Terms) -> None:
        books = Codebooks()
        need_columns, vacancy_columns = NeedColumns(books), VacancyColumns(books)
        self._needs = np.array([need_columns.put(need, terms, live=True) for need in needs])
        rows = [vacancy_columns.put(vacancy, terms) for vacancy in vacancies]
        self._places = np.array([row for row in rows if vacancy_columns.matchable[row]])
        self._parts = tuple(code for code in PARTS if code in terms.parts)
        self._scorer = Scorer(need_columns, vacancy_columns, books, terms)
        self._scorer.put_needs(self._needs)
        self._scorer.put_places(self._places)

    def need_by_need(self) -> Answers:
        return self._answers([self._scorer.of_need(row) for row in self._needs.tolist()])

    def place_by_place(self) -> Answers:
        return self._answers([self._scorer.of_place(row) for row in self._places.tolist()])

    def _answers(self, found: list[Any]) -> Answers:
        pairs, answers = np.concatenate(found), Answers()
        columns = (pairs[name].tolist() for name in ("need", "vacancy", "score", "points", "unknown"))
        for need, vacancy, score, points, unknown in zip(*columns, strict=True):
            answers[need, vacancy] = (score, unpack_points(points, self._parts), unknown_codes(unknown))
        assert len(answers) == len(pairs), "a pair is found once"
        return answers
