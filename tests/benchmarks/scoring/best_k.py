"""The best 10 of all open needs kept true: one vacancy event until it is known whose lists changed, and they are right.

Three kinds of events in turn, each figure by itself: a place is published, changed, withdrawn. What is changed or withdrawn stands on many
lists, and an event that touches nobody gives no figure. Then a burst: many places published at once, beside as many one by one. In the end
every list is searched anew, and a single wrong one ends the run.
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
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from deploy.cli.stack_state import StackState
    from shared.contracts.vacancy import Vacancy

EVENTS_A_SECOND: Final = 2_000.0
BYTES_A_NEED: Final = 96.0
"""Of a list: 16 places of 5 bytes, and its floor; those who hold a place are counted beside it."""
KINDS: Final = ("published", "changed", "withdrawn")
_COUNTED_EVERY: Final = 60
"""Events, between two looks at which places stand on many lists."""
_ONE_IN: Final = 1_000
"""Of all needs, on whose lists a place stands at least that is changed or withdrawn."""


@dataclass(frozen=True)
class Options:
    """How much there is and happens.

    Attributes:
        needs: open ones.
        vacancies: open ones.
        events: of all three kinds together.
        burst: places that are published at once; 0: none.
        lists: on how many a place stands at least that is changed or withdrawn; 0: one in a thousand, so 1,000 of a million.
        seed: of all that is drawn.
    """

    needs: int = 1_000_000
    vacancies: int = 20_000
    events: int = 4_000
    burst: int = 1_000
    lists: int = 0
    seed: int = 1


@dataclass(frozen=True)
class _Spent:
    """What was done: by the clock, of one core, and how many needs have other places then."""

    kind: str
    wall_seconds: float
    core_seconds: float
    touched: int


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Fill, change, and search everything again."""
    del stack
    places, terms = Places(options.seed), Terms(full_policy(), TODAY)
    vacancies = {one.vacancy_id: one for one in places.ordinary([f"vacancy-{number:06}" for number in range(options.vacancies)])}
    best = BestPlaces(terms, options.needs, list(vacancies.values()), options.seed)
    events = [event for event in _events(best, vacancies, places, options) if event.touched]
    burst = list(_burst(best, places, options))
    started = time.perf_counter()
    wrong = best.wrong_lists()
    say(f"every list searched anew in {time.perf_counter() - started:.0f} s: {wrong} of {options.needs} were wrong")
    if wrong:
        raise WrongAnswerError(f"{wrong} lists were not what a search of all places gives")
    for kind in (*KINDS, "all"):
        for figure in _figures(kind, [event for event in events if kind in (event.kind, "all")]):
            yield figure
    if burst:
        yield _burst_figure(burst)
    listed, held = best.bytes_a_need()
    say(f"the chains of those who hold a place take {held:.0f} bytes a need more")
    yield Figure(
        "scoring.best_k.bytes", round(listed), "bytes/need", "asked for", BYTES_A_NEED, round(listed / BYTES_A_NEED, 2), goal=1.0
    )


def _events(best: BestPlaces, vacancies: dict[str, Vacancy], places: Places, options: Options) -> Iterator[_Spent]:
    """Let one event after another happen, made ready before the clock runs."""
    choice, on_many, least = random.Random(options.seed), list[str](), options.lists or options.needs // _ONE_IN
    for number in range(options.events):
        kind = KINDS[number % len(KINDS)]
        if number % _COUNTED_EVERY == 0:
            on_many = sorted(one for one, lists in best.lists_of_places().items() if lists >= least)
            if len(on_many) < _COUNTED_EVERY:
                raise ValueError(f"only {len(on_many)} places stand on {least} lists: ask for fewer `lists` or more `needs`")
            choice.shuffle(on_many)
        if kind == "published":
            vacancy_id = f"vacancy-{options.vacancies + number:06}"
            change: Mapping[str, Vacancy | None] = {vacancy_id: next(places.ordinary([vacancy_id]))}
        else:
            vacancy_id = on_many.pop()
            change = {vacancy_id: places.changed(vacancies[vacancy_id]) if kind == "changed" else None}
        yield _spent(kind, best, change)
        for changed_id, now in change.items():
            if now is None:
                del vacancies[changed_id]
            else:
                vacancies[changed_id] = now


def _burst(best: BestPlaces, places: Places, options: Options) -> Iterator[_Spent]:
    """Publish many places at once, then as many one by one."""
    drawn = list(places.ordinary([f"vacancy-of-a-burst-{number:06}" for number in range(2 * options.burst)]))
    at_once, by_one = drawn[: options.burst], drawn[options.burst :]
    if options.burst:
        yield _spent("at once", best, {one.vacancy_id: one for one in at_once})
    for one in by_one:
        yield _spent("one by one", best, {one.vacancy_id: one})


def _spent(kind: str, best: BestPlaces, change: Mapping[str, Vacancy | None]) -> _Spent:
    wall, core = time.perf_counter(), time.process_time()
    touched = best.change(change)
    return _Spent(kind, time.perf_counter() - wall, time.process_time() - core, touched)


def _figures(kind: str, events: Sequence[_Spent]) -> Iterator[Figure]:
    name = f"scoring.best_k.{kind}"
    rate = len(events) / sum(event.core_seconds for event in events)
    yield Figure(
        name,
        round(rate),
        "events/s of a core",
        "events/s asked for",
        EVENTS_A_SECOND,
        round(rate / EVENTS_A_SECOND, 2),
        goal=1.0 if kind == "all" else None,
        at_most=False,
    )
    wall, core = (
        [seconds * 1000 for seconds in of] for of in zip(*((one.wall_seconds, one.core_seconds) for one in events), strict=True)
    )
    p99, median = quantile(wall, 0.99), quantile(wall, 0.5)
    yield Figure(f"{name}.p99", round(p99, 3), "ms", "median", round(median, 3), round(p99 / median, 1))
    say(
        f"{kind}: {len(events)} events that touched somebody, by median {quantile([one.touched for one in events], 0.5)} needs; "
        f"{len(events) / sum(wall) * 1000:.0f} a second by the clock; "
        f"of a core by median {quantile(core, 0.5):.3f} ms, p99 {quantile(core, 0.99):.3f} ms"
    )


def _burst_figure(burst: Sequence[_Spent]) -> Figure:
    """Compare what a place costs in a burst with what it costs alone."""
    [at_once, *by_one] = burst
    alone, told = sum(one.core_seconds for one in by_one), sum(one.touched for one in by_one)
    say(f"{len(by_one)} places at once change {at_once.touched} needs, each once; as many one by one, {told} times a need")
    count = len(by_one)
    each, each_alone = at_once.core_seconds / count * 1000, alone / count * 1000
    return Figure(
        "scoring.best_k.burst",
        round(each, 3),
        "ms of a core a place",
        "one by one",
        round(each_alone, 3),
        round(each / each_alone, 2),
        goal=1.0,
    )
