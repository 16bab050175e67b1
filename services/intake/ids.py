"""Ids of vacancies and needs: UUIDs of version 7, which rise with time, so that the newest stand last in an index."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def new_id(now: datetime) -> str:
    """Make an id (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    random = secrets.randbits(74)
    return str(UUID(int=milliseconds << 80 | _VERSION_7 | (random >> 62) << 64 | _VARIANT | (random & ((1 << 62) - 1))))
