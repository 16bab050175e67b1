"""The recommended assignment, against all assignments there are."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.matching.domain.assigning import Contest, _first_in_line_first, _Seating, by_turns, recommended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NEEDS = tuple(f"need-{letter}" for letter in "abcde")
PLACES = tuple(f"place-{number}" for number in range(1, 5))


def contest(fits: Mapping[str, Mapping[str, int]], free: Mapping[str, int] | None = None) -> Contest:
    """The queue is in the order of the needs given; each place is free once unless `free` says more."""
    places = {place for one in fits.values() for place in one}
    return Contest(tuple(fits), fits, dict.fromkeys(places, 1) | dict(free or {}))


def all_placings(told: Contest) -> Iterator[dict[str, str]]:
    for chosen in product(*((None, *told.fits[need]) for need in told.queue)):
        placing = {need: place for need, place in zip(told.queue, chosen, strict=True) if place is not None}
        if all(list(placing.values()).count(place) <= free for place, free in told.free.items()):
            yield placing


def worth(told: Contest, placing: Mapping[str, str]) -> tuple[object, ...]:
    """What placings are compared by, the best highest, word for word as the module states it."""
    placed = tuple(need in placing for need in told.queue)
    points = sum(told.fits[need][place] for need, place in placing.items())
    wishes = tuple(-told.preferred(need).index(placing[need]) for need in told.queue if need in placing)
    return len(placing), placed, points, wishes


@st.composite
def contests(draw: st.DrawFn) -> Contest:
    # Few different points, so that there are ties everywhere.
    points = st.integers(0, draw(st.sampled_from([1, 3, 100])))
    needs = NEEDS[: draw(st.integers(0, 5))]
    fits = {need: draw(st.dictionaries(st.sampled_from(PLACES), points)) for need in needs}
    return Contest(tuple(needs), fits, {place: draw(st.integers(0, 3)) for place in PLACES})


@settings(max_examples=250, deadline=None)
@given(contests())
@example(contest({}))
@example(contest({"need-a": {}}))
def test_the_recommendation_is_the_best_of_all_placings(told: Contest) -> None:
    best = max(all_placings(told), key=lambda placing: worth(told, placing))
    assert recommended(told) == best


# Two are equal in total, 150; where the first is better off, the second makes room for him and the third takes what he leaves.
MAKING_ROOM = contest({"need-a": {"p": 60, "q": 50}, "need-b": {"p": 70, "r": 50}, "need-c": {"q": 40, "s": 30}})


@settings(max_examples=100, deadline=None)
@given(contests())
@example(MAKING_ROOM)
def test_from_whichever_best_sum_the_solver_comes_with_it_ends_the_same(told: Contest) -> None:
    best = recommended(told)
    queue = tuple(need for need in told.queue if need in best)
    among = Contest(queue, told.fits, told.free)
    places = sorted(told.free)
    points = np.array([[told.fits[need].get(place, -1) for place in places] for need in queue]).reshape(len(queue), len(places))
    for start in all_placings(among):
        if worth(among, start)[:3] == worth(among, best)[:3]:
            seating = _Seating(np.array([told.free[place] for place in places]), [places.index(start[need]) for need in queue])
            if queue:
                _first_in_line_first(seating, points)
            assert {need: places[seating.at[row]] for row, need in enumerate(queue)} == best


@settings(max_examples=100, deadline=None)
@given(contests(), st.randoms(use_true_random=False))
def test_in_whatever_order_it_is_told_it_comes_out_the_same(told: Contest, chance: object) -> None:
    def shuffled(items: Mapping[str, object]) -> dict[str, object]:
        pairs = list(items.items())
        chance.shuffle(pairs)  # type: ignore[attr-defined]
        return dict(pairs)

    other = Contest(told.queue, shuffled({need: shuffled(fits) for need, fits in told.fits.items()}), shuffled(told.free))  # type: ignore[arg-type]
    assert (recommended(other), by_turns(other)) == (recommended(told), by_turns(told))


@given(contests())
def test_turns_give_each_the_best_that_those_before_have_left(told: Contest) -> None:
    left, expected = dict(told.free), {}
    for need in told.queue:
        there = [(-points, place) for place, points in told.fits[need].items() if left[place]]
        if there:
            expected[need] = min(there)[1]
            left[expected[need]] -= 1
    assert by_turns(told) == expected


@given(contests())
def test_nobody_is_left_out_for_somebody_behind_them(told: Contest) -> None:
    placing = recommended(told)
    place_in_queue = {need: at for at, need in enumerate(told.queue)}
    for left_out in set(told.queue) - set(placing):
        for place in told.fits[left_out]:
            there = [need for need, where in placing.items() if where == place]
            assert len(there) == told.free[place]
            assert all(place_in_queue[need] < place_in_queue[left_out] for need in there)


def test_taking_turns_can_place_fewer_and_for_fewer_points() -> None:
    told = contest(
        {
            "first": {"house": 90, "flat": 88},  # would do nearly as well in the flat
            "second": {"house": 85},  # can be nowhere else
            "third": {"flat": 60, "room": 50},
        }
    )
    # By turns: the house is gone (90), the second has nothing, the third the flat (60): two, 150 points.
    assert by_turns(told) == {"first": "house", "third": "flat"}
    # Recommended: all three: 88 + 85 + 50 = 223.
    assert recommended(told) == {"first": "flat", "second": "house", "third": "room"}


def test_the_same_people_by_turns_can_have_fewer_points() -> None:
    told = contest({"first": {"house": 90, "flat": 85}, "second": {"house": 88, "flat": 40}})
    assert by_turns(told) == {"first": "house", "second": "flat"}  # 90 + 40 = 130
    assert recommended(told) == {"first": "flat", "second": "house"}  # 85 + 88 = 173


def test_the_first_in_line_is_not_left_out_for_two_who_would_fit_better() -> None:
    told = contest({"first": {"house": 31}, "second": {"house": 100}, "third": {"house": 100}})
    assert recommended(told) == by_turns(told) == {"first": "house"}


def test_a_place_takes_as_many_as_it_has_free() -> None:
    told = contest({need: {"house": 70, "flat": 60} for need in NEEDS}, {"house": 3})
    # The first three and one more have a place; equal sums, so the first in line have the house.
    assert recommended(told) == {NEEDS[0]: "house", NEEDS[1]: "house", NEEDS[2]: "house", NEEDS[3]: "flat"}


def test_equal_places_go_by_their_ids() -> None:
    told = contest({need: {"place-2": 50, "place-1": 50, "place-3": 50} for need in NEEDS[:3]})
    assert recommended(told) == {"need-a": "place-1", "need-b": "place-2", "need-c": "place-3"}
