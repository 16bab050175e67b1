"""What an event costs as the market grows: against open needs from a thousand to a million, and against open places.

Three curves: a place ranked against all needs; a place published, changed or withdrawn, until it is known whose best 10 changed; a need ranked
against all places. Medians of processor time, so that what else the machine does is not in them. Each figure stands beside that of the size before: the ratio says how the cost grows. With `folder` the picture and
its table are written there; those in docs/reference were made by this and nothing else.

    ledigplads bench scoring.cost -o folder=docs/reference
"""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.cli.figures import Figure
from services.matching.domain.terms import Terms
from tests.benchmarks.scoring.engine import BestPlaces, Engine
from tests.benchmarks.scoring.picture import Curve, Sizes, write_picture, write_table
from tests.benchmarks.scoring.places import Places
from tests.benchmarks.scoring.world import draw_market, say
from tests.support.matching import TODAY, full_policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from deploy.cli.stack_state import StackState
    from shared.contracts.vacancy import Vacancy

_NEEDS: Final = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
_PLACES: Final = (100, 300, 1_000, 3_000, 10_000, 30_000)
_FIRST: Final = 10


@dataclass(frozen=True)
class Options:
    """Up to which sizes; how many open places the needs choose from; how many events for each point; where to write picture and table."""

    needs: int = 1_000_000
    places: int = 30_000
    vacancies: int = 2_000
    events: int = 120
    rounds: int = 3
    folder: str = ""
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Measure one curve after another, and draw them."""
    del stack
    needs = [size for size in _NEEDS if size <= options.needs]
    curves = [
        Curve(
            "En plads rangordnet mod alle behov",
            "one place ranked against all needs",
            "needs",
            {size: _place_against_needs(size, options) for size in needs},
        ),
        Curve(
            "En plads slået op, ændret eller trukket tilbage: hvis 10 bedste blev andre",
            "a place published, changed or withdrawn: whose best 10 changed",
            "needs",
            {size: _best_kept_true(size, options) for size in needs},
        ),
        Curve(
            "Et behov rangordnet mod alle pladser, de 10 bedste",
            "one need ranked against all places, the best 10",
            "places",
            {size: _need_against_places(size, options) for size in _PLACES if size <= options.places},
        ),
    ]
    if options.folder:
        write_picture(Path(options.folder) / "cost.svg", curves)
        write_table(Path(options.folder) / "cost.md", curves, vacancies=options.vacancies)
    for curve in curves:
        for figure in _figures(curve):
            yield figure


def _place_against_needs(size: int, options: Options) -> float:
    market = draw_market(size, options.events, options.seed)
    engine, rows = Engine(market), market.vacancy_rows.tolist()
    asked = [partial(engine.needs_of_a_place, row, _FIRST) for row in rows]
    return _median_ms(f"a place against {size} needs", asked * (1 + options.rounds), unmeasured=len(asked))


def _need_against_places(size: int, options: Options) -> float:
    market = draw_market(options.events, size, options.seed)
    engine, rows = Engine(market), market.need_rows.tolist()
    asked = [partial(engine.places_of_a_need, row, _FIRST) for row in rows]
    return _median_ms(f"a need against {size} places", asked * (1 + options.rounds), unmeasured=len(asked))


def _best_kept_true(size: int, options: Options) -> float:
    places, terms = Places(options.seed), Terms(full_policy(), TODAY)
    vacancies = list(places.ordinary([f"vacancy-{number:06}" for number in range(options.vacancies)]))
    best = BestPlaces(terms, size, vacancies, options.seed)
    changes = [partial(best.change, change) for change in _changes(vacancies, places, options)]
    return _median_ms(f"the best of {size} needs kept true", changes, unmeasured=0)


def _median_ms(what: str, events: Sequence[Callable[[], object]], *, unmeasured: int) -> float:
    """Let events happen, and give the median of the processor time of one, so that what else the machine does is not in it."""
    seconds = []
    for event in events:
        started = time.thread_time()
        event()
        seconds.append(time.thread_time() - started)
    median = statistics.median(seconds[unmeasured:]) * 1000
    say(f"{what}: {median:.4f} ms")
    return median


def _changes(vacancies: list[Vacancy], places: Places, options: Options) -> Iterator[dict[str, Vacancy | None]]:
    """Give as many of each kind: a new place, another state of an old one, an old one withdrawn."""
    draw = random.Random(options.seed)
    old = draw.sample([one.vacancy_id for one in vacancies], 2 * (options.events // 3))
    new = [f"vacancy-new-{number:06}" for number in range(options.events // 3)]
    for one in places.ordinary(new):
        yield {one.vacancy_id: one}
        again, gone = old.pop(), old.pop()
        [changed] = places.ordinary([again])
        yield {again: changed}
        yield {gone: None}


def _figures(curve: Curve) -> Iterator[Figure]:
    name: dict[Sizes, str] = {"needs": "needs", "places": "open places"}
    sizes = list(curve.milliseconds)
    for before, size in zip(sizes[:1] + sizes, sizes, strict=False):
        figure, beside = curve.milliseconds[size], curve.milliseconds[before]
        yield Figure(
            f"scoring.cost, {curve.text_en}, {size} {name[curve.sizes]}",
            round(figure, 4),
            "ms",
            f"{before} {name[curve.sizes]}",
            round(beside, 4),
            round(figure / beside, 2),
        )
