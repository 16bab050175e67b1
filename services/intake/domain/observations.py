"""The truth record: how often what an offer had posted was still true when somebody asked for the place.

The formula is public (docs/reference/truth-record.md). It knows codes, counts and times, and nothing of who needed the place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from services.intake.domain.outcomes import Rejected, rejected
from shared.contracts.offer import Truth

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, timedelta

Finding = Literal["still_free", "place_gone", "not_as_stated"]
"""What somebody found who asked: the place was free, it was not, or it was another one than posted (for whom, price, days)."""

Objection = Literal["was_still_free", "about_another_place", "not_posted_then", "outside_its_terms", "told_twice"]
"""Why an offer says that an observation is wrong; `outside_its_terms`: the asker was not among those whom the posting was for."""

Ruling = Literal["upheld", "dismissed"]
"""An operator's, on an objection: upheld, it never counts; dismissed, it counts."""

Standing = Literal["waiting", "objected", "set_aside", "counts"]
"""waiting: the offer can still object; objected: nobody has ruled yet; set_aside: the objection was upheld."""

FINDINGS: Final = get_args(Finding)
LEAST: Final = 10
"""Observations that must count before anything is published: one in ten is then ten percent, not a hundred."""


@dataclass(frozen=True, slots=True)
class ObservationRules:
    """How observations are taken: settings of this instance (`freshness.yaml`).

    Attributes:
        objection_period: an observation counts only so long after it came in.
        told_within: what somebody found is told at most so long after he asked.
        window: an observation counts for so long after the asking.
    """

    objection_period: timedelta
    told_within: timedelta
    window: timedelta


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation of one posting.

    Attributes:
        number: counts up per offer, without a gap.
        vacancy_version: the posting as it stood when the observation came in.
        observer: the partner whose system told it, or `person:` and the id of a caseworker; empty: somebody, before there was a login.
        asked_at: when the place was asked for.
        counts_from: until then the offer can object.
    """

    number: int
    vacancy_id: str
    vacancy_version: int
    opening: int
    observer: str
    finding: Finding
    asked_at: datetime
    received_at: datetime
    counts_from: datetime
    objection: Objection | None = None
    objected_at: datetime | None = None
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What counts now."""

    observed: int
    still_true: int


def standing(observation: Observation, now: datetime) -> Standing:
    """Say whether an observation counts; how old it is, is another question."""
    if observation.ruling == "upheld":
        return "set_aside"
    if observation.objection is not None and observation.ruling is None:
        return "objected"
    return "waiting" if now < observation.counts_from else "counts"


def tally(observations: Iterable[Observation], now: datetime, window: timedelta) -> Tally:
    """Count an offer's observations, in any order."""
    counted = [one.finding for one in observations if standing(one, now) == "counts" and now < one.asked_at + window]
    return Tally(len(counted), counted.count("still_free"))


def truth(counted: Tally, day: date) -> Truth | None:
    """Make what is published of a tally: whole percent, rounded down so that 100 means each and every one; None: too few."""
    if counted.observed < LEAST:
        return None
    percent = 100 * counted.still_true // counted.observed
    return Truth(observed=counted.observed, still_true=counted.still_true, percent=percent, as_of=day)


def next_change(observations: Iterable[Observation], now: datetime, window: timedelta) -> datetime | None:
    """Say when the tally may change next by itself; None: not before somebody says something."""
    moments = [
        moment
        for one in observations
        if standing(one, now) in {"waiting", "counts"}
        for moment in (one.counts_from, one.asked_at + window)
        if moment > now
    ]
    return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class Posting:
    """A vacancy as it stands when somebody tells what he found.

    Attributes:
        closed_at: since when it is closed; None: it is open.
        nothing_free_since: since when it says that nothing is free, also if it has closed since; None: it says that something is, or
            does not count its places.
    """

    vacancy_id: str
    version: int
    opening: int
    closed_at: datetime | None
    nothing_free_since: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells."""

    finding: Finding
    asked_at: datetime
    observer: str


def told_by(observer: str) -> Literal["partner", "somebody"]:
    """Say what kind of observer it was: which person it was is not the offer's business."""
    return "partner" if observer and not observer.startswith("person:") else "somebody"


def observe(told: Told, posting: Posting, number: int, rules: ObservationRules, now: datetime) -> Observation | Rejected:
    """Take what somebody tells of a posting.

    A posting that has been closed or filled up since he asked is observed all the same: it is often his call that closes it, and
    leaving those out would make every record look better than it is.
    """
    if told.asked_at > now:
        return rejected("in_the_future", "asked_at")
    if told.asked_at < now - rules.told_within:
        return rejected("asked_too_long_ago", "asked_at")
    if posting.closed_at is not None and told.asked_at >= posting.closed_at:
        return rejected("vacancy_closed")
    if posting.nothing_free_since is not None and told.asked_at >= posting.nothing_free_since:
        return rejected("nothing_claimed")
    return Observation(
        number=number,
        vacancy_id=posting.vacancy_id,
        vacancy_version=posting.version,
        opening=posting.opening,
        observer=told.observer,
        finding=told.finding,
        asked_at=told.asked_at,
        received_at=now,
        counts_from=now + rules.objection_period,
    )


def object_to(before: Observation, why: Objection, now: datetime) -> Observation | Rejected:
    """Take an offer's objection; another reason replaces the first."""
    match standing(before, now):
        case "counts":
            return rejected("objection_ruled" if before.ruling else "objection_too_late")
        case "set_aside":
            return rejected("objection_ruled")
        case "waiting" if before.ruling is not None:
            return rejected("objection_ruled")
        case "waiting" | "objected":
            return replace(before, objection=why, objected_at=before.objected_at or now)


def withdraw_objection(before: Observation) -> Observation | Rejected:
    """Take an objection back."""
    if before.ruling is not None:
        return rejected("objection_ruled")
    return replace(before, objection=None, objected_at=None)


def rule_on(before: Observation, ruling: Ruling) -> Observation | Rejected:
    """Say who is right; a later ruling replaces an earlier one."""
    return rejected("not_objected") if before.objection is None else replace(before, ruling=ruling)
