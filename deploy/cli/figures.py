"""The figure of a benchmark: what was measured, beside what, and whether that is good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of `ledigplads bench`."""

    benchmark: str
    """e.g. latency.p50"""
    figure: float
    unit: str
    against: str
    """What it is measured beside, in the same run."""
    against_figure: float
    ratio: float
    """Figure by what it is measured beside."""
    goal: float | None = None
    """For the ratio; None: shown, and no goal is set."""
    at_most: bool = True
    """Whether the goal is an upper bound, or a lower."""

    @property
    def met(self) -> bool | None:
        """Say whether the goal was met; None where there is none."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal

    def as_json(self) -> dict[str, Any]:
        """Give the line in its documented shape."""
        return {
            "benchmark": self.benchmark,
            "figure": self.figure,
            "unit": self.unit,
            "against": self.against,
            "against_figure": self.against_figure,
            "ratio": self.ratio,
            "goal": self.goal,
            "met": self.met,
        }
