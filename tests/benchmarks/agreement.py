"""Whether the columns of matching say of every random pair what the slow reference scorer says, to the point.

No race: the figure is how many pairs were compared, and it ends at the first that differs. With pairs=10000000 it takes about half an
hour.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from deploy.cli.figures import Figure
from services.matching.domain.terms import Terms
from tests.support.agreement import agree
from tests.support.matching import TODAY, first_policy, full_policy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.cli.stack_state import StackState

_SIZE: Final = 400
_DAYS: Final = 60


@dataclass(frozen=True)
class Options:
    """How many pairs."""

    pairs: int = 1_000_000
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Compare blocks of needs by vacancies, under both policies and on many days."""
    del stack
    compared = eligible = 0
    began = time.monotonic()
    while compared < options.pairs:
        block = compared // (_SIZE * _SIZE)
        policy = first_policy(threshold=0) if block % 8 == 0 else full_policy(threshold=0)
        terms = Terms(policy, TODAY + timedelta(days=block % _DAYS))
        eligible += await asyncio.to_thread(agree, options.seed + block, _SIZE, terms)
        compared += _SIZE * _SIZE
    seconds = time.monotonic() - began
    yield Figure(
        "agreement.pairs", compared, "pairs", "pairs asked for", options.pairs, compared / options.pairs, goal=1.0, at_most=False
    )
    yield Figure("agreement.eligible", eligible, "pairs", "seconds", round(seconds, 1), eligible / seconds)
