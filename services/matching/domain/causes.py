"""What made an answer change, and how loud it is: only news of a place or of the need itself is ever pushed to people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

CauseKind = Literal["vacancy", "need", "policy", "day", "start"]
"""As in shared.contracts.match.Match.cause."""

_QUIET: Final[frozenset[CauseKind]] = frozenset({"policy", "day", "start"})

SLACK: Final = timedelta(seconds=60)
"""Topics are read side by side: a place announced so shortly before a new policy may be met after it, and is news all the same."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made an answer change: goes on with the record that tells it.

    Attributes:
        correlation_id: of the matter that the record belongs to.
        time: when it happened.
        traceparent: of the same matter.
        kind: what it was.
        since: a place whose vacancy was published after this is news of its own, whatever else changed; None: no place is.
    """

    correlation_id: str
    time: datetime
    traceparent: str | None = None
    kind: CauseKind = "start"
    since: datetime | None = None

    @property
    def is_quiet(self) -> bool:
        """Say whether the answer goes to inbox and digest only, but for places that are news of their own."""
        return self.kind in _QUIET


def joined(pending: Cause | None, news: Cause) -> Cause:
    """Put together what is still to be said of a need and what comes on top of it.

    A changed need makes its whole list news. Else the quiet cause names the record, since the places that it brought must not be
    pushed; `since` reaches back far enough for the places that are news of their own. The record belongs to the loud matter.
    """
    if pending is None:
        return news
    told = pending if news.is_quiet and not pending.is_quiet else news
    kind: CauseKind = news.kind
    if "need" in (pending.kind, news.kind):
        kind = "need"
    elif pending.is_quiet and not news.is_quiet:
        kind = pending.kind
    return replace(told, kind=kind, since=min((one.since for one in (pending, news) if one.since is not None), default=None))
