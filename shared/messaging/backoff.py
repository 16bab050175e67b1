"""Waiting between attempts: longer each time, up to a bound, and never all at the same moment."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling delays.

    Attributes:
        first_seconds: before the second attempt.
        limit_seconds: no delay is longer.
    """

    first_seconds: float = 0.1
    limit_seconds: float = 5.0

    def seconds(self, failures: int) -> float:
        """Give the delay after so many failures in a row, shortened at random by up to a quarter."""
        whole = min(self.limit_seconds, self.first_seconds * 2.0 ** min(max(failures - 1, 0), 30))
        return whole * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, guards nothing
