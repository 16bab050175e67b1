"""Whether a place on a need's list is worth an alert now: the heart of the service, without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Position = tuple[int, int]
"""(epoch, version)."""

Kind = Literal["new", "reopened"]
"""Why somebody is alerted: the place is new to them for this need, or an opening after one that they were alerted to."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a need's list, and whom it concerns.

    Attributes:
        person: opaque id of who is alerted.
        vacancy_epoch: of the version that was scored; None: the record does not say.
        points: per part of the fit; they add up to `score` (0 to 100).
        unknown: codes of rules and parts that could not be judged.
        policy: hash of the policy that it was scored under.
        match: position of the record of `matches` that says so.
        happened_at: when matching said so.
        is_quiet: for inbox and digest only: a new policy, day or start of a worker brought it.
    """

    person: str
    need_id: str
    vacancy_id: str
    opening: int
    vacancy_version: int
    vacancy_epoch: int | None
    score: int
    points: Mapping[str, int]
    unknown: tuple[str, ...]
    policy: str
    match: Position
    happened_at: datetime
    correlation_id: str
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class PlaceList:
    """Places of one need, for one person."""

    person: str
    need_id: str
    places: tuple[Place, ...]

    def place(self, rank: int) -> Place:
        return self.places[rank]


def lists_of(places: Iterable[Place]) -> list[PlaceList]:
    """Put together what stands side by side and is of one need and for one person."""
    return [PlaceList(*whose, tuple(group)) for whose, group in groupby(places, key=attrgetter("person", "need_id"))]


@dataclass(frozen=True, slots=True)
class Copy:
    """What the own copy of `vacancies` knows of a place."""

    epoch: int
    version: int
    opening: int
    status: Literal["open", "closed", "gone"]

    def is_behind(self, place: Place) -> bool:
        """Say whether matching has seen a newer state: versions compare by epoch first, since a restored intake counts anew."""
        return (self.epoch, self.version) < _seen_by_matching(place, self)


@dataclass(frozen=True, slots=True)
class AlertNow:
    """The person is to be alerted."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Wait:
    """The copy has not met what matching saw: the place is kept until it has."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """The vacancy has moved on since; matching will say again what is true."""


@dataclass(frozen=True, slots=True)
class AlreadySaid:
    """The person was alerted to this opening or to a later one."""


Judgement = AlertNow | Wait | Outdated | AlreadySaid


def judge(place: Place, copy: Copy | None, alerted_opening: int | None) -> Judgement:
    """Decide what to do about one place.

    Args:
        place: as the newest record of its need has it.
        copy: what is known of the vacancy; None: nothing yet.
        alerted_opening: the highest opening of this vacancy that the person was alerted to for this need.
    """
    if alerted_opening is not None and alerted_opening >= place.opening:
        return AlreadySaid()
    if copy is None:
        return Wait()
    if copy.is_behind(place):
        return Wait()
    if copy.status != "open":
        return Outdated()
    if copy.opening != place.opening:
        return Outdated()
    return AlertNow("new" if alerted_opening is None else "reopened")


def _seen_by_matching(place: Place, copy: Copy) -> Position:
    return (copy.epoch if place.vacancy_epoch is None else place.vacancy_epoch), place.vacancy_version
