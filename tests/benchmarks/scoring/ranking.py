"""The answer to a question of scoring, by whomever it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from services.matching.domain.tables import Array


class WrongAnswerError(RuntimeError):
    """Two who were asked the same did not answer the same: a figure of theirs would say nothing."""


@dataclass(frozen=True)
class Ranking:
    """The ids, best first, and the points of the first of them, packed by part as the engine packs them."""

    ids: Array
    points: Array

    def must_equal(self, other: Ranking, who: str) -> None:
        """Compare with another's answer.

        Raises:
            WrongAnswerError: the ids, their order or the points differ.
        """
        if not np.array_equal(self.ids, other.ids):
            raise WrongAnswerError(f"{who} ranks {len(other.ids)} where the engine ranks {len(self.ids)}, or in another order")
        if not np.array_equal(self.points, other.points):
            raise WrongAnswerError(f"{who} gives other points")
