"""The lists beside a model that remembers every eligible place, under whatever comes and goes."""

import random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.lists import NOBODY, NOTHING, WIDTH, sort_keys
from services.matching.engine.lists import Lists
from services.matching.engine.pair_kernels import FOUND

NEEDS, PLACES, WANTED = 12, 90, 10

Eligible = dict[int, dict[int, int]]
"""By need and place, the score."""


def pairs(scores: dict[tuple[int, int], int]) -> Any:
    """As the engine finds them; the rank of a place is its row, backwards."""
    found = np.zeros(len(scores), dtype=FOUND)
    for one, ((need, place), score) in zip(found, scores.items(), strict=True):
        one["need"], one["vacancy"], one["score"], one["key"] = (
            need,
            place,
            score,
            sort_keys(np.array(score), np.array(rank_of(place))),
        )
    return found


def rank_of(place: int) -> int:
    return PLACES - place


class Market:
    """Lists that are kept true, and what they should be."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.lists, self.eligible = Lists(), Eligible({need: {} for need in range(NEEDS)})
        self.lists.grow(NEEDS)
        for place in range(PLACES):
            self.lists.rank(place, rank_of(place))
        self.start_again(range(NEEDS))

    def start_again(self, needs: Any) -> None:
        """Register these needs anew: with the places they had."""
        rows = np.array(needs, dtype=np.int64)
        self.lists.clear(rows)
        assert (self.lists.columns.floors[rows] == NOTHING).all()
        self.search(rows)

    def search(self, rows: Any) -> None:
        self.lists.fill(
            rows, pairs({(need, place): score for need in rows.tolist() for place, score in self.eligible[need].items()})
        )

    def withdraw(self, place: int) -> set[int]:
        lost = self.lists.take_off(place, WANTED)
        for known in self.eligible.values():
            known.pop(place, None)
        self.search(self.lists.must_search(lost, WANTED))
        return set(lost.tolist())

    def publish(self, place: int) -> set[int]:
        suited = self.draw.sample(range(NEEDS), self.draw.randint(0, NEEDS))
        scores = {(need, place): self.draw.choice((40, 41, 50, 90)) for need in suited}
        for (need, _), score in scores.items():
            self.eligible[need][place] = score
        return set(self.lists.put_in(pairs(scores), WANTED).tolist())

    def first(self, need: int) -> list[int]:
        """What the first places of a need should be."""
        known = self.eligible[need]
        return sorted(known, key=lambda place: (-known[place], rank_of(place)))[:WANTED]

    def held(self, need: int) -> list[int]:
        return [place for place in self.lists.places[need].tolist() if place != NOBODY]

    def must_be_true(self) -> None:
        for need, known in self.eligible.items():
            held, floor = self.held(need), self.lists.columns.floors[need]
            assert held[:WANTED] == self.first(need)
            assert set(held) == {place for place in known if sort_keys(np.array(known[place]), np.array(rank_of(place))) <= floor}
            assert self.lists.scores[need, : len(held)].tolist() == [known[place] for place in held]


@given(st.integers(0, 2**32), st.integers(1, 120))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_and_goes_a_list_holds_what_its_floor_says_and_tells_of_every_change(seed: int, steps: int) -> None:
    market = Market(seed)
    for _ in range(steps):
        before = {need: market.first(need) for need in range(NEEDS)}
        place, changed = market.draw.randrange(PLACES), set[int]()
        match market.draw.choice(("publish", "publish", "publish", "change", "withdraw", "register")):
            case "publish" | "change":
                changed = market.withdraw(place) | market.publish(place)
            case "withdraw":
                changed = market.withdraw(place)
            case _:
                market.start_again(market.draw.sample(range(NEEDS), 3))
        market.must_be_true()
        assert {need for need in range(NEEDS) if market.first(need) != before[need]} <= changed


def test_all_lists_are_emptied_at_once_and_filled_again() -> None:
    market = Market(2)
    for place in range(PLACES):
        market.publish(place)
    market.lists.clear_all()
    assert not any(map(market.held, range(NEEDS)))
    market.search(np.arange(NEEDS))
    market.must_be_true()
    for place in range(0, PLACES, 2):
        market.withdraw(place)
        market.must_be_true()


def test_a_chain_of_holders_does_not_grow_with_what_has_fallen_off() -> None:
    """One place falls off and comes again as long as others come and go: its entries stay few, and none is missing."""
    market = Market(1)
    for number in range(6_000):
        place = number % (PLACES - 1)
        market.withdraw(place)
        market.publish(place)
        if number % 7 == 0:
            market.start_again(range(0, NEEDS, 2))
    holders, places = market.lists.columns.holders, market.lists.places
    on_lists = np.bincount(places[places != NOBODY], minlength=PLACES)
    assert (holders.sizes[:PLACES] >= on_lists).all()
    assert holders.sizes.max() < 2 * (NEEDS + WIDTH + 1)
    holding = {need for need in range(NEEDS) if PLACES - 2 in market.first(need)}
    assert holding
    assert market.withdraw(PLACES - 2) == holding
    market.must_be_true()
