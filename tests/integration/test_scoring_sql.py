"""The SQL that benchmarks measure the engine beside: generated from the policy, and of one mind with the engine about every pair."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import numpy as np
import pytest

from deploy.cli.stack_state import StackState
from services.matching.domain.codebooks import Codebooks
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.terms import Terms
from services.matching.domain.vacancy_columns import VacancyColumns
from shared.contracts.settings import Policy
from shared.messaging.security import Brokers
from shared.messaging.topics import TopicNames
from tests.benchmarks.scoring import best_k, need_event, vacancy_event
from tests.benchmarks.scoring.dialects import DUCKDB, POSTGRESQL
from tests.benchmarks.scoring.duck import Duck
from tests.benchmarks.scoring.engine import Engine
from tests.benchmarks.scoring.postgres import SERIAL, Asker, load
from tests.benchmarks.scoring.statements import Market, needs_of_a_place, places_of_a_need
from tests.benchmarks.scoring.tables import SqlTable, tables_of
from tests.benchmarks.scoring.world import draw_market, put_places
from tests.support.backends import Postgres
from tests.support.matching import TODAY, Chance, first_policy, full_policy

_NEEDS: Final = 2000
_VACANCIES: Final = 50
_ASKED_NEEDS: Final = 200
_ALL: Final = 10**6


def _market(policy: Policy) -> Market:
    """Draw needs and vacancies; those whose codes have no bit of their own are the reference scorer's."""
    terms, books, chance = Terms(policy, TODAY), Codebooks(), Chance(8)
    needs, vacancies = NeedColumns(books), VacancyColumns(books)
    drawn = [chance.vacancy(f"vacancy-{number:03}") for number in range(_VACANCIES)]
    vacancy_rows = put_places(vacancies, terms, drawn)
    ids = [vacancy.vacancy_id for vacancy in drawn]
    need_rows = np.array(
        [needs.put(chance.need(f"need-{number:04}", vacancy_ids=ids), terms, live=True) for number in range(_NEEDS)]
    )
    return Market(terms, books, needs, vacancies, need_rows[~needs.odd[need_rows]], vacancy_rows)


@pytest.fixture(
    scope="module",
    params=[
        lambda: _market(first_policy()),
        lambda: _market(full_policy(threshold=0)),
        lambda: draw_market(_NEEDS, _VACANCIES, 8),
    ],
    ids=["few rules, above the threshold", "every rule and part", "as the benchmarks draw it"],
)
def market(request: pytest.FixtureRequest) -> Market:
    made: Market = request.param()
    return made


@pytest.fixture(scope="module")
def tables(market: Market) -> list[SqlTable]:
    return tables_of(market)


@pytest.fixture
async def postgres_asker(tables: list[SqlTable], empty_dsn: str) -> AsyncIterator[Asker]:
    await load(empty_dsn, tables)
    asker = await Asker.connect(empty_dsn, SERIAL)
    yield asker
    await asker.close()


@pytest.fixture
def duck(tables: list[SqlTable]) -> Iterator[Duck]:
    database = Duck(tables)
    yield database
    database.close()


async def test_all_needs_of_a_place_are_the_same_with_the_same_points(market: Market, postgres_asker: Asker, duck: Duck) -> None:
    engine, eligible = Engine(market), 0
    for row in market.vacancy_rows.tolist():
        ranking = engine.needs_of_a_place(row, first=_ALL)
        answer = list(zip(ranking.ids.tolist(), ranking.points.tolist(), strict=True))
        assert [row[::2] for row in await postgres_asker.rows(needs_of_a_place(market, row, POSTGRESQL))] == answer
        assert [row[::2] for row in duck.rows(needs_of_a_place(market, row, DUCKDB))] == answer
        eligible += len(answer)
    assert eligible > len(market.need_rows) // 4


async def test_the_first_places_of_a_need_are_the_same_with_the_same_points(
    market: Market, postgres_asker: Asker, duck: Duck
) -> None:
    engine, eligible = Engine(market), 0
    for row in market.need_rows[:_ASKED_NEEDS].tolist():
        ranking = engine.places_of_a_need(row, first=10)
        answer = list(zip(ranking.ids.tolist(), ranking.points.tolist(), strict=True))
        assert [row[::2] for row in await postgres_asker.rows(f"{places_of_a_need(market, row, POSTGRESQL)} LIMIT 10")] == answer
        assert [row[::2] for row in duck.rows(f"{places_of_a_need(market, row, DUCKDB)} LIMIT 10")] == answer
        eligible += len(answer)
    assert eligible > _ASKED_NEEDS // 4


async def test_a_prepared_question_answers_as_the_engine_does(market: Market, postgres_asker: Asker, duck: Duck) -> None:
    engine, row = Engine(market), int(market.vacancy_rows[0])
    expected = engine.needs_of_a_place(row, first=3)
    prepared = await postgres_asker.prepare(needs_of_a_place(market, row, POSTGRESQL), 3, all_ids=True)
    await prepared.ask()
    expected.must_equal(prepared.answer(), "PostgreSQL")
    question = duck.prepare(needs_of_a_place(market, row, DUCKDB), None)
    question.ask()
    expected.must_equal(question.answer(3), "DuckDB")


def test_the_same_seed_draws_the_same_market() -> None:
    one, other = draw_market(500, 20, 3), draw_market(500, 20, 3)
    for name in one.needs.COLUMNS:
        assert np.array_equal(getattr(one.needs, name), getattr(other.needs, name)), name
    for name in one.vacancies.COLUMNS:
        assert np.array_equal(getattr(one.vacancies, name), getattr(other.vacancies, name)), name


async def test_the_benchmarks_run_whole_on_a_small_market(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDIGPLADS_INTAKE_POSTGRES_DSN", raising=False)
    stack = StackState("", Brokers(""), TopicNames(""), {}, postgres.dsn)
    figures = [
        *[one async for one in vacancy_event.run(stack, vacancy_event.Options(needs=_NEEDS, vacancies=_VACANCIES, rounds=2))],
        *[one async for one in need_event.run(stack, need_event.Options(vacancies=_VACANCIES * 4, events=10, rounds=2))],
        *[one async for one in best_k.run(stack, best_k.Options(needs=_NEEDS, vacancies=200, events=120, lists=10, burst=20))],
    ]
    assert {figure.benchmark.split(".")[1] for figure in figures} == {"vacancy_event", "need_event", "best_k"}
    assert all(figure.figure > 0 for figure in figures)
