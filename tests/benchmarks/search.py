"""Searches over HTTP beside the same SQL by bare asyncpg, with 100,000 open vacancies, interleaved.

The market comes from the generator, through intake's own code and the projector, into a database of its own. Then each of 200 varied searches is
asked in turn: over HTTP, from the first byte sent to the last received, and as the statements that the service runs for it, with the same
arguments, on a connection with the same settings. Nothing else runs meanwhile, and both are asked once before the clock counts.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

import asyncpg

from deploy.cli.figures import Figure
from deploy.simulate.generator import Generator
from services.intake.domain.commands import PostVacancy, PutOffer
from services.intake.domain.outcomes import Accepted
from services.intake.http.searching import QUESTION
from services.intake.search.ranking import ranking
from services.intake.search.running import SERVER_SETTINGS
from services.intake.search.statement import statement
from services.intake.search.store import SearchStore
from services.intake.service import Request
from shared.contracts import reference
from tests.benchmarks.latency import quantile
from tests.benchmarks.workshop import workshop
from tests.support.search import search_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

    from deploy.cli.stack_state import StackState
    from services.intake.domain.commands import Command
    from services.intake.search.asking import Asked
    from services.intake.search.store import Answer
    from shared.database import Pool
    from tests.benchmarks.workshop import Workshop
    from tests.support.search import SearchWorld

GOAL = 2.0
"""The service may take at most so many times the statements alone."""

_BATCH = 500
_Statement = tuple[str, list[object]]
_WORDS = (
    "botilbud", "dagtilbud", "værested", "krisecenter", "herberg", "keramik", "musik", "maleri", "montage", "pakkeopgaver", "autisme",
    "hjemløs", "unge med autisme", "udviklingshæmning", "misbrug", "angst", "hjerneskade", "rolig bolig", "små grupper", "fast kontaktperson",
    "midlertidigt botilbud", "længerevarende botilbud", "§ 105", "§ 107", "beskyttet beskæftigelse", "aktivitetstilbud", "det grønne hold",
    "værksted", "frokost sammen", "egen lejlighed", "selvhjælpsgruppe", "gåture", "støtte i hverdagen", "døgnvagt", "kreative fag",
    "bevægelse og natur", "tilpasset tempo", "vrested", "kirsecenter", "samvær",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """How many vacancies, of how many offers; how many searches, each asked so many times."""

    vacancies: int = 100_000
    offers: int = 2_500
    searches: int = 200
    rounds: int = 3
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Fill, ask, and compare."""
    async with workshop(stack) as place:
        asked = searches(options)
        async with search_world(place.intake_dsn, store_type=_NotingStore) as world:
            await _fill(world, options)
            alone = [await _statements(world, parameters) for parameters in asked]
        settings = {"LEDIGPLADS_INTAKE_SEARCH_PER_MINUTE": "100000000"}
        async with place.service("intake", **settings) as intake, _bare(place) as connection, _Client(intake.url) as client:
            over_http, by_sql = await _measure(client, connection, [_path(one) for one in asked], alone, options.rounds)
        _tell(asked, over_http, by_sql)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            mine = quantile([value for values in over_http for value in values], share)
            peer = quantile([value for values in by_sql for value in values], share)
            yield Figure(
                benchmark=f"search.{name}",
                figure=round(mine * 1000, 2),
                unit="ms",
                against="the same SQL by asyncpg",
                against_figure=round(peer * 1000, 2),
                ratio=round(mine / peer, 2),
                goal=GOAL,
            )


def searches(options: Options) -> list[dict[str, Any]]:
    """Make varied searches: words, words in a place, words with filters, filters alone, and everything."""
    chance = random.Random(options.seed)
    kommuner = [code for code, one in reference.municipalities().items() if one.is_municipality]
    choices = {parameter.name: parameter.schema["items"]["enum"] for parameter in QUESTION if parameter.schema["type"] == "array"}
    made: list[dict[str, Any]] = []
    for number in range(options.searches):
        words, kommune = chance.choice(_WORDS), chance.choice(kommuner)
        match number % 8:
            case 0 | 1:
                one: dict[str, Any] = {"q": words}
            case 2:
                one = {"q": f"{words} i {reference.municipalities()[kommune].name}"}
            case 3:
                one = {"q": words, "near": kommune, "distance_km": chance.choice((10, 25, 50))}
            case 4:
                name = chance.choice(("section", "target_group", "landsdel", "activity"))
                one = {"q": words, name: chance.choice(choices[name])}
            case 5:
                one = {"section": chance.choice(("SEL-103", "SEL-104", "SEL-107", "SEL-108", "SEL-110")), "kommune": kommune}
            case 6:
                one = {"q": f"{words} {chance.choice(_WORDS)}", "with_vacancy": "true", "age": chance.randrange(18, 67)}
            case _:
                one = {} if number % 40 == 7 else {"near": kommune, "target_group": chance.choice(choices["target_group"])}
        made.append(one)
    return made


async def _fill(world: SearchWorld, options: Options) -> None:
    started = time.perf_counter()
    market = Generator(options.seed, "bench", datetime.now(UTC).date(), offers_in_all=options.offers)
    for first in range(0, options.offers, _BATCH):
        offers = map(market.offer, range(first, min(first + _BATCH, options.offers)))
        await _do(world, [PutOffer(offer.offer_id, offer.draft) for offer in offers])
    for first in range(0, options.vacancies, _BATCH):
        drafts = map(market.vacancy, range(first, min(first + _BATCH, options.vacancies)))
        await _do(world, [PostVacancy(draft, "bench", world.intake.new_id(), "http") for draft in drafts])
    await world.pool.execute("TRUNCATE outbox")
    _say(f"search: {options.vacancies} vacancies are stored after {time.perf_counter() - started:.0f} s")
    batches = await world.projector().catch_up()
    await world.pool.execute("VACUUM ANALYZE")
    there = await world.pool.fetchval("SELECT count(*) FROM search_entry WHERE gone IS NULL AND starts_with(key, 'v:')")
    if there != options.vacancies:
        raise RuntimeError(f"{there} of {options.vacancies} vacancies are searchable")
    _say(f"search: and searchable after {time.perf_counter() - started:.0f} s ({batches} batches)")


async def _do(world: SearchWorld, commands: Sequence[Command]) -> None:
    outcomes = await world.intake.change([Request(command, "bench") for command in commands])
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
    if refused:
        raise RuntimeError(f"{len(refused)} of a batch were refused: {refused[0]}")


class _NotingStore(SearchStore):
    """Keeps the statements that a search runs."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.ran: list[_Statement] = []

    async def search(self, asked: Asked) -> Answer:
        self.ran.append(statement(asked, ranking()))
        return await super().search(asked)


async def _statements(world: SearchWorld, parameters: dict[str, Any]) -> list[_Statement]:
    """Ask the service's own code once, for the statements that it runs when no word is new to it."""
    assert isinstance(world.store, _NotingStore)
    world.store.ran = []
    await world.search(**parameters)
    return world.store.ran


async def _measure(
    client: _Client,
    connection: asyncpg.Connection,
    paths: Sequence[str],
    alone: Sequence[Sequence[_Statement]],
    rounds: int,
) -> tuple[list[list[float]], list[list[float]]]:
    over_http: list[list[float]] = [[] for _ in paths]
    by_sql: list[list[float]] = [[] for _ in paths]
    for each in range(rounds + 1):
        for number, (path, statements) in enumerate(zip(paths, alone, strict=True)):
            for turn in (each % 2, 1 - each % 2):
                started = time.perf_counter()
                if turn:
                    await client.get(path)
                else:
                    for text, arguments in statements:
                        await connection.fetch(text, *arguments)
                if each:
                    (over_http if turn else by_sql)[number].append(time.perf_counter() - started)
    return over_http, by_sql


@asynccontextmanager
async def _bare(place: Workshop) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(place.intake_dsn, server_settings={"jit": "off", **SERVER_SETTINGS})
    try:
        yield connection
    finally:
        await connection.close()


class _Client:
    """The least that speaks HTTP: one connection, one request after another, so that the clock stands at the service and not at a library."""

    def __init__(self, address: str) -> None:
        self._host, self._port = urlsplit(address).hostname, urlsplit(address).port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=2**20)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def get(self, path: str) -> bytes:
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"{path}: {head.splitlines()[0]!r}")
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return await self._reader.readexactly(length)


def _path(parameters: dict[str, Any]) -> str:
    return f"/search?{urlencode(parameters)}"


def _tell(asked: Sequence[dict[str, Any]], over_http: Sequence[Sequence[float]], by_sql: Sequence[Sequence[float]]) -> None:
    typical = sorted(
        ((quantile(mine, 0.5), quantile(peer, 0.5), one) for mine, peer, one in zip(over_http, by_sql, asked, strict=True)),
        key=lambda one: one[0],
        reverse=True,
    )
    for mine, peer, one in typical[:5]:
        _say(f"search: slowest: {mine * 1000:.1f} ms, its SQL {peer * 1000:.1f} ms: {one}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
