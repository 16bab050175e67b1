"""Ids of vacancies and needs: UUIDs of version 7, which rise with time, so that the newest stand last in an index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_RANDOM_BYTES = 10
_VERSION = 0x7000
_VARIANT = 0x8000


def new_id(now: datetime) -> str:
    """Make an id (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    return _made(now, os.urandom(_RANDOM_BYTES))


def new_ids(now: datetime, count: int) -> list[str]:
    """Make many at once; the system is asked only once for what is random."""
    random = os.urandom(_RANDOM_BYTES * count)
    return [_made(now, random[at : at + _RANDOM_BYTES]) for at in range(0, len(random), _RANDOM_BYTES)]


def _made(now: datetime, random: bytes) -> str:
    milliseconds = f"{int(now.timestamp() * 1000):012x}"
    first = _VERSION | int.from_bytes(random[:2], "big") & 0x0FFF
    second = _VARIANT | int.from_bytes(random[2:4], "big") & 0x3FFF
    return f"{milliseconds[:8]}-{milliseconds[8:]}-{first:04x}-{second:04x}-{random[4:].hex()}"
