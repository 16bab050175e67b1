"""Several who do the same, timed in turns: a block of each, round after round, so that what the machine does meanwhile hits all alike."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

PASSES: Final = 3
"""Over the questions in a block."""


@dataclass
class Contender:
    """Somebody who is asked a number of questions: `ask` gets the number of a question."""

    name: str
    ask: Callable[[int], Awaitable[None] | None]
    seconds: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1000


async def take_turns(contenders: Sequence[Contender], questions: int, rounds: int) -> None:
    """Ask everybody everything once unmeasured, then in measured blocks of several passes: most find the caches warm."""
    for each in range(rounds + 1):
        for contender in contenders:
            for number in list(range(questions)) * (PASSES if each else 1):
                started = time.perf_counter()
                waiting = contender.ask(number)
                if waiting is not None:
                    await waiting
                if each:
                    contender.seconds.append(time.perf_counter() - started)
