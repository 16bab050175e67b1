"""How long a worker takes to come back, beside a bare aiokafka loop that reads the same topics.

A worker says all it has to say of the needs, and stops. While it is away vacancies are published, changed and withdrawn, and the policy
changes once, which makes every answer another one. A bare loop reads settings, vacancies, needs and matches to their ends and throws them
away; then the worker starts again. Its clock runs from the start of its process until every need is scored under the new policy and it
calls itself ready; a second figure, until the last of the answers is written to the log again, is shown without a goal, since a bare
reader writes nothing.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import psutil

from deploy.cli.figures import Figure
from tests.benchmarks import bare
from tests.benchmarks.market_log import MarketLog
from tests.benchmarks.workshop import workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from deploy.cli.stack_state import StackState
    from tests.benchmarks.workshop import Workshop
    from tests.support.processes import ServiceProcess

TIMES_THE_READING: Final = 2.5
_TOPICS: Final = ("settings", "vacancies", "need-profiles", "matches")
_LOOK_SECONDS: Final = 0.1
_STAGES: Final = ("engine_warm", "vacancies_restored", "partitions_assigned", "partition_live")
_PATIENCE_SECONDS: Final = 1_800.0
_GAUGE: Final = re.compile(r"^ledigplads_matching_(needs|unsaid) (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Options:
    """How many needs and vacancies there are, and how many vacancies are published, changed and withdrawn each meanwhile."""

    needs: int = 100_000
    vacancies: int = 20_000
    events: int = 500
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Fill the log, have it answered, go on without the worker, read, restore."""
    async with workshop(stack) as place:
        market = MarketLog(place, options.seed)
        started = time.perf_counter()
        await market.begin(options.needs, options.vacancies)
        say(f"{options.needs} needs and {options.vacancies} vacancies are published after {time.perf_counter() - started:.0f} s")
        first = await come_back(place.service("matching"), options.needs)
        say(f"the first worker is ready after {first.current:.1f} s, has said all after {first.said:.1f} s")
        await market.go_on(options.vacancies, options.events)
        bare_seconds = await read_bare(place)
        back = await come_back(place.service("matching", LEDIGPLADS_LOG_LEVEL="info"), options.needs)
        say(f"{back.resident / 1e6:.0f} MB are resident; current after {back.processor:.1f} s of the processor")
    against = "a bare loop reading the same topics"
    for name, seconds, goal in (("current", back.current, TIMES_THE_READING), ("said", back.said, None)):
        yield Figure(
            f"restore.{name}",
            round(seconds, 2),
            "s",
            against,
            round(bare_seconds, 2),
            round(seconds / bare_seconds, 2),
            goal=goal,
        )


@dataclass(frozen=True)
class Back:
    """Seconds from the start of a process until every answer is current, and until all are said; bytes resident then.

    `processor` is the seconds of the processor that the process took until every answer was current: on a machine that others use
    too, the fairer figure.
    """

    current: float
    said: float
    resident: int
    processor: float


async def come_back(worker: ServiceProcess, needs: int) -> Back:
    """Start a worker, wait until all is as it should be, and stop it."""
    began, at = time.perf_counter(), datetime.now(UTC)
    try:
        await worker.start(ready_within_seconds=None)
        await _until(worker, worker.is_ready)
        current = time.perf_counter() - began
        used = psutil.Process(worker.pid).cpu_times()
        await _until(worker, lambda: _has_said_all(worker, needs))
        said = time.perf_counter() - began
        resident = psutil.Process(worker.pid).memory_info().rss
        await worker.stop(within_seconds=60)
    finally:
        worker.kill()
        await worker.client.aclose()
    _tell_stages(worker, at)
    return Back(current, said, resident, used.user + used.system)


def _tell_stages(worker: ServiceProcess, began: datetime) -> None:
    """Tell when a worker that logs so much had done what, in seconds since it was started; the workers before it share its log."""
    lines = [(datetime.fromisoformat(line["timestamp"]), line["event"]) for line in worker.log_lines() if "timestamp" in line]
    seen = {event: (at - began).total_seconds() for at, event in lines if event in _STAGES and at > began}
    if seen:
        say(", ".join(f"{event} {seconds:.1f} s" for event, seconds in seen.items()))


async def _until(worker: ServiceProcess, reached: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await reached():
        if worker.exit_code is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the worker did not come back: {worker.output()[-2000:]}")
        await asyncio.sleep(_LOOK_SECONDS)


async def _has_said_all(worker: ServiceProcess, needs: int) -> bool:
    gauges = dict(_GAUGE.findall((await worker.client.get("/metrics")).text))
    return {name: float(value) for name, value in gauges.items()} == {"needs": needs, "unsaid": 0}


async def read_bare(place: Workshop) -> float:
    """Read the topics that a worker restores from, to their ends, without looking at anything; gives the seconds."""
    gc.collect()
    started, used = time.perf_counter(), time.process_time()
    count = await bare.read_through(place.bootstrap_servers, [place.names.topic(one) for one in _TOPICS])
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    say(f"a bare loop reads {count} records in {seconds:.2f} s, {processor:.2f} s of the processor")
    return seconds


def say(text: str) -> None:
    sys.stderr.write(f"restore: {text}\n")
    sys.stderr.flush()
