"""Waiting for something to become true, with a deadline; a test never sleeps and hopes."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

_T = TypeVar("_T")

_POLL_SECONDS = 0.02


@overload
async def eventually(
    look: Callable[[], Awaitable[_T]], *, within_seconds: float = ..., until: Callable[[_T], object] = ...
) -> _T: ...
@overload
async def eventually(look: Callable[[], _T], *, within_seconds: float = ..., until: Callable[[_T], object] = ...) -> _T: ...
async def eventually(look: Callable[[], Any], *, within_seconds: float = 10, until: Callable[[Any], object] = bool) -> Any:
    """Look again and again until what is seen is as wished, and return it.

    An AssertionError raised by `look` counts as "not yet", so that it can hold several asserts and return True.

    Raises:
        AssertionError: the deadline passed; the message tells what was seen last.
    """
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            seen = await _look_once(look)
        except AssertionError as not_yet:
            seen = not_yet
        else:
            if until(seen):
                return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_seconds:g} s; seen last: {seen!r}")
        await asyncio.sleep(_POLL_SECONDS)


@overload
async def stays(look: Callable[[], Awaitable[_T]], *, for_seconds: float, until: Callable[[_T], object] = ...) -> None: ...
@overload
async def stays(look: Callable[[], _T], *, for_seconds: float, until: Callable[[_T], object] = ...) -> None: ...
async def stays(look: Callable[[], Any], *, for_seconds: float, until: Callable[[Any], object] = bool) -> None:
    """Look again and again, and fail as soon as what is seen is not as wished.

    Raises:
        AssertionError: it did not stay so.
    """
    deadline = time.monotonic() + for_seconds
    while time.monotonic() < deadline:
        seen = await _look_once(look)
        assert until(seen), f"did not stay: {seen!r}"
        await asyncio.sleep(_POLL_SECONDS)


async def _look_once(look: Callable[[], Any]) -> Any:
    answer = look()
    return await answer if inspect.isawaitable(answer) else answer
