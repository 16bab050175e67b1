"""Whether the columns of matching say of every random pair what the slow reference scorer says, to the point.

No race: the figure is how many pairs were compared, and it ends at the first that differs. A run can go on where another one ended:
block number `first_block` is drawn from the seed and its own number alone.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
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
_PAIRS: Final = _SIZE * _SIZE
_DAYS: Final = 60
_PROGRESS_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Options:
    """How many pairs, in blocks of 160,000; from which block on; and in how many processes (0: one for each core)."""

    pairs: int = 1_000_000
    seed: int = 1
    first_block: int = 0
    processes: int = 0


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Compare blocks of needs by vacancies, under both policies and on many days."""
    del stack
    blocks = -(-options.pairs // _PAIRS)
    compared = eligible = 0
    began = said = time.monotonic()
    with ProcessPoolExecutor(options.processes or os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        wanted = range(options.first_block, options.first_block + blocks)
        try:
            for done in asyncio.as_completed([loop.run_in_executor(pool, _block, options.seed, number) for number in wanted]):
                eligible += await done
                compared += _PAIRS
                if time.monotonic() - said > _PROGRESS_SECONDS:
                    said = time.monotonic()
                    sys.stderr.write(f"agreement: {compared} of {blocks * _PAIRS} pairs, {said - began:.0f} s\n")
        finally:
            # At the first pair that differs, nobody waits for the rest.
            pool.shutdown(wait=False, cancel_futures=True)
    seconds = time.monotonic() - began
    yield Figure(
        "agreement.pairs", compared, "pairs", "pairs asked for", options.pairs, compared / options.pairs, goal=1.0, at_most=False
    )
    yield Figure("agreement.eligible", eligible, "pairs", "seconds", round(seconds, 1), round(eligible / seconds, 1))


def _block(seed: int, number: int) -> int:
    policy = first_policy(threshold=0) if number % 8 == 0 else full_policy(threshold=0)
    return agree(seed + number, _SIZE, Terms(policy, TODAY + timedelta(days=number % _DAYS)))
