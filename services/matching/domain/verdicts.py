"""What comes of judging one rule, or of measuring one part of the fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.words.saying import Reason, Words
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


@dataclass(frozen=True, slots=True)
class Holds:
    """The rule is met."""


@dataclass(frozen=True, slots=True)
class Fails:
    """The rule is not met, and this is why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The rule cannot be judged: it does not exclude, it is shown."""

    words: Words


Verdict = Holds | Fails | NotKnown


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one part. `known` False: they are the policy's points for missing information."""

    points: int
    known: bool
    words: Words


Judge = Callable[["NeedProfile", "Vacancy", "Terms"], Verdict]
Measure = Callable[["NeedProfile", "Vacancy", "Terms"], Points]
