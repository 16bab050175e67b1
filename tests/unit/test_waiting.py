"""The tests' own waiting."""

import pytest

from tests.support.waiting import eventually, stays


async def test_waiting_ends_as_soon_as_it_is_so_and_gives_what_was_seen() -> None:
    numbers = iter(range(10))
    assert await eventually(lambda: next(numbers), until=lambda number: number == 3) == 3


async def test_waiting_in_vain_fails_and_tells_what_was_seen_last() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.05 s; seen last: 7"):
        await eventually(lambda: 7, within_seconds=0.05, until=lambda number: number == 8)


async def test_an_assertion_that_does_not_hold_yet_is_tried_again() -> None:
    tries: list[int] = []

    async def third_time() -> bool:
        tries.append(1)
        assert len(tries) == 3
        return True

    assert await eventually(third_time)


async def test_what_does_not_stay_so_fails() -> None:
    numbers = iter(range(100))
    with pytest.raises(AssertionError, match="did not stay: 2"):
        await stays(lambda: next(numbers), for_seconds=5, until=lambda number: number < 2)
