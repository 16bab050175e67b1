"""An erasure as it stands: what is done, what is waited for, and when it is to be looked at again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from services.intake.citizens.vault import digest_of
from services.intake.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shared.messaging.topics import Topics

Why = Literal["asked", "retention", "erased_need", "restored"]


class Step(StrEnum):
    """What has been done, in this order."""

    BEGUN = "begun"  # nothing is written to the citizen's record any more
    KEY_DESTROYED = "key_destroyed"
    DELETED = "deleted"  # rows are gone, the first tombstones are in the outbox
    PUBLISHED = "published"  # the first tombstones are on the log
    REWRITTEN = "rewritten"  # tables were written anew
    DONE = "done"  # a full read of the log found no body of it, and the others have answered
    PURGED = "purged"  # a full read found nothing at all; the ids are gone from the tables too
    ENDED = "ended"  # and from their files


@dataclass(frozen=True, slots=True)
class Job:
    """One erasure, as stored."""

    erasure_id: str
    about: bytes
    citizen_id: str | None
    needs: tuple[str, ...]
    municipality: str | None
    why: Why
    step: Step
    asked_at: datetime
    step_at: datetime
    looked_at: datetime | None
    tombstoned_at: datetime | None
    tombstones: int
    swept_at: datetime | None
    destroyed: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    done_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Everything that must not be found any more."""
        return (*self.needs, *([] if self.citizen_id is None else [self.citizen_id]))


def new_job(
    now: datetime, erased_id: str, needs: Sequence[str], municipality: str | None, why: Why, *, citizen_id: str | None = None
) -> Job:
    """Make a job that has just begun.

    Args:
        now: the moment.
        erased_id: of the citizen or the need; whoever knows it finds the proof.
        needs: all that are to be erased.
        municipality: whose they are.
        why: who wants it.
        citizen_id: where the whole of a citizen is erased.
    """
    return Job(
        erasure_id=new_id(now),
        about=digest_of(erased_id),
        citizen_id=citizen_id,
        needs=tuple(needs),
        municipality=municipality,
        why=why,
        step=Step.BEGUN,
        asked_at=now,
        step_at=now,
        looked_at=None,
        tombstoned_at=None,
        tombstones=0,
        swept_at=None,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long the log takes to forget; all of it follows from deploy/topics.yaml.

    Attributes:
        lag: after it what a later record under the same key replaced is compacted, once its segment has ended.
        tombstones_stay: how long a tombstone is kept after that.
    """

    lag: timedelta
    tombstones_stay: timedelta

    @property
    def look_every(self) -> timedelta:
        """A full read has its price: ten in the time that compaction takes, and not more than one a second."""
        return max(_AT_LEAST, min(self.lag / 10, _AT_MOST))


_AT_LEAST: Final = timedelta(seconds=1)
_AT_MOST: Final = timedelta(hours=1)


def waiting_of(topics: Topics) -> Waiting:
    """Read how long is to be waited."""
    lag = max(topics.max_compaction_lag_ms, topics.segment_ms)
    return Waiting(timedelta(milliseconds=lag), timedelta(milliseconds=topics.delete_retention_ms))
