"""One vacancy against all open needs, all eligible ranked and the first 100 with their points: the engine beside PostgreSQL and DuckDB.

The vacancies are drawn so that 0.1, 1 and 10 % of the needs are eligible. Each is asked of everybody in turns, caches warm, statements
prepared; PostgreSQL and DuckDB serial and parallel. Whoever answers otherwise than the engine ends the run.

The floor is the time in which the bytes that no exact scorer can leave out are read, once and in order, as numbers that are added up: what
the index keeps of each candidate (a need counts once for each target group that it shares with the place, under a section in common),
and the whole row of each that is eligible, since every field of it gives or costs points. Rows of candidates that fail count nothing.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.cli.figures import Figure
from tests.benchmarks.scoring.blocks import Contender, take_turns
from tests.benchmarks.scoring.engine import CANDIDATE_BYTES, ROW_BYTES, Engine
from tests.benchmarks.scoring.places import Places
from tests.benchmarks.scoring.statements import needs_of_a_place
from tests.benchmarks.scoring.world import THREADS, draw_market, peers, put_places, say, tables_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from deploy.cli.stack_state import StackState
    from tests.benchmarks.scoring.ranking import Ranking
    from tests.benchmarks.scoring.statements import Market
    from tests.benchmarks.scoring.world import Peers

FIRST: Final = 100
TIMES_FASTER: Final = 50.0
TIMES_THE_FLOOR: Final = 4.0
SHARES: Final = (0.001, 0.01, 0.1)
_WIDTHS: Final = ((1, 2), (1, 4), (1, 8), (2, 8), (2, 16), (3, 24), (5, 60), (5, 200))
"""Sections and target groups of places that are drawn for a share, from narrow to wide."""
_DRAWS: Final = 12
"""Of each width."""


@dataclass(frozen=True)
class Options:
    """How many needs; how many vacancies for each share, each asked in so many blocks."""

    needs: int = 1_000_000
    vacancies: int = 1_000
    events: int = 5
    rounds: int = 5
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Draw, load, ask in turns, compare."""
    market = draw_market(options.needs, options.vacancies, options.seed)
    say(f"{options.needs} needs are drawn")
    chosen = _places_by_share(market, options)
    engine = Engine(market)
    async with peers(stack.intake_dsn, tables_for(market, "need", "ruled_out")) as databases:
        for share, rows in chosen.items():
            async for figure in _measure(share, rows, options.rounds, market=market, engine=engine, databases=databases):
                yield figure


def _places_by_share(market: Market, options: Options) -> dict[float, list[int]]:
    """Draw places of many widths and take, for each share, those whose eligible needs come nearest to it."""
    places, engine = Places(options.seed + 1), Engine(market)
    drawn = [
        places.wide(f"wide-{width}-{number:02}", *_WIDTHS[width]) for width in range(len(_WIDTHS)) for number in range(_DRAWS)
    ]
    rows = put_places(market.vacancies, market.terms, drawn).tolist()
    eligible = {row: len(engine.needs_of_a_place(row, FIRST).ids) for row in rows}
    chosen = {}
    for share in SHARES:
        wanted = share * options.needs
        nearest = sorted(rows, key=lambda row: abs(np.log((eligible[row] + 1) / wanted)))
        chosen[share] = nearest[: options.events]
        say(f"{share:.1%} of the needs: {[eligible[row] for row in chosen[share]]} are eligible")
    return chosen


async def _measure(
    share: float, rows: Sequence[int], rounds: int, *, market: Market, engine: Engine, databases: Peers
) -> AsyncIterator[Figure]:
    by_postgres = [needs_of_a_place(market, row, databases.serial.dialect) for row in rows]
    by_duck = [needs_of_a_place(market, row, databases.duck.dialect) for row in rows]
    if share == SHARES[1]:
        say(f"the statement and its plan, serial:\n{by_postgres[0]}\n{await databases.serial.plan(by_postgres[0])}")
        say(f"parallel:\n{await databases.parallel.plan(by_postgres[0])}")
    serial = [await databases.serial.prepare(sql, FIRST, all_ids=True) for sql in by_postgres]
    parallel = [await databases.parallel.prepare(sql, FIRST, all_ids=True) for sql in by_postgres]
    ducks = [databases.duck.prepare(sql, None) for sql in by_duck]
    answers: dict[int, Ranking] = {}
    candidates = [_candidates(market, row) for row in rows]
    eligible = [len(engine.needs_of_a_place(row, FIRST).ids) for row in rows]
    must_be_read = [one * CANDIDATE_BYTES + other * ROW_BYTES for one, other in zip(candidates, eligible, strict=True)]
    bytes_of = [np.ones(max(1, count // 8), dtype=np.int64) for count in must_be_read]
    say(f"{share:.1%}: candidates {candidates}, bytes that must be read {must_be_read}")

    def ask_engine(number: int) -> None:
        answers[number] = engine.needs_of_a_place(rows[number], FIRST)

    def ask_duck(threads: int) -> Contender:
        def ask(number: int) -> None:
            if number == 0:
                databases.duck.use_threads(threads)
            ducks[number].ask()

        return Contender(f"DuckDB, {threads} threads" if threads > 1 else "DuckDB, 1 thread", ask)

    ours, floor = Contender("the engine", ask_engine), Contender("reading", lambda number: _read(bytes_of[number]))
    rivals = [
        Contender("PostgreSQL, serial", lambda number: serial[number].ask()),
        Contender("PostgreSQL, parallel", lambda number: parallel[number].ask()),
        ask_duck(1),
        ask_duck(THREADS),
    ]
    await take_turns([ours, *rivals, floor], len(rows), rounds)
    for number in range(len(rows)):
        answers[number].must_equal(serial[number].answer(), "PostgreSQL, serial")
        answers[number].must_equal(parallel[number].answer(), "PostgreSQL, parallel")
        answers[number].must_equal(ducks[number].answer(FIRST), "DuckDB")
    for figure in _figures(share, ours, rivals, floor):
        yield figure


def _figures(share: float, ours: Contender, rivals: Sequence[Contender], floor: Contender) -> Iterator[Figure]:
    name, fastest = f"scoring.vacancy_event.{share:.1%}", min(rivals, key=lambda one: one.median_ms)
    for rival in rivals:
        yield Figure(
            name,
            round(ours.median_ms, 4),
            "ms",
            rival.name,
            round(rival.median_ms, 3),
            round(rival.median_ms / ours.median_ms, 1),
            goal=TIMES_FASTER if rival is fastest else None,
            at_most=False,
        )
    yield Figure(
        name,
        round(ours.median_ms, 4),
        "ms",
        "reading the candidates' bytes",
        round(floor.median_ms, 4),
        round(ours.median_ms / floor.median_ms, 2),
        goal=TIMES_THE_FLOOR,
    )
    tenths = statistics.quantiles(ours.seconds, n=10)
    say(f"{share:.1%}: the engine p10 {tenths[0] * 1000:.3f} ms, p90 {tenths[-1] * 1000:.3f} ms, {len(ours.seconds)} times")


def _candidates(market: Market, row: int) -> int:
    """Count what must be looked at: each need once for each of its target groups that the place is for, under a section in common."""
    sections, groups = market.vacancies.sections[row], market.vacancies.groups_or_any[row]
    common = (market.needs.sections[market.need_rows] & sections) != 0
    return int(np.bitwise_count(market.needs.target_groups[market.need_rows][common] & groups).sum())


def _read(data: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    data.sum()
