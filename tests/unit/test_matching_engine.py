"""The engine's index and its kernels: what is changed in place is what a fresh start would have."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.terms import Terms
from services.matching.engine import compiled, index_kernels, lanes, list_kernels, pair_kernels, search_kernels
from services.matching.engine.index import Index
from services.matching.engine.lanes import LANE
from services.matching.engine.pair_kernels import Room
from services.matching.engine.warming import warm_up
from services.matching.state import MatchingState
from tests.support.matching import TODAY, Chance, full_policy

KERNELS = [
    kernel
    for module in (index_kernels, lanes, list_kernels, pair_kernels, search_kernels)
    for kernel in vars(module).values()
    if hasattr(kernel, "signatures")
]
SECTIONS = (0b001, 0b010, 0b100, 0b011, 0b111)


def described(groups: int, *, east: int = 0, reach: int = 10, ages: tuple[int, int] = (18, 65), genders: int = 3) -> Any:
    lane = np.zeros(1, dtype=LANE)
    lane["groups"], lane["east"], lane["reach"], lane["genders"] = groups, east, reach, genders
    lane["from_age"], lane["to_age"] = ages
    return lane


def drawn(draw: random.Random) -> Any:
    groups = sum(1 << bit for bit in draw.sample(range(64), draw.randint(1, 4)))
    young = draw.randint(15, 60)
    return described(
        groups,
        east=draw.randint(0, 100),
        reach=draw.choice((0, 5, 50, lanes.EVERYWHERE)),
        ages=(young, young + draw.randint(0, 30)),
        genders=draw.choice((1, 2, 3)),
    )


def may_pass(one: Any, other: Any) -> bool:
    away, reach = int(one["east"][0]) - int(other["east"][0]), int(one["reach"][0]) + int(other["reach"][0])
    return bool(
        int(one["groups"][0]) & int(other["groups"][0])
        and one["from_age"][0] <= other["to_age"][0]
        and one["to_age"][0] >= other["from_age"][0]
        and one["genders"][0] & other["genders"][0]
        and abs(away) <= reach
    )


def found_in(index: Index, sections: int, asked: Any, rows: int) -> list[int]:
    room = Room.for_rows(rows)
    count = index_kernels.scan(index.store, np.uint64(sections), asked[0], room.rows)
    return sorted(room.rows[:count].tolist())


@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_after_any_coming_and_going_the_index_finds_each_row_that_may_pass_once(seed: int, rows: int, steps: int) -> None:
    draw, index = random.Random(seed), Index()
    standing: dict[int, tuple[int, Any]] = {}
    for _ in range(steps):
        some = draw.sample(range(rows), draw.randint(1, min(rows, 40)))
        if draw.random() < 0.4:
            index.drop(np.array(some, dtype=np.int64))
            for row in some:
                standing.pop(row, None)
        else:
            put = {row: (draw.choice(SECTIONS), drawn(draw)) for row in some}
            sections = np.array([one for one, _ in put.values()], dtype=np.uint64)
            index.put(np.array(some, dtype=np.int64), sections, np.concatenate([lane for _, lane in put.values()]))
            standing |= put
    for _ in range(5):
        wanted, asked = draw.choice(SECTIONS), drawn(draw)
        expected = [row for row, (own, lane) in standing.items() if own & wanted and may_pass(lane, asked)]
        assert found_in(index, wanted, asked, rows) == sorted(expected)


def test_many_rows_in_one_bucket_take_many_blocks_and_give_them_back() -> None:
    index, rows = Index(), np.arange(10_000, dtype=np.int64)
    sections, lane = np.full(len(rows), 1, dtype=np.uint64), described(0b11)
    index.put(rows, sections, np.repeat(lane, len(rows)))
    blocks = len(index.store.blocks)
    for _ in range(3):
        index.drop(rows[::-1].copy())
        assert found_in(index, 1, lane, len(rows)) == []
        index.put(rows, sections, np.repeat(lane, len(rows)))
        assert found_in(index, 1, lane, len(rows)) == rows.tolist()
    index.clear()
    assert found_in(index, 1, lane, len(rows)) == []
    index.put(rows[:100], sections[:100], np.repeat(lane, 100))
    assert found_in(index, 1, lane, len(rows)) == list(range(100))
    assert len(index.store.blocks) == blocks


@pytest.mark.parametrize("seed", range(3))
def test_a_state_that_was_changed_in_place_says_what_a_fresh_one_says(seed: int) -> None:
    chance, draw = Chance(500 + seed), random.Random(seed)
    terms = Terms(full_policy(threshold=5), TODAY)
    state, needs, places = MatchingState(terms), dict[str, Any](), dict[str, Any]()
    for step in range(60):
        for _ in range(draw.randint(1, 4)):
            name = f"need-{draw.randint(0, 50):02}"
            needs[name] = chance.need(name, step + 1)
            state.put_needs([needs[name]], live=True)
        batch = {f"place-{draw.randint(0, 80):02}": draw.random() < 0.7 for _ in range(draw.choice((1, 2, 20)))}
        changes = {name: chance.vacancy(name, step + 1) if is_open else None for name, is_open in batch.items()}
        state.change_vacancies(changes)
        places = {name: place for name, place in (places | changes).items() if place is not None}
        if draw.random() < 0.5:
            closed = draw.choice(list(needs))
            state.remove_needs([closed])
            del needs[closed]
        if step % 20 == 19:
            terms = Terms(terms.policy, terms.today + timedelta(days=9))
            state.make_live(state.change_terms(terms))
    fresh = MatchingState(terms)
    fresh.change_vacancies(places)
    fresh.put_needs(list(needs.values()), live=True)
    assert {name: state.places(name) for name in needs} == {name: fresh.places(name) for name in needs}
    assert sum(len(state.places(name)) for name in needs) > 20


def test_what_is_warm_is_never_compiled_while_it_works() -> None:
    warm_up()
    known = {kernel: len(kernel.signatures) for kernel in KERNELS}
    chance, state = Chance(3), MatchingState(Terms(full_policy(threshold=0), TODAY))
    needs = [chance.need(f"need-{n}") for n in range(30)]
    places = {f"place-{n}": chance.vacancy(f"place-{n}") for n in range(60)}
    state.put_needs(needs, live=True)
    state.change_vacancies(places)
    state.put_needs(needs[:5], live=True)
    for name in list(places)[:40]:
        state.change_vacancies({name: None})
    state.remove_needs(["need-1"])
    state.make_live(state.change_terms(Terms(full_policy(), TODAY + timedelta(days=1))))
    assert {kernel: len(kernel.signatures) for kernel in KERNELS} == known


def test_kernels_are_kept_where_the_environment_says_else_beside_the_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    assert _folder_of(compiled._folder).parent == tmp_path / "kernels"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert _folder_of(compiled._folder).is_relative_to(request.config.rootpath)


def test_where_nothing_can_be_written_kernels_are_compiled_at_each_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    nowhere = tmp_path / "a-file"
    nowhere.write_text("not a folder")
    monkeypatch.setattr(compiled, "_folders", lambda: iter([nowhere / "x", nowhere]))
    assert compiled._folder() is None


def _folder_of(find: Callable[[], Any]) -> Any:
    found = find()
    assert found is not None
    return found
