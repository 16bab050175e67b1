"""The limits by which consuming goes about failures."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.messaging.backoff import Backoff


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a batch is tried again while the trouble is a passing one.

    Attributes:
        backoff: the delays between attempts.
        in_place_seconds: after so long the batch is put back (its positions are sought again) and the consumer polls, which keeps
            it in its group; then it goes on trying. Well under `max_poll_interval_ms`.
    """

    backoff: Backoff = field(default_factory=Backoff)
    in_place_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class FusePolicy:
    """When a subscriber stops because it is rather we who are broken than the records.

    Attributes:
        failures_in_a_row: records that cannot be taken, one after the other. The run that blows the fuse is neither dead-lettered
            nor committed, as far as it lies in the batch in hand: the next start reads it again.
    """

    failures_in_a_row: int = 20


def blown_at(bad: set[int], count: int, *, carried: int, limit: int) -> int | None:
    """Find where a run of failures begins that reaches the limit.

    Args:
        bad: indices of the records of a batch that cannot be taken.
        count: look at the records before this index.
        carried: failures in a row with which the batch before ended.
        limit: failures in a row that blow the fuse.
    """
    run, start = carried, 0
    for index in range(count):
        if index not in bad:
            run, start = 0, index + 1
            continue
        run += 1
        if run >= limit:
            return start
    return None


def trailing(bad: set[int], count: int, *, carried: int) -> int:
    """Count the failures in a row with which a batch ends."""
    run = 0
    while run < count and count - 1 - run in bad:
        run += 1
    return run + carried if run == count else run
