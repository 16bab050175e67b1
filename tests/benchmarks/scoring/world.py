"""The market that the benchmarks of scoring share: needs and vacancies in the engine's columns, and the same in both databases."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.terms import Terms
from services.matching.domain.vacancy_columns import VacancyColumns
from tests.benchmarks.scoring.citizens import draw_needs
from tests.benchmarks.scoring.duck import Duck
from tests.benchmarks.scoring.places import Places
from tests.benchmarks.scoring.postgres import PARALLEL, SERIAL, Asker, load
from tests.benchmarks.scoring.statements import Market
from tests.benchmarks.scoring.tables import tables_of
from tests.support.databases import cloned
from tests.support.matching import TODAY, full_policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.matching.domain.tables import Array
    from shared.contracts.vacancy import Vacancy
    from tests.benchmarks.scoring.tables import SqlTable

THREADS: Final = 2
"""Of DuckDB, where it may be parallel."""


def draw_market(needs: int, vacancies: int, seed: int) -> Market:
    """Draw a market; the same seed draws the same."""
    terms, books = Terms(full_policy(), TODAY), Codebooks()
    places = VacancyColumns(books)
    ids = [f"vacancy-{number:06}" for number in range(vacancies)]
    rows = put_places(places, terms, list(Places(seed).ordinary(ids)))
    citizens = NeedColumns(books)
    draw_needs(citizens, books, terms, size=needs, vacancy_ids=ids, seed=seed)
    return Market(terms, books, citizens, places, np.arange(needs), rows)


def put_places(columns: VacancyColumns, terms: Terms, vacancies: Sequence[Vacancy]) -> Array:
    """Take vacancies in, in the order of their ids; a rank is the place in that order."""
    rows = [columns.put(vacancy, terms) for vacancy in vacancies]
    columns.rank[rows] = np.arange(1, len(rows) + 1)
    return np.array(rows)[columns.matchable[rows]]


@dataclass(frozen=True)
class Peers:
    """The databases that hold the same market."""

    serial: Asker
    parallel: Asker
    duck: Duck


@asynccontextmanager
async def peers(admin_dsn: str, tables: Sequence[SqlTable]) -> AsyncIterator[Peers]:
    """Fill a database of PostgreSQL's and one of DuckDB's, and forget both after."""
    started = time.perf_counter()
    async with cloned(admin_dsn, "template1") as dsn:
        await load(dsn, tables)
        say(f"PostgreSQL is filled after {time.perf_counter() - started:.0f} s")
        duck = await asyncio.to_thread(Duck, tables)
        say(f"and DuckDB after {time.perf_counter() - started:.0f} s")
        serial, parallel = await Asker.connect(dsn, SERIAL), await Asker.connect(dsn, PARALLEL)
        try:
            yield Peers(serial, parallel, duck)
        finally:
            await serial.close()
            await parallel.close()
            duck.close()


def tables_for(market: Market, *names: str) -> list[SqlTable]:
    return [table for table in tables_of(market) if table.name in names]


def say(text: str) -> None:
    sys.stderr.write(f"scoring: {text}\n")
    sys.stderr.flush()
