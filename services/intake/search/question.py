"""The question of a caller, as it was asked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from shared.contracts.common import Point


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to find; several codes of one kind are alternatives, different kinds go together.

    Attributes:
        q: words, in any form.
        kommune: codes.
        landsdel: names.
        near: where distance counts from, and where the question came from in words.
        distance_km: no farther than this; wants `near`.
        self_referral: only places that one can come to oneself.
        free_from: a place is free on that day.
        with_vacancy: only what has a free place, or a coming one.
        age: whole years.
    """

    q: str = ""
    section: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    kommune: tuple[str, ...] = ()
    landsdel: tuple[str, ...] = ()
    target_group: tuple[str, ...] = ()
    activity: tuple[str, ...] = ()
    work_task: tuple[str, ...] = ()
    self_referral: bool = False
    free_from: date | None = None
    with_vacancy: bool = False
    age: int | None = None
    language: str | None = None
    near: Point | None = None
    distance_km: int | None = None

    def canonical(self) -> str:
        """Write it so that the same question is the same text."""
        return repr([(field.name, getattr(self, field.name)) for field in fields(self)])
