"""What comes of a delivery, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

RetryReason = Literal["unreachable", "refused_for_now"]
GiveUpReason = Literal["no_address", "refused", "too_old"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The mail server has taken it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It was not taken this time; again after a while."""

    reason: RetryReason
    after_seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It will not be taken; the alert stays in the inbox."""

    reason: GiveUpReason


@dataclass(frozen=True, slots=True)
class NotTried:
    """Its turn did not come within the lease; that is no attempt."""


Outcome = Delivered | Retry | GiveUp | NotTried


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a delivery is tried.

    Attributes:
        first_wait_seconds: after the first attempt; doubled with each further one.
        longest_wait_seconds: where doubling ends while the server cannot be reached. Short: it is our own relay, and
            whoever waits for a place should not wait for a back-off when it is back.
        longest_wait_refused_seconds: where doubling ends when the server answers, but not now.
        give_up_after: since the alert. RFC 5321, 4.5.4.1: at least four or five days.
    """

    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 15.0
    longest_wait_refused_seconds: float = 900.0
    give_up_after: timedelta = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery in hand: which attempt it is (from 1), when it was made, and the moment now."""

    number: int
    created_at: datetime
    now: datetime


def not_reached(attempt: Attempt, patience: Patience) -> Retry | GiveUp:
    """The mail server is away, hung up or took too long. It has not said no, so this alone never ends it before its time."""
    return _again(attempt, "unreachable", patience.longest_wait_seconds, patience)


def answered(code: int, attempt: Attempt, patience: Patience) -> Retry | GiveUp:
    """The server answered with an error: 5xx is final, 4xx is for now (RFC 5321, 4.2.1)."""
    if code >= 500:  # noqa: PLR2004 - the border that the protocol draws
        return GiveUp("refused")
    return _again(attempt, "refused_for_now", patience.longest_wait_refused_seconds, patience)


def _again(attempt: Attempt, reason: RetryReason, longest_seconds: float, patience: Patience) -> Retry | GiveUp:
    if attempt.now - attempt.created_at > patience.give_up_after:
        return GiveUp("too_old")
    doublings = min(attempt.number - 1, 30)
    return Retry(reason, min(longest_seconds, patience.first_wait_seconds * 2**doublings))
