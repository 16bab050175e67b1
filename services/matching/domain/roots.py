"""Whole square roots, of many integers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from services.matching.domain.tables import Array


def integer_sqrt(squares: Array) -> Array:
    """Give the whole square root, rounded down, of each integer below 2**52; corrected in integers, whatever the float says."""
    root = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    root -= root * root > squares
    root += (root + 1) * (root + 1) <= squares
    return root
