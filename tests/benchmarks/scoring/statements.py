"""The two questions of scoring as statements: the needs of one place, and the places of one need, ranked.

A need lies in its table once for each section and target group of its own, and so does a place (without a target group: once, under
-1): then one range of an index holds all candidates and, for PostgreSQL, every column that is looked at. A pair that meets in several of
its sections or groups belongs to the lowest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.codebooks import ALL_BITS
from services.matching.domain.pair_points import BITS_A_PART
from services.matching.domain.prices import CLASSES
from services.matching.domain.terms import PARTS
from tests.benchmarks.scoring.dialects import POSTGRESQL
from tests.benchmarks.scoring.layouts import NEEDS, VACANCIES, Column, Constant, bits_of, need_fields, vacancy_fields
from tests.benchmarks.scoring.pair_sql import PairSQL

if TYPE_CHECKING:
    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms
    from services.matching.domain.vacancy_columns import VacancyColumns
    from shared.contracts.need import RuledOut
    from tests.benchmarks.scoring.dialects import Dialect

NO_GROUP: Final = -1


@dataclass(frozen=True)
class Market:
    """Needs and vacancies in the engine's columns, under one set of terms; the rows stand in the order of the ids."""

    terms: Terms
    books: Codebooks
    needs: NeedColumns
    vacancies: VacancyColumns
    need_rows: Array
    vacancy_rows: Array


def needs_of_a_place(market: Market, vacancy_row: int, dialect: Dialect) -> str:
    """Give (id, score, packed) of all eligible needs of a place, best first."""
    rows = np.array([vacancy_row])
    place = Constant(vacancy_fields(market.vacancies, rows), dialect)
    pair = PairSQL(
        market.terms,
        market.books,
        dialect,
        need=Column(NEEDS, dialect),
        vacancy=place,
        rare=_OfAPlace(market, vacancy_row, dialect),
    )
    groups = int(market.vacancies.target_groups[vacancy_row])
    return _ranked(
        "need",
        _candidates(market, dialect, int(market.vacancies.sections[vacancy_row]), groups or ALL_BITS, bits_of(groups)),
        pair,
        market.terms,
        dialect,
    )


def places_of_a_need(market: Market, need_row: int, dialect: Dialect) -> str:
    """Give (id, score, packed) of all eligible places of a need, best first."""
    rows = np.array([need_row])
    need = Constant(need_fields(market.needs, rows), dialect)
    pair = PairSQL(
        market.terms, market.books, dialect, need=need, vacancy=Column(VACANCIES, dialect), rare=_OfANeed(market, need_row)
    )
    groups = int(market.needs.target_groups[need_row])
    candidates = _candidates(market, dialect, int(market.needs.sections[need_row]), groups, [NO_GROUP, *bits_of(groups)])
    return _ranked("vacancy", candidates, pair, market.terms, dialect)


def _candidates(market: Market, dialect: Dialect, sections: int, groups: int, listed: list[int]) -> list[str]:
    """Give the conditions that an index answers, and those that take each pair once."""
    by_group = market.terms.applies("target_group")
    conditions = [dialect.any_of("section", bits_of(sections))]
    if by_group and listed:
        conditions.append(dialect.any_of("target_group", listed))
    if len(bits_of(sections)) > 1:
        conditions.append(f"(sections & {_signed(sections)} & ((1::bigint << section::int) - 1)) = 0")
    if not by_group:
        groups, listed = ALL_BITS, []
    if len([group for group in listed if group != NO_GROUP]) != 1:
        lowest = f"(target_groups & {_signed(groups)} & ((1::bigint << greatest(target_group, 0)::int) - 1)) = 0"
        conditions.append(lowest)
    return conditions


def _signed(mask: int) -> str:
    return f"({mask - 2**64 if mask >> 63 else mask})::bigint"


def _ranked(table: str, candidates: list[str], pair: PairSQL, terms: Terms, dialect: Dialect) -> str:
    points = pair.points()
    measured = ",\n         ".join(f"{sql} AS p_{code}" for code, sql in points.items())
    score = " + ".join(f"p_{code}" for code in points)
    packed = " + ".join(f"p_{code} * {1 << BITS_A_PART * PARTS.index(code)}::bigint" for code in points)
    conditions = "\n     AND ".join([*candidates, *pair.conditions()])
    return f"""SELECT id, score, packed FROM (
  SELECT id, ({score})::int AS score, ({packed})::bigint AS packed FROM (
    SELECT id,
         {measured}
    FROM {table}
    WHERE {conditions}{dialect.fence}) AS measured) AS scored
WHERE score >= {terms.policy.threshold}
ORDER BY score DESC, id"""  # noqa: S608 - numbers of our own


class _OfAPlace:
    """The place is given: its prices by payer are constants, and who has ruled it out stands in a table."""

    def __init__(self, market: Market, row: int, dialect: Dialect) -> None:
        self._market = market
        self._row = row
        self._dialect = dialect

    def lowest_price(self) -> str:
        vacancies = self._market.vacancies
        fields = vacancy_fields(vacancies, np.array([self._row]))
        general = int(fields["price_lowest"][0])
        if not vacancies.price_varies[self._row]:
            return f"{general}"
        return self._dialect.array([general, *lowest_by_payer(self._market, self._row)], Column(NEEDS, self._dialect)["payer"])

    def is_not_ruled_out(self) -> str:
        opening, today = int(self._market.vacancies.opening[self._row]), self._market.terms.today.toordinal()
        rules_out = Column(NEEDS, self._dialect)["rules_out"]
        who = (
            f"SELECT need FROM ruled_out WHERE vacancy = {self._row} "  # noqa: S608 - numbers of our own
            f"AND (opening < 0 OR opening = {opening}) AND until >= {today}"
        )
        return f"({rules_out} = 0 OR {self._dialect.is_none_of('id', who)})"


class _OfANeed:
    """The need is given: the places that it rules out are constants, and prices by payer stand in a table."""

    def __init__(self, market: Market, row: int) -> None:
        self._market = market
        self._row = row

    def lowest_price(self) -> str:
        payer = int(self._market.needs.payer[self._row])
        if not payer:
            return "price_lowest"
        varies = Column(VACANCIES, POSTGRESQL)["price_varies"]
        own = f"(SELECT price.lowest FROM price WHERE price.vacancy = id AND price.payer = {payer})"  # noqa: S608 - numbers of our own
        return f"CASE WHEN {varies} = 1 THEN {own} ELSE price_lowest END"

    def is_not_ruled_out(self) -> str:
        market = self._market
        gone = [
            f"(id = {row}" + ("" if entry.opening is None else f" AND opening = {entry.opening}") + ")"
            for entry in market.needs.ruled_out.get(self._row, ())
            if (row := market.vacancies.slots.of.get(entry.vacancy_id)) is not None and _holds(entry, market.terms)
        ]
        return f"NOT ({' OR '.join(gone)})" if gone else "TRUE"


def _holds(entry: RuledOut, terms: Terms) -> bool:
    return entry.until is None or entry.until >= terms.today


def lowest_by_payer(market: Market, vacancy_row: int) -> list[int]:
    """Give the least that a place can cost each kind of payer but the unknown one; -1 where that is not known."""
    found = market.vacancies.prices_for([vacancy_row * CLASSES + payer for payer in range(1, CLASSES)], market.terms)
    return [-1 if below else int(lowest) for lowest, _, below, _ in found.tolist()]
