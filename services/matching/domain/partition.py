"""One partition of the needs and of what was said about them: which worker may speak, what it has said, and what is to be said.

Everything is learned from the log, in the order of offsets. A record whose epoch is below the highest seen before it was written by
a worker that had lost the partition: readers drop it, but in the compacted topic it displaces what was right, so it is said again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from services.matching.domain.causes import SLACK, joined

if TYPE_CHECKING:
    from datetime import datetime

    from services.matching.domain.causes import Cause

Position = tuple[int, int]
"""(epoch, version): as in shared.messaging.versions, which is no business of the domain."""

GONE: Final = b""
"""In place of a digest: the last record is a tombstone."""


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """Of an open need, what its record of `matches` carries beside the places: JSON text, in the contract's order."""

    version: int
    facts: bytes


class Phase(Enum):
    """What a partition is doing here."""

    PAUSED = "paused"  # revoked, or fenced: state is kept, nothing is said
    RESTORING = "restoring"
    LIVE = "live"


@dataclass(slots=True)
class Claimed:
    """A claim of this worker: the epoch it speaks under, and where the claim stands on the log."""

    epoch: int
    offset: int


@dataclass(slots=True)
class Partition:
    """All that a worker knows of one partition. It outlives a rebalance that gives the partition back."""

    number: int
    phase: Phase = Phase.RESTORING
    needs: dict[str, OpenNeed] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    """The last position per need, also of those that are closed or erased."""
    unreadable: set[str] = field(default_factory=set)
    """Needs of which nothing readable was seen: what was said about them stays."""
    said: dict[str, bytes] = field(default_factory=dict)
    """Digest of the canonical form of the last record per need; absent: nothing, or not by whoever may speak."""
    overwritten: set[str] = field(default_factory=set)
    """Keys whose last record is not a rightful one: the truth is to be written over it, be it a tombstone."""
    unsaid: dict[str, Cause] = field(default_factory=dict)
    """Needs whose answer may differ from what was said, and why."""
    needs_offset: int = 0
    said_offset: int = 0
    highest_epoch: int = 0
    claimed: Claimed | None = None
    heard_at: datetime | None = None
    """When the latest happened that was told of here, by anyone."""
    resumes_from: datetime | None = None
    """The same, as of the latest restore: what happened since then is news, what is older was told of, or could have been."""
    compared_epoch: int | None = None
    """The claim under which everything that was said has been compared with what is true."""
    _rivals: dict[int, int] = field(default_factory=dict)
    _counter: int = 0

    # --- claims ------------------------------------------------------------------------------------------------------

    def saw_claim(self, epoch: int, offset: int, time: datetime | None = None) -> None:
        """Note a claim, anyone's."""
        self._heard(time)
        self.highest_epoch = max(self.highest_epoch, epoch)
        self._rivals[offset] = epoch

    def won(self, epoch: int, offset: int) -> bool:
        """Settle a claim that was read back: won unless another one is as high; two that began at the same moment both go on."""
        if any(rival >= epoch for at, rival in self._rivals.items() if at != offset) or self.highest_epoch > epoch:
            return False
        self.claimed, self._rivals, self._counter = Claimed(epoch, offset), {}, 0
        return True

    @property
    def fenced(self) -> bool:
        """Say whether somebody else may speak now: a claim as high as ours stands elsewhere on the log."""
        claimed = self.claimed
        return claimed is None or any(rival >= claimed.epoch for at, rival in self._rivals.items() if at != claimed.offset)

    @property
    def may_speak(self) -> bool:
        return self.phase is Phase.LIVE and not self.fenced

    def next_position(self) -> Position:
        """Give the position of the next record that this worker writes here."""
        if self.claimed is None:
            raise RuntimeError("a partition speaks only under a claim")
        self._counter += 1
        return self.claimed.epoch, self._counter

    # --- what stands on the log --------------------------------------------------------------------------------------

    def saw_record(self, need_id: str, epoch: int, digest: bytes, cause: Cause) -> None:
        """Take in a record of `matches`.

        One of our own says nothing new. One of an earlier rightful owner is what was said. Any other is to be written over.
        """
        if self.claimed is not None and epoch == self.claimed.epoch:
            return
        self._heard(cause.time)
        rightful = epoch >= self.highest_epoch and (self.claimed is None or epoch > self.claimed.epoch)
        self.highest_epoch = max(self.highest_epoch, epoch)
        if rightful:
            self.said[need_id] = digest
            self.overwritten.discard(need_id)
            self.unsaid.setdefault(need_id, cause)
        else:
            self.saw_garbage(need_id, cause)

    def saw_garbage(self, need_id: str, cause: Cause) -> None:
        """Take in a record that nobody may have written: the truth is to be written over it."""
        self.said.pop(need_id, None)
        self.overwritten.add(need_id)
        self.unsaid.setdefault(need_id, cause)

    def must_say(self, need_id: str, digest: bytes) -> bool:
        """Say whether a record with this content (GONE: a tombstone) is news."""
        if need_id in self.overwritten:
            return True
        return self.said.get(need_id, GONE) != digest

    def has_said(self, need_id: str, digest: bytes, cause: Cause) -> None:
        self.said[need_id] = digest
        self.overwritten.discard(need_id)
        self._heard(cause.time)

    def failed_to_say(self, need_id: str, cause: Cause) -> None:
        """Take back what was not acknowledged; it may have been written all the same, so it is written over."""
        pending = self.unsaid.get(need_id)
        self.saw_garbage(need_id, cause)
        if pending is not None:
            self.unsaid[need_id] = joined(cause, pending)

    # --- why it is to be said ----------------------------------------------------------------------------------------

    def note(self, need_id: str, cause: Cause) -> None:
        """Note that a need's answer may have changed."""
        self.unsaid[need_id] = joined(self.unsaid.get(need_id), cause)

    def resume(self) -> None:
        """Note up to when this partition was spoken for, before this worker claims it."""
        self.resumes_from = self.heard_at

    def settle(self) -> None:
        """Sort what a restore has queued: it meets every need as if it were new, and most are not."""
        since = None if self.resumes_from is None else self.resumes_from - SLACK
        for need_id, cause in self.unsaid.items():
            is_old = cause.kind == "need" and (since is None or cause.time <= since)
            if is_old or (cause.kind == "start" and cause.since is None):
                self.unsaid[need_id] = replace(cause, kind="start", since=since)

    def _heard(self, time: datetime | None) -> None:
        if time is not None and (self.heard_at is None or time > self.heard_at):
            self.heard_at = time
