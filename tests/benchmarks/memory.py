"""What a worker's memory holds of a need, its list, its place in the index and what was said of it included.

The resident memory of a worker that knows every vacancy and no need is taken from that of one that has restored all needs and has said
all there is to say. What is beside it is the goal of the project: 400 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.cli.figures import Figure
from tests.benchmarks.market_log import MarketLog
from tests.benchmarks.restore import come_back, say
from tests.benchmarks.workshop import workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.cli.stack_state import StackState

BYTES_A_NEED: Final = 400.0


@dataclass(frozen=True)
class Options:
    """How many needs and vacancies there are."""

    needs: int = 100_000
    vacancies: int = 20_000
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Weigh a worker without needs, fill the log, have it answered, and weigh one that comes back."""
    async with workshop(stack) as place:
        market = MarketLog(place, options.seed)
        await market.begin(0, options.vacancies)
        empty = (await come_back(place.service("matching"), 0)).resident
        await market.add_needs(options.needs, options.vacancies)
        first = (await come_back(place.service("matching"), options.needs)).resident
        again = (await come_back(place.service("matching"), options.needs)).resident
        say(f"resident: {empty / 1e6:.0f} MB without needs, {first / 1e6:.0f} MB when all is said, {again / 1e6:.0f} MB restored")
    for name, resident in (("first", first), ("restored", again)):
        each = (resident - empty) / options.needs
        yield Figure(
            f"memory.{name}", round(each), "B/need", "bytes asked for", BYTES_A_NEED, round(each / BYTES_A_NEED, 2), goal=1.0
        )
