"""From a posted vacancy to its alert in an open stream, beside the floor that the same machine allows.

The clock stands at one client. Each measured vacancy is built to lead one need's list and is withdrawn after its alert; meanwhile other
vacancies are posted at a steady rate. The floor is measured in alternating blocks of the same run, under the same load: one loopback HTTP
call, two bare aiokafka hops (sent, acknowledged, received) and two PostgreSQL commits whose `pg_notify` a listener has received.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import sys
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cli.figures import Figure
from deploy.signing import LAUNCHER, AsProgram
from shared.contracts import reference
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from types import TracebackType

    from deploy.cli.stack_state import StackState

GOAL = 3.0
"""The road may take at most so many times the floor, by medians."""

_MUNICIPALITY = "0825"
"""Læsø: few sample places, so that the measured one leads."""

_PARTNER = "bench"
"""A program of the embedded stack's provider, by whom all that is measured comes in."""

_CASEWORKER = "bench-caseworker"
"""Another of them, whose alert stream is listened to."""

_ALERT_DEADLINE_SECONDS = 30.0
_BETWEEN_SAMPLES_SECONDS = 0.05


@dataclass(frozen=True)
class Options:
    """How much is measured: samples of the road and of the floor, in so many alternating blocks, beside so many other posts a second."""

    samples: int = 500
    blocks: int = 10
    others_per_second: float = 20.0
    seed: int = 1


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Road:
    """The thing measured: intake's HTTP in, one person's alert stream out."""

    def __init__(self, stack: StackState, randomness: random.Random) -> None:
        self._intake = stack.url("intake")
        self._http = httpx2.AsyncClient(base_url=stack.address, timeout=30, auth=AsProgram(_PARTNER))
        self._random = randomness
        self._arrived: dict[str, asyncio.Future[float]] = {}
        self._early: dict[str, float] = {}
        self._offer = f"bench-offer-{uuid.uuid4().hex[:12]}"
        self._need: str | None = None
        self._others: list[str] = []
        self._stream: asyncio.Task[None] | None = None
        self._open = asyncio.Event()

    async def __aenter__(self) -> Self:
        home = reference.municipalities()[_MUNICIPALITY]
        self._target_group = min(reference.target_groups())
        self._service = min(reference.services())
        self._at = {"easting_m": home.easting_m, "northing_m": home.northing_m}
        await self._declare()
        offer = {"name": "Måleværkstedet", "municipality": _MUNICIPALITY, "sections": ["SEL-103"], "location": self._at}
        (await self._http.put(f"/offers/{self._offer}", json=offer)).raise_for_status()
        need = {
            "handlekommune": _MUNICIPALITY,
            "caseworker": _CASEWORKER,
            "sections": [{"section": "SEL-103", "basis": "decided"}],
            "primary_target_group": self._target_group,
            "birth_year": 1990,
            "services": [self._service],
            "points_of_reference": [{"kind": "home", **self._at}],
            "max_distance_km": 20,
        }
        answer = (await self._http.post("/needs", json=need)).raise_for_status()
        self._need = answer.json()["need_id"]
        self._stream = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._open.wait(), 30)
        return self

    async def _declare(self) -> None:
        """Say, as the operator, what the partner may send that everything here comes from."""
        declared = {
            "partner": _PARTNER,
            "offers": [self._offer],
            "kinds": ["offer", "vacancy", "need"],
            "municipalities": [_MUNICIPALITY],
        }
        answer = await self._http.post(f"{self._intake}/operator/partners", json=declared, auth=AsProgram(LAUNCHER))
        answer.raise_for_status()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stream:
            self._stream.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._stream
        for vacancy in self._others:
            await self._http.post(f"/vacancies/{vacancy}/withdraw")
        if self._need:
            await self._http.post(f"/needs/{self._need}/close", json={"reason": "closed"})
        await self._http.aclose()

    async def _listen(self) -> None:
        async with self._http.stream("GET", "/notifications/stream", timeout=None, auth=AsProgram(_CASEWORKER)) as response:
            response.raise_for_status()
            self._open.set()
            async for line in response.aiter_lines():
                if line.startswith("data:") and "vacancy_id" in line:
                    self._heard(json.loads(line[5:])["vacancy_id"], time.perf_counter())

    def _heard(self, vacancy: str, at: float) -> None:
        waiting = self._arrived.get(vacancy)
        if waiting is None:
            self._early[vacancy] = at
        elif not waiting.done():
            waiting.set_result(at)

    def _draft(self, **changes: object) -> dict[str, object]:
        return {
            "offer_id": self._offer,
            "title_da": "Plads på måleværkstedet",
            "sections": ["SEL-103"],
            "places_free": 1,
            "places_total": 10,
            "target_groups": [self._target_group],
            "services": [self._service],
            "age_from": 18,
            **changes,
        }

    async def once(self) -> float:
        """Seconds from the post to the alert. The vacancy is withdrawn after it."""
        started = time.perf_counter()
        answer = (await self._http.post("/vacancies", json=self._draft())).raise_for_status()
        vacancy = answer.json()["vacancy_id"]
        if vacancy in self._early:
            arrived = self._early.pop(vacancy)
        else:
            future = self._arrived[vacancy] = asyncio.get_running_loop().create_future()
            arrived = await asyncio.wait_for(future, _ALERT_DEADLINE_SECONDS)
            del self._arrived[vacancy]
        (await self._http.post(f"/vacancies/{vacancy}/withdraw")).raise_for_status()
        return arrived - started

    async def post_other(self) -> None:
        """One of the other posts: a place that only other needs can want."""
        groups = sorted(reference.target_groups())[1:]
        other = self._draft(
            sections=[self._random.choice(["SEL-104", "SEL-107", "SEL-108"])], target_groups=self._random.sample(groups, 3)
        )
        self._others.append((await self._http.post("/vacancies", json=other)).raise_for_status().json()["vacancy_id"])


class Floor:
    """What the same machine allows at best: bare clients, nothing of ours."""

    def __init__(self, bootstrap_servers: str, dsn: str) -> None:
        self._bootstrap = bootstrap_servers
        self._dsn = dsn
        self._topic = f"bench-floor-{uuid.uuid4().hex[:8]}"
        self._channel = self._topic.replace("-", "_")
        self._notified: asyncio.Queue[None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._admin = AIOKafkaAdminClient(**client_options(self._bootstrap))
        await self._admin.start()
        await self._admin.create_topics([NewTopic(self._topic, 1, 1)])
        self._producer = AIOKafkaProducer(**client_options(self._bootstrap), enable_idempotence=True, linger_ms=0)
        await self._producer.start()
        self._consumer = AIOKafkaConsumer(**client_options(self._bootstrap), auto_offset_reset="earliest")
        await self._consumer.start()
        self._consumer.assign([TopicPartition(self._topic, 0)])
        self._writer: Any = await asyncpg.connect(self._dsn)
        self._listener: Any = await asyncpg.connect(self._dsn)
        await self._listener.add_listener(self._channel, lambda *_: self._notified.put_nowait(None))
        await self._writer.execute(f"CREATE TABLE {self._channel} (id bigserial PRIMARY KEY, body bytea)")
        self._server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.bare_http", stdout=asyncio.subprocess.PIPE
        )
        assert self._server.stdout is not None
        port = int(await self._server.stdout.readline())
        self._http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()
        self._server.terminate()
        await self._server.wait()
        await self._writer.execute(f"DROP TABLE {self._channel}")
        await self._writer.close()
        await self._listener.close()
        await self._consumer.stop()
        await self._producer.stop()
        await self._admin.delete_topics([self._topic])
        await self._admin.close()

    async def once(self) -> float:
        """Seconds for one call, two hops and two commits, one after the other."""
        started = time.perf_counter()
        (await self._http.post("/", content=b"x" * 1000)).raise_for_status()
        for _ in range(2):
            async with self._writer.transaction():
                await self._writer.execute(f"INSERT INTO {self._channel} (body) VALUES ($1)", b"x" * 1000)  # noqa: S608 - our own name
                await self._writer.execute("SELECT pg_notify($1, '')", self._channel)
            await self._notified.get()
            await self._producer.send_and_wait(self._topic, b"x" * 1000)
            await self._consumer.getone()
        return time.perf_counter() - started


async def _steadily(road: Road, per_second: float) -> None:
    """Post other vacancies at a steady rate until cancelled; a late one does not push the others back."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    async with asyncio.TaskGroup() as posts:
        while True:
            posts.create_task(road.post_other())
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - loop.time()))


async def _calm(once: Callable[[], Awaitable[float]]) -> float:
    """Let what the sample before has left behind (its own withdrawal, on its way through all services) come to rest first."""
    await asyncio.sleep(_BETWEEN_SAMPLES_SECONDS)
    return await once()


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Measure road and floor in alternating blocks; needs a stack that is up, with the sample loaded."""
    road_seconds: list[float] = []
    floor_seconds: list[float] = []
    per_block = options.samples // options.blocks
    async with (
        Road(stack, random.Random(options.seed)) as road,
        Floor(stack.bootstrap_servers, stack.intake_dsn) as floor,
    ):
        load = asyncio.create_task(_steadily(road, options.others_per_second))
        try:
            for _ in range(20):  # warm: connections, prepared statements, code paths
                await road.once()
                await floor.once()
            for _ in range(options.blocks):
                road_seconds += [await _calm(road.once) for _ in range(per_block)]
                floor_seconds += [await _calm(floor.once) for _ in range(per_block)]
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = quantile(road_seconds, share) * 1000, quantile(floor_seconds, share) * 1000
        goal = GOAL if name == "p50" else None
        yield Figure(
            f"latency.{name}",
            ours,
            "ms",
            "floor: 1 HTTP call, 2 Kafka hops, 2 commits with notify",
            bare,
            ours / bare,
            goal=goal,
            at_most=True,
        )
    spread = statistics.quantiles(road_seconds, n=10)
    print(f"p10 {spread[0] * 1000:.1f} ms, p90 {spread[-1] * 1000:.1f} ms over {len(road_seconds)} vacancies", file=sys.stderr)  # noqa: T201
