"""Who was away for too long cannot go on where they stopped: a tombstone may have come and gone meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

LONGEST: Final = timedelta(days=3)
"""Tombstones stay for `delete_retention_days` (7, deploy/topics.yaml) after the cleaner saw them. DESIGN sets 3: room for reading."""


def was_away_too_long(fresh_at: datetime, now: datetime) -> bool:
    return now - fresh_at > LONGEST


def has_reached(until: Sequence[int], committed: Mapping[int, int]) -> bool:
    """Say whether a reading is committed up to these offsets, by partition."""
    return all(committed.get(partition, 0) >= end for partition, end in enumerate(until))
