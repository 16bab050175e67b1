"""Who stands where in the queue for one scarce place: a pure function of the need, the day and the policy. It never changes the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from shared.contracts.need import Deadline
    from shared.contracts.settings import PriorityTerms

PriorityPart = Literal["urgency", "waiting", "deadline"]

PRIORITY_PARTS: Final[tuple[PriorityPart, ...]] = get_args(PriorityPart)
"""In the order in which they are told."""

QueueKey = tuple[int, int, int, str]
"""What a queue is sorted by, ascending: nobody has the same."""

_NO_DEADLINE: Final = 1_000_000
"""Days; later than any deadline."""


class InQueue(Protocol):
    """What a need profile and a match record both carry."""

    @property
    def need_id(self) -> str: ...
    @property
    def urgency(self) -> Literal["normal", "soon", "acute"]: ...
    @property
    def waiting_since(self) -> date | None: ...
    @property
    def deadline(self) -> Deadline | None: ...


@dataclass(frozen=True, slots=True)
class Priority:
    """Where one need stands on a day.

    Attributes:
        points: by part; they add up to `total`.
        waiting_days: since when it has waited, in whole days; None where that is not stated, which gives no points and is shown.
        days_left: until the deadline, negative after it; None where none is stated.
        deadline_source: where the deadline is set, as the need says it.
        key: what the queue is sorted by.
    """

    points: Mapping[PriorityPart, int]
    waiting_days: int | None
    days_left: int | None
    deadline_source: str | None
    key: QueueKey

    @property
    def total(self) -> int:
        return sum(self.points.values())


def priority(need: InQueue, day: date, terms: PriorityTerms) -> Priority:
    """Give a need's priority on a day (in Danish time), in whole points.

    Equal points: who has waited longer comes first, then whose deadline is nearer, then the need's id.
    """
    waited = None if need.waiting_since is None else max(0, (day - need.waiting_since).days)
    left = None if need.deadline is None else (need.deadline.date - day).days
    points: dict[PriorityPart, int] = {
        "urgency": {"normal": 0, "soon": terms.soon_points, "acute": terms.acute_points}[need.urgency],
        "waiting": _share(terms.waiting_max_points, waited or 0, terms.waiting_full_days),
        "deadline": 0
        if left is None
        else _share(terms.deadline_max_points, terms.deadline_from_days - left, terms.deadline_from_days),
    }
    key = (-sum(points.values()), -(waited or 0), _NO_DEADLINE if left is None else left, need.need_id)
    return Priority(points, waited, left, need.deadline.source if need.deadline else None, key)


def _share(most: int, of: int, whole: int) -> int:
    """Give the part of `most` that `of` is of `whole`, rounded down; never less than nothing, nor more than all."""
    return most * min(max(of, 0), whole) // whole
