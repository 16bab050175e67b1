"""100,000 vacancies by CSV: accepted and published, beside a bare COPY and a bare producer that write the same rows.

Each round sends one sheet through intake in earnest, as a process, and then writes what came of it once more with bare clients: all rows
by asyncpg's COPY into a table of the same shape, then all records by aiokafka's idempotent producer, with their headers and partitions.
The clock of intake's side runs from the first byte sent until the last record stands on the log and the report is told; rounds alternate,
and the figure is that of all rounds together. Intake's resident memory is noted at every 10,000 rows of the report.
"""

from __future__ import annotations

import asyncio
import csv
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import orjson
import psutil
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cli.figures import Figure
from deploy.simulate.generator import Generator
from services.intake.sheets.columns import VACANCIES
from services.intake.sheets.layout import our_layout, written
from shared.messaging.log import end_offsets
from shared.messaging.security import client_options
from tests.benchmarks import bare
from tests.benchmarks.workshop import workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from deploy.cli.stack_state import StackState
    from tests.benchmarks.workshop import Workshop
    from tests.support.processes import ServiceProcess

GOAL: Final = 0.25
"""Share of the bare clients' rate."""
_GROWTH: Final = 1.25
"""Flat: at the end at most so many times what it was after the first tenth."""

_EVERY: Final = 10_000
_CHUNK: Final = 256 * 1024
_POLL_SECONDS: Final = 0.05
_ROUND_SECONDS: Final = 900.0
_PRICE_LINES: Final = 6


@dataclass(frozen=True)
class Options:
    """How much goes through."""

    rows: int = 100_000
    rounds: int = 3
    offers: int = 400
    seed: int = 1


@dataclass(frozen=True)
class Round:
    """One sheet, and the same rows written barely: seconds of each."""

    rows: int
    sheet_seconds: float
    copy_seconds: float
    produce_seconds: float


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Send sheet after sheet, each followed by its peer."""
    async with workshop(stack) as place:
        market = Generator(options.seed, "bench", datetime.now(UTC).date(), offers_in_all=options.offers)
        memory: list[int] = []
        async with place.service("intake") as intake:
            await _register(intake.client, market, options)
            rounds = []
            for number in range(options.rounds):
                sheet = place.folder / f"sheet-{number}.csv"
                _write(sheet, market, number * options.rows, options.rows)
                rounds.append(await _round(place, intake, sheet, options, memory))
    rows = sum(one.rows for one in rounds)
    rate = rows / sum(one.sheet_seconds for one in rounds)
    peer = rows / sum(one.copy_seconds + one.produce_seconds for one in rounds)
    against = "bare asyncpg COPY, then bare aiokafka produce, of the same rows"
    yield Figure("import.rate", rate, "rows/s", against, peer, rate / peer, goal=GOAL, at_most=False)
    first, last = memory[0], max(memory)
    yield Figure("import.memory", last / 1e6, "MB", f"after the first {_EVERY} rows", first / 1e6, last / first, goal=_GROWTH)


async def _round(place: Workshop, intake: ServiceProcess, sheet: Path, options: Options, memory: list[int]) -> Round:
    topic = place.names.topic("vacancies")
    before = await _count(place, topic)
    last_id = await _last_id(place)
    started = time.perf_counter()
    await _send(intake, sheet, memory)
    while await _count(place, topic) < before + options.rows:
        if time.perf_counter() > started + _ROUND_SECONDS:
            raise TimeoutError(f"{options.rows} records are not on the log after {_ROUND_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)
    sheet_seconds = time.perf_counter() - started
    copy_seconds = await _copy(place, last_id)
    produce_seconds = await _produce(place, topic, last_id)
    one = Round(options.rows, sheet_seconds, copy_seconds, produce_seconds)
    _say(
        f"{one.rows / sheet_seconds:,.0f} rows/s through intake; "
        f"COPY {one.rows / copy_seconds:,.0f}/s, produce {one.rows / produce_seconds:,.0f}/s"
    )
    return one


# --- intake --------------------------------------------------------------------------------------------------------


def _write(sheet: Path, market: Generator, first: int, rows: int) -> None:
    """Write vacancies as a spreadsheet does: semicolons, decimal commas, Danish headings and words."""
    layout = our_layout(VACANCIES, {"price_lines": _PRICE_LINES})
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([placed.heading for placed in layout.placed])
        for number in range(first, first + rows):
            writer.writerow(written(layout, orjson.loads(market.vacancy(number).model_dump_json())))


async def _send(intake: ServiceProcess, sheet: Path, memory: list[int]) -> None:
    """Send it, and hear the report to its end, looking at intake's memory now and then."""
    process = psutil.Process(intake.pid)
    told = 0
    summary: dict[str, Any] = {}
    async with intake.client.stream(
        "POST", "/sheets/vacancies", content=_content(sheet), headers={"Content-Type": "text/csv"}, timeout=_ROUND_SECONDS
    ) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if '"row":' in line:
                told += 1
                if told % _EVERY == 0:
                    memory.append(process.memory_info().rss)
                    _say(f"  {told:>7,} rows told, intake holds {memory[-1] / 1e6:.0f} MB")
            elif '"summary"' in line:
                summary = orjson.loads(line)["summary"]
    if summary.get("rejected") or summary.get("created") != told:
        raise AssertionError(f"the sheet was not taken whole: {summary}")


async def _content(sheet: Path) -> AsyncIterator[bytes]:
    with sheet.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


async def _register(http: Any, market: Generator, options: Options) -> None:
    for number in range(options.offers):
        offer = market.offer(number)
        (await http.put(f"/offers/{offer.offer_id}", content=offer.draft.model_dump_json(exclude_none=True))).raise_for_status()


# --- its peer ------------------------------------------------------------------------------------------------------


async def _copy(place: Workshop, after: str) -> float:
    """COPY the rows that intake's table has of this round into an empty one of the same shape, indices included."""
    source: Any = await asyncpg.connect(place.intake_dsn)
    target: Any = await asyncpg.connect(place.bare_dsn)
    try:
        rows = [
            tuple(row) for row in await source.fetch("SELECT * FROM vacancy WHERE vacancy_id > $1 ORDER BY vacancy_id", after)
        ]
        if await target.fetchval("SELECT to_regclass('vacancy') IS NULL"):
            for statement in await _shape(source):
                await target.execute(statement)
        started = time.perf_counter()
        await target.copy_records_to_table("vacancy", records=rows)
        return time.perf_counter() - started
    finally:
        await source.close()
        await target.close()


async def _shape(source: Any) -> list[str]:
    """Say how to make the table as it is: its columns, then its indices."""
    columns = await source.fetch(
        "SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) AS said FROM pg_attribute"
        " WHERE attrelid = 'vacancy'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    indices = await source.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'vacancy' AND schemaname = 'public'")
    return [
        f"CREATE TABLE vacancy ({', '.join(row['said'] for row in columns)})",
        *(row["indexdef"] for row in indices),
    ]


async def _produce(place: Workshop, topic: str, after: str) -> float:
    records = [one for one in await bare.read_all(place.bootstrap_servers, topic) if (one.key or b"").decode() > after]
    scratch = place.names.topic(f"scratch-{after or 0}")
    admin = AIOKafkaAdminClient(**client_options(place.bootstrap_servers))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(scratch, max(one.partition for one in records) + 1, 1)])
    finally:
        await admin.close()
    started = time.perf_counter()
    await bare.write_all(place.bootstrap_servers, records, scratch)
    return time.perf_counter() - started


async def _last_id(place: Workshop) -> str:
    connection: Any = await asyncpg.connect(place.intake_dsn)
    try:
        return str(await connection.fetchval("SELECT coalesce(max(vacancy_id), '') FROM vacancy"))
    finally:
        await connection.close()


async def _count(place: Workshop, topic: str) -> int:
    return sum((await end_offsets(place.bootstrap_servers, topic)).values())


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
