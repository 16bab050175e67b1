"""One partition of the needs and of what was said about them: which worker may speak, what it has said, and what is to be said.

Everything is learned from the log, in the order of offsets. A record whose epoch is below the highest seen before it was written by
a worker that had lost the partition: readers drop it, but in the compacted topic it displaces what was right, so it is said again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from services.matching.domain.causes import SLACK, joined
from services.matching.domain.need_book import GONE, NeedBook, Texts
from services.matching.domain.unsaid import Unsaid

if TYPE_CHECKING:
    from datetime import datetime

    from services.matching.domain.causes import Cause
    from services.matching.domain.need_book import Position


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
    texts: Texts = field(default_factory=Texts)
    """Shared with other partitions."""
    needs: NeedBook = field(init=False)
    """Every need that was met, with its position, whether it is open, and the digest of what was said of it by whoever may speak."""
    unsaid: Unsaid = field(init=False)
    """Needs whose answer may differ from what was said, and why."""
    unreadable: set[str] = field(default_factory=set)
    """Needs of which nothing readable was seen: what was said about them stays."""
    erased: set[str] = field(default_factory=set)
    """Needs whose last record is a tombstone, and not only closed."""
    overwritten: set[str] = field(default_factory=set)
    """Keys whose last record is not a rightful one: the truth is to be written over it, be it a tombstone."""
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
    _has_resumed: bool = False
    _rivals: dict[int, int] = field(default_factory=dict)
    _counter: int = 0

    def __post_init__(self) -> None:
        self.needs = NeedBook(self.texts)
        self.unsaid = Unsaid(self.needs)

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

    def saw_record(self, need_id: str, epoch: int, digest: int, cause: Cause) -> None:
        """Take in a record of `matches`.

        One of our own says nothing new. One of an earlier rightful owner is what was said. Any other is to be written over.
        """
        if self.claimed is not None and epoch == self.claimed.epoch:
            return
        self._heard(cause.time)
        rightful = epoch >= self.highest_epoch and (self.claimed is None or epoch > self.claimed.epoch)
        self.highest_epoch = max(self.highest_epoch, epoch)
        if rightful:
            self.needs.put_said(need_id, digest)
            self.overwritten.discard(need_id)
            self._note_repair(need_id, cause)
        else:
            self.saw_garbage(need_id, cause)

    def saw_garbage(self, need_id: str, cause: Cause) -> None:
        """Take in a record that nobody may have written: the truth is to be written over it."""
        self.needs.put_said(need_id, GONE)
        self.overwritten.add(need_id)
        self._note_repair(need_id, cause)

    def _note_repair(self, need_id: str, cause: Cause) -> None:
        """Note that what stands on the log is to be compared with what is true, whatever else is pending."""
        if self.phase is Phase.RESTORING:
            self.unsaid.wait(need_id)
        else:
            self.unsaid.setdefault(need_id, cause)

    def must_say(self, need_id: str, digest: int) -> bool:
        """Say whether a record with this content (GONE: a tombstone) is news."""
        return need_id in self.overwritten or self.needs.said(need_id) != digest

    def has_said(self, need_id: str, digest: int, cause: Cause) -> None:
        self.needs.put_said(need_id, digest)
        self.overwritten.discard(need_id)
        self._heard(cause.time)

    def failed_to_say(self, need_id: str, cause: Cause) -> None:
        """Take back what was not acknowledged; it may have been written all the same, so it is written over."""
        pending = self.unsaid.get(need_id)
        self.needs.put_said(need_id, GONE)
        self.overwritten.add(need_id)
        # In a restore too: it is news of its own, which nobody was told.
        self.unsaid[need_id] = cause if pending is None else joined(cause, pending)

    # --- why it is to be said ----------------------------------------------------------------------------------------

    def note(self, need_id: str, cause: Cause) -> None:
        """Note that a need's answer may have changed."""
        self.unsaid[need_id] = joined(self.unsaid.get(need_id), cause)

    def resume(self) -> None:
        """Note up to when this partition was spoken for, before this worker claims it."""
        self.resumes_from, self._has_resumed = self.heard_at, True

    def is_old(self, time: datetime) -> bool:
        """Say whether what happened to a need was told of before the restore that is under way, or could have been.

        It is then met as if it were new, and needs no cause of its own. False as long as nobody knows.
        """
        return self.phase is Phase.RESTORING and self._has_resumed and not self._is_news(time)

    def settle(self, repair: Cause) -> None:
        """Sort what a restore has queued: only what happened since the partition was last spoken for is news."""
        self.unsaid.share(replace(repair, kind="start", since=self._since))
        self.unsaid.settle(self._since)

    def compare_all(self) -> None:
        """Note all needs that are open or of which something was said, to be compared."""
        for need_id in self.overwritten:
            self.unsaid.wait(need_id)
        self.unsaid.note_all_known()

    @property
    def _since(self) -> datetime | None:
        return None if self.resumes_from is None else self.resumes_from - SLACK

    def _is_news(self, time: datetime) -> bool:
        return self._since is not None and time > self._since

    def _heard(self, time: datetime | None) -> None:
        if time is not None and (self.heard_at is None or time > self.heard_at):
            self.heard_at = time
