"""How often one caller may search: enough for a person and for a polite program, too little to copy everything or to be in others' way."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

_HOUSEHOLD_BITS: Final = 64
"""An IPv6 caller has a network of so many bits to itself."""


class Limiter:
    """Counts in this process, by the caller's address; nothing is kept of it but the count of two minutes."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._item = RateLimitItemPerMinute(per_minute)
        self._strategy = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def wait_seconds(self, address: str) -> int:
        """Count a search; 0 if it may go on, else how long to wait."""
        caller = _network(address)
        if await self._strategy.hit(self._item, caller):
            return 0
        window = await self._strategy.get_window_stats(self._item, caller)
        return max(1, math.ceil(window.reset_time - self._clock()))


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(int(known) >> (128 - _HOUSEHOLD_BITS))
    return str(known)
