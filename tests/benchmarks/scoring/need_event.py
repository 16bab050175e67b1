"""One need against all open vacancies, the first 10 with their points: the engine beside PostgreSQL and DuckDB.

Asked of everybody in turns, caches warm, statements prepared; whoever answers otherwise than the engine ends the run. Of PostgreSQL's time
some is the way to it and back: what a statement takes that asks nothing is shown beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.cli.figures import Figure
from tests.benchmarks.scoring.blocks import Contender, take_turns
from tests.benchmarks.scoring.engine import Engine
from tests.benchmarks.scoring.statements import places_of_a_need
from tests.benchmarks.scoring.world import THREADS, draw_market, peers, say, tables_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.cli.stack_state import StackState
    from tests.benchmarks.scoring.ranking import Ranking

FIRST: Final = 10
TIMES_FASTER: Final = 30.0


@dataclass(frozen=True)
class Options:
    """How many vacancies; how many needs ask, each in so many blocks."""

    vacancies: int = 20_000
    events: int = 50
    rounds: int = 5
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Draw, load, ask in turns, compare."""
    market = draw_market(options.events, options.vacancies, options.seed)
    engine, rows = Engine(market), market.need_rows.tolist()
    async with peers(stack.intake_dsn, tables_for(market, "vacancy", "price")) as databases:
        by_postgres = [places_of_a_need(market, row, databases.serial.dialect) for row in rows]
        say(f"the statement and its plan:\n{by_postgres[0]} LIMIT {FIRST}")
        say(await databases.serial.plan(f"{by_postgres[0]} LIMIT {FIRST}"))
        prepared = [await databases.serial.prepare(sql, FIRST, all_ids=False) for sql in by_postgres]
        ducks = [databases.duck.prepare(places_of_a_need(market, row, databases.duck.dialect), FIRST) for row in rows]
        nothing = await databases.serial.round_trip()
        databases.duck.use_threads(THREADS)
        answers: dict[int, Ranking] = {}

        def ask_engine(number: int) -> None:
            answers[number] = engine.places_of_a_need(rows[number], FIRST)

        ours = Contender("the engine", ask_engine)
        rivals = [
            Contender("PostgreSQL", lambda number: prepared[number].ask()),
            Contender("DuckDB", lambda number: ducks[number].ask()),
            Contender("PostgreSQL, asked nothing", lambda _: nothing.ask()),
        ]
        await take_turns([ours, *rivals], len(rows), options.rounds)
        for number, answer in answers.items():
            answer.must_equal(prepared[number].answer(), "PostgreSQL")
            answer.must_equal(ducks[number].answer(FIRST), "DuckDB")
    say(f"{np.mean([len(answer.ids) for answer in answers.values()]):.1f} places a need")
    for rival in rivals:
        yield Figure(
            "scoring.need_event",
            round(ours.median_ms, 4),
            "ms",
            rival.name,
            round(rival.median_ms, 3),
            round(rival.median_ms / ours.median_ms, 1),
            goal=TIMES_FASTER if rival is rivals[0] else None,
            at_most=False,
        )
