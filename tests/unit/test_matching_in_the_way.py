"""What an empty list says of the rule that is most often in the way: as of its day, and no part of what makes an answer another one."""

import asyncio
from itertools import permutations
from typing import TYPE_CHECKING

import orjson

from shared.contracts.match import NOT_CANONICAL, Match
from tests.support.matching import TODAY, need, vacancy
from tests.support.told import Worker
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

FAR = {"easting_m": 575_000, "northing_m": 6_150_000}


def canonical(match: Match) -> bytes:
    return orjson.dumps(match.model_dump(mode="json", exclude=set(NOT_CANONICAL)))


async def test_an_empty_list_names_the_rule_that_alone_is_in_the_way_most_often() -> None:
    full = [vacancy(f"vacancy-{n}", places_free=0) for n in range(2)]
    far, both = vacancy("vacancy-far", location=FAR), vacancy("vacancy-x", location=FAR, places_free=0)
    [said] = await Worker().told(*full, far, both, need(max_distance_km=10))
    assert (said.places, said.often_in_the_way, said.day) == ((), "capacity", TODAY)


async def test_a_list_with_places_names_none_and_names_it_when_it_becomes_empty() -> None:
    fits = vacancy("vacancy-1")
    first, last = await Worker().told(vacancy("vacancy-2", location=FAR), fits, need(max_distance_km=10), fits.model_copy(
        update={"version": 2, "places_free": 0}
    ), vacancy("vacancy-3", location=FAR))  # fmt: skip
    assert (len(first.places), first.often_in_the_way) == (1, None)
    # Distance and capacity are in the way once each: the policy names capacity first.
    assert (last.places, last.often_in_the_way) == ((), "capacity")


async def test_what_is_in_the_way_alone_makes_no_new_record_and_a_changed_need_brings_it_up_to_date() -> None:
    worker = Worker()
    full = [vacancy(f"vacancy-{n}", places_free=0) for n in range(3)]
    [first] = await worker.told(vacancy("vacancy-far", location=FAR), need(max_distance_km=10), *full)
    assert first.often_in_the_way == "distance"
    worker = Worker()
    said = await worker.told(
        vacancy("vacancy-far", location=FAR), need(max_distance_km=10), *full, need(version=2, max_distance_km=9)
    )
    assert [match.often_in_the_way for match in said] == ["distance", "capacity"]


async def test_a_new_day_alone_says_nothing_again() -> None:
    worker = Worker()
    worker.hears(vacancy("vacancy-far", location=FAR))
    worker.hears(need(max_distance_km=10))
    running = asyncio.create_task(worker.speaker.run())
    await eventually(lambda: len(worker.heard.matches) == 1)
    worker.day(1)
    worker.matching.on_unsaid()
    await eventually(lambda: not worker.matching.waiting and not worker.matching.partitions[0].unsaid)
    worker.speaker.stop()
    await running
    assert len(worker.heard.matches) == 1


async def test_different_orders_and_duplications_of_one_log_end_in_the_same_bytes_whatever_was_in_the_way_then() -> None:
    """The rule depends on what was known when the record was written: it differs, and the canonical form does not."""
    log: list[Vacancy | NeedProfile] = [
        vacancy("vacancy-1", places_free=0),
        vacancy("vacancy-2", location=FAR),
        vacancy("vacancy-3", location=FAR),
    ]
    ends, in_the_way = set(), set()
    for order in permutations([*log, need(max_distance_km=10)]):
        for twice in (False, True):
            said = await Worker().told(*((*order, *reversed(order)) if twice else order))
            ends.add(canonical(said[-1]))
            in_the_way.add(said[-1].often_in_the_way)
    assert len(ends) == 1
    assert in_the_way == {None, "capacity", "distance"}
