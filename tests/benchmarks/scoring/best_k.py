"""The best 10 of all open needs kept true: one vacancy event until it is known whose lists changed, and they are right.

Three kinds of events in turn, each figure by itself: a place is published, changed, withdrawn. What is changed or withdrawn stands on many
lists, and an event that touches nobody gives no figure. In the end every list is searched anew, and a single wrong one ends the run.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.cli.figures import Figure
from services.matching.domain.terms import Terms
from tests.benchmarks.latency import quantile
from tests.benchmarks.scoring.engine import BestPlaces
from tests.benchmarks.scoring.places import Places
from tests.benchmarks.scoring.ranking import WrongAnswerError
from tests.benchmarks.scoring.world import say
from tests.support.matching import TODAY, full_policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from deploy.cli.stack_state import StackState
    from shared.contracts.vacancy import Vacancy

EVENTS_A_SECOND: Final = 2_000.0
KINDS: Final = ("published", "changed", "withdrawn")
_COUNTED_EVERY: Final = 60
"""Events, between two looks at which places stand on many lists."""


@dataclass(frozen=True)
class Options:
    """How many needs and vacancies, how many events; on how many lists a place stands at least that is changed or withdrawn."""

    needs: int = 1_000_000
    vacancies: int = 20_000
    events: int = 4_000
    lists: int = 1_000
    seed: int = 1


@dataclass(frozen=True)
class _Event:
    kind: str
    seconds: float
    touched: int


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Fill, change, and search everything again."""
    del stack
    places, terms = Places(options.seed), Terms(full_policy(), TODAY)
    vacancies = {one.vacancy_id: one for one in places.ordinary([f"vacancy-{number:06}" for number in range(options.vacancies)])}
    started = time.perf_counter()
    best = BestPlaces(terms, options.needs, list(vacancies.values()), options.seed)
    say(f"{options.needs} needs hold their best places after {time.perf_counter() - started:.0f} s")
    events = [event for event in _events(best, vacancies, places, options) if event.touched]
    started = time.perf_counter()
    wrong = best.wrong_lists()
    say(f"every list searched anew in {time.perf_counter() - started:.0f} s: {wrong} of {options.needs} were wrong")
    if wrong:
        raise WrongAnswerError(f"{wrong} lists were not what a search of all places gives")
    for kind in KINDS:
        for figure in _figures(kind, [event for event in events if event.kind == kind]):
            yield figure
    for figure in _figures("all", events):
        yield figure


def _events(best: BestPlaces, vacancies: dict[str, Vacancy], places: Places, options: Options) -> Iterator[_Event]:
    """Let one event after another happen, made ready before the clock runs."""
    choice, on_many = random.Random(options.seed), list[str]()
    for number in range(options.events):
        kind = KINDS[number % len(KINDS)]
        if number % _COUNTED_EVERY == 0:
            on_many = sorted(one for one, lists in best.lists_of_places().items() if lists >= options.lists)
            if len(on_many) < _COUNTED_EVERY:
                raise ValueError(f"only {len(on_many)} places stand on {options.lists} lists: draw more needs or fewer vacancies")
            choice.shuffle(on_many)
        if kind == "published":
            vacancy_id = f"vacancy-{options.vacancies + number:06}"
            change: Mapping[str, Vacancy | None] = {vacancy_id: next(places.ordinary([vacancy_id]))}
        else:
            vacancy_id = on_many.pop()
            change = {vacancy_id: places.changed(vacancies[vacancy_id]) if kind == "changed" else None}
        started = time.perf_counter()
        touched = best.change(change)
        yield _Event(kind, time.perf_counter() - started, touched)
        for changed_id, now in change.items():
            if now is None:
                del vacancies[changed_id]
            else:
                vacancies[changed_id] = now


def _figures(kind: str, events: list[_Event]) -> Iterator[Figure]:
    seconds = [event.seconds for event in events]
    rate = len(events) / sum(seconds)
    name = f"scoring.best_k.{kind}"
    yield Figure(
        name,
        round(rate),
        "events/s",
        "events/s asked for",
        EVENTS_A_SECOND,
        round(rate / EVENTS_A_SECOND, 2),
        goal=1.0 if kind == "all" else None,
        at_most=False,
    )
    p50, p99 = (quantile(seconds, share) * 1000 for share in (0.5, 0.99))
    yield Figure(f"{name}.p99", round(p99, 3), "ms", "median", round(p50, 3), round(p99 / p50, 1))
    touched = quantile([event.touched for event in events], 0.5)
    say(f"{kind}: {len(events)} events that touched somebody, by median {touched} needs")
