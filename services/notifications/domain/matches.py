"""Reading `matches`: claims fence their writers, and of each need only the newest record counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.notifications.domain.places import Place, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from shared.contracts.match import ScoredPlace


UNASSIGNED = "unassigned-"
"""Before the code of a municipality: the inbox of its needs that have no caseworker."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's claim to a partition, and the offset where it stands."""

    partition: int
    epoch: int
    offset: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a match record says of the need itself; None of it says who the citizen is."""

    handlekommune: str
    urgency: str
    waiting_since: date | None
    deadline: date | None


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """One record of `matches`; `need` None is a tombstone: the need is closed, or erased if `is_erased`.

    `loud`: the vacancies of places that may be pushed; None: all.
    """

    need_id: str
    partition: int
    offset: int
    position: Position
    happened_at: datetime
    correlation_id: str
    person: str
    policy: str
    need: Need | None
    places: tuple[ScoredPlace, ...]
    loud: frozenset[str] | None = None
    is_erased: bool = False

    def place(self, rank: int) -> Place:
        """Make one of the places; most are known already, and making them all would be half of the work on a record."""
        scored = self.places[rank]
        return Place(
            person=self.person,
            need_id=self.need_id,
            vacancy_id=scored.vacancy_id,
            opening=scored.opening,
            vacancy_version=scored.vacancy_version,
            vacancy_epoch=scored.vacancy_epoch,
            score=scored.score,
            points=scored.points,
            unknown=scored.unknown,
            policy=self.policy,
            match=self.position,
            happened_at=self.happened_at,
            correlation_id=self.correlation_id,
            is_quiet=self.loud is not None and scored.vacancy_id not in self.loud,
        )

    def louder_by(self, others: Iterable[str]) -> MatchRecord:
        """Let these places be pushed too: an earlier record made them news, and its alerts have not been made."""
        return self if self.loud is None else replace(self, loud=self.loud.union(others))

    @property
    def heard(self) -> frozenset[str]:
        """Give the vacancies of the places that may be pushed."""
        return frozenset(place.vacancy_id for place in self.places) if self.loud is None else self.loud


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is left of a batch: the newest record of each need, and the claims that are higher than those known."""

    records: list[MatchRecord]
    claims: list[Claim]


def accept(entries: Iterable[Claim | MatchRecord], known: Mapping[int, Claim]) -> Accepted:
    """Drop what a fenced worker wrote, then all but the newest record of each need.

    A claim ends the epochs below it from its own offset on: what stands before it was written by right, also when it is
    read a second time.

    Args:
        entries: in the order of the log, per partition.
        known: the highest claim so far, by partition.
    """
    highest = dict(known)
    raised: dict[int, Claim] = {}
    newest: dict[str, MatchRecord] = {}
    for entry in entries:
        claim = highest.get(entry.partition)
        if isinstance(entry, Claim):
            if claim is None or entry.epoch > claim.epoch:
                highest[entry.partition] = raised[entry.partition] = entry
            continue
        if claim is not None and entry.position[0] < claim.epoch and entry.offset > claim.offset:
            continue
        held = newest.get(entry.need_id)
        if held is None:
            newest[entry.need_id] = entry
        elif entry.position > held.position:
            newest[entry.need_id] = entry.louder_by(held.heard)
    return Accepted(list(newest.values()), list(raised.values()))


_PUSHED_CAUSES = frozenset({"vacancy", "need", None})
"""Causes of a record that may be pushed; a new policy, a new day or the start of a worker goes to inbox and digest only."""


def loud_places(cause: str | None, own_news: Iterable[str]) -> frozenset[str] | None:
    """Give the vacancies that may be pushed of a record with this cause; None: all."""
    return None if cause in _PUSHED_CAUSES else frozenset(own_news)


def recipient(caseworker: str | None, handlekommune: str) -> str:
    """Name the inbox that a need's alerts go to: its caseworker's, or its municipality's for needs without one."""
    return caseworker or f"{UNASSIGNED}{handlekommune}"
