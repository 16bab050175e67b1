"""What is found out of up to 64 pairs at once, lane by lane, before it is written down."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.matching.domain.need_columns import POINTS
from services.matching.domain.terms import PARTS
from services.matching.engine.blocks import LANES

PAIRS: Final = np.dtype(
    [
        ("common", np.uint32, (LANES,)),
        ("verdict", np.int32, (LANES,)),
        ("first_start", np.int32, (LANES,)),
        ("metres", np.int32, (LANES,)),
        ("ways", np.int32, (POINTS, LANES)),
        ("lowest_price", np.int32, (LANES,)),
        ("above_price", np.int32, (LANES,)),
        ("points", np.int32, (len(PARTS), LANES)),
        ("score", np.int32, (LANES,)),
        ("asked", np.uint8, (LANES,)),
        ("chosen", np.uint8, (LANES,)),
    ],
    align=True,
)
"""Of each pair: sections in common, what is unknown (negative where a rule fails), the first day on which the
citizen can begin, the shortest way or NOT_MEASURED, the straight lines from each point, the limits of the price, points part by part, their sum, what is left to Python, and whether the pair belongs to what is found."""

ODD: Final = 1
"""Both sides have a code without a bit of its own: whatever was judged of the pair does not count."""

RULED_OUT_ASKED: Final = 2
PRICE_ASKED: Final = 4
