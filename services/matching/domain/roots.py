"""Whole square roots."""

from __future__ import annotations

from math import isqrt


def ceil_sqrt(square: int) -> int:
    """Give the whole square root, rounded up."""
    root = isqrt(square)
    return root if root * root == square else root + 1
