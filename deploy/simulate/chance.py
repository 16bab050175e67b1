"""Seeded chance: the same seed and name give the same draws on every machine, whatever was drawn before."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")

Z90 = 1.2815515655446004
"""The standard normal distribution's 90th percentile."""


class Quantiled(Protocol):
    """What has a p10, a p50 and a p90."""

    @property
    def p10(self) -> int: ...
    @property
    def p50(self) -> int: ...
    @property
    def p90(self) -> int: ...


class Chance:
    """One thing's own source of chance. Named, so that the millionth thing is made without the others."""

    def __init__(self, seed: int, name: str) -> None:
        self._random = random.Random(f"{seed}/{name}")

    def percent(self, percent: int) -> bool:
        return self._random.random() * 100 < percent

    def between(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def one(self, values: Sequence[T]) -> T:
        return values[self._random.randrange(len(values))]

    def some(self, values: Sequence[T], low: int, high: int) -> tuple[T, ...]:
        """Draw from `low` to `high` different values, as many as there are."""
        count = min(len(values), self._random.randint(low, high))
        return tuple(self._random.sample(list(values), count))

    def weighted(self, weights: Mapping[T, int] | Iterable[tuple[T, int]]) -> T:
        """Draw one value; the weights are relative."""
        pairs: list[tuple[T, int]] = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        sums = list(accumulate(weight for _, weight in pairs))
        return self._random.choices([value for value, _ in pairs], cum_weights=sums)[0]

    def around(self, centre: int, spread: int) -> int:
        """Draw from a normal distribution, at most two and a half standard deviations away."""
        return centre + round(max(-2.5, min(2.5, self._random.gauss())) * spread)

    def log_normal(self, quantiles: Quantiled) -> int:
        """Draw from the two-piece log-normal distribution that goes through p10, p50 and p90.

        Two pieces, because real prices lean: below the median the spread is ln(p50/p10), above it ln(p90/p50).
        The tails end at three standard deviations: one draw in a million must not be a price that nobody has seen.
        """
        z = max(-3.0, min(3.0, self._random.gauss()))
        ratio = quantiles.p50 / quantiles.p10 if z < 0 else quantiles.p90 / quantiles.p50
        return max(1, round(quantiles.p50 * math.exp(z / Z90 * math.log(ratio))))
