"""Reading `matches`: claims fence their writers, and of each need only the newest record counts."""

from __future__ import annotations

from dataclasses import dataclass
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
    """One record of `matches`; `need` None is a tombstone: the need is closed or erased."""

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

    def place(self, rank: int) -> Place:
        """Make one of the places; most are known already, and making them all would be half of the work on a record."""
        scored = self.places[rank]
        return Place(
            person=self.person,
            need_id=self.need_id,
            vacancy_id=scored.vacancy_id,
            opening=scored.opening,
            vacancy_version=scored.vacancy_version,
            score=scored.score,
            points=scored.points,
            unknown=scored.unknown,
            policy=self.policy,
            match=self.position,
            happened_at=self.happened_at,
            correlation_id=self.correlation_id,
        )


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
        if held is None or entry.position > held.position:
            newest[entry.need_id] = entry
    return Accepted(list(newest.values()), list(raised.values()))


def recipient(caseworker: str | None, handlekommune: str) -> str:
    """Name the inbox that a need's alerts go to: its caseworker's, or its municipality's for needs without one."""
    return caseworker or f"{UNASSIGNED}{handlekommune}"
