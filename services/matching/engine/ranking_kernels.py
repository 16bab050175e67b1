"""Putting needs in order of their points without comparing them: keys are few bits, and NumPy's sort waits for memory on some processors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.engine.compiled import Number, compiled

if TYPE_CHECKING:
    from services.matching.domain.tables import Array

_DIGIT_BITS: Final = 11
_DIGITS: Final = 1 << _DIGIT_BITS
_PASSES: Final = 3
"""Of eleven bits: all of a key of 32."""


@compiled
def sort_keys(keys: Array, spare: Array, size: Number) -> Array:
    """Sort the first keys, digit by digit from the lowest; gives them in `spare`, whose room they take turns in with `keys`."""
    counts = np.zeros((_PASSES, _DIGITS), dtype=np.int32)
    for position in range(size):
        for digit in range(_PASSES):
            counts[digit, (keys[position] >> np.uint32(digit * _DIGIT_BITS)) & np.uint32(_DIGITS - 1)] += 1
    source, target = keys, spare
    for digit in range(_PASSES):
        start = 0
        for value in range(_DIGITS):
            start, counts[digit, value] = start + counts[digit, value], start
        for position in range(size):
            key = source[position]
            value = (key >> np.uint32(digit * _DIGIT_BITS)) & np.uint32(_DIGITS - 1)
            target[counts[digit, value]] = key
            counts[digit, value] += 1
        source, target = target, source
    return source[:size]
