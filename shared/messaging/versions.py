"""The version rule: a reader ignores what is at or below the (epoch, version) it has, also after a tombstone."""

from __future__ import annotations

Position = tuple[int, int]
"""(epoch, version) of one entity: the epoch rises when its owner is restored from a backup, and counts before the version."""


def is_newer(seen: Position | None, new: Position) -> bool:
    """Say whether `new` must be applied by a reader that has `seen` (None: nothing yet)."""
    return seen is None or new > seen
