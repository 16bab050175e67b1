"""Waiting for something to become true, with a deadline; a test never sleeps and hopes."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")

_POLL_SECONDS = 0.02


async def eventually(
    look: Callable[[], _T | Awaitable[_T]], *, within_seconds: float = 10, until: Callable[[_T], object] = bool
) -> _T:
    """Look again and again until what is seen is as wished, and return it.

    An AssertionError raised by `look` counts as "not yet", so that it can hold several asserts and return True.

    Raises:
        AssertionError: the deadline passed; the message tells what was seen last.
    """
    deadline = time.monotonic() + within_seconds
    seen: _T | AssertionError
    while True:
        try:
            answer = look()
            seen = await answer if inspect.isawaitable(answer) else answer
        except AssertionError as not_yet:
            seen = not_yet
        else:
            if until(seen):
                return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_seconds:g} s; seen last: {seen!r}")
        await asyncio.sleep(_POLL_SECONDS)


async def stays(look: Callable[[], _T | Awaitable[_T]], *, for_seconds: float, until: Callable[[_T], object] = bool) -> None:
    """Look again and again, and fail as soon as what is seen is not as wished.

    Raises:
        AssertionError: it did not stay so.
    """
    deadline = time.monotonic() + for_seconds
    while time.monotonic() < deadline:
        answer = look()
        seen = await answer if inspect.isawaitable(answer) else answer
        assert until(seen), f"did not stay: {seen!r}"
        await asyncio.sleep(_POLL_SECONDS)
