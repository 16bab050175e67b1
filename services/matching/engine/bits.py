"""Counting bits of masks. Masks are uint64 throughout: mixed with a signed number Numba would make floating point of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.matching.engine.compiled import Number, compiled

NONE: Final = np.uint64(0)
ONE: Final = np.uint64(1)
ALL: Final = np.uint64(2**64 - 1)

_PAIRS: Final = np.uint64(0x5555555555555555)
_QUADS: Final = np.uint64(0x3333333333333333)
_BYTES: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM: Final = np.uint64(0x0101010101010101)
_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_4: Final = np.uint64(4)
_56: Final = np.uint64(56)


@compiled
def count(mask: Number) -> Number:
    """Count the bits; LLVM knows this shape and makes one instruction of it."""
    mask = mask - ((mask >> _1) & _PAIRS)
    mask = (mask & _QUADS) + ((mask >> _2) & _QUADS)
    mask = (mask + (mask >> _4)) & _BYTES
    return np.int64((mask * _SUM) >> _56)


@compiled
def lowest(mask: Number) -> Number:
    """Give the lowest bit alone."""
    return mask & (~mask + ONE)
