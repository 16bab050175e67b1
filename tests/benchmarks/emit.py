"""How fast a worker writes its answers, beside a bare producer that sends the same bytes.

A worker's own state, answers and speaker say all they have to say, a block at a time; between the blocks an idempotent aiokafka producer
sends the same records, ready made, to the same partition numbers of another topic. Both clocks stop when the last record is acknowledged.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cli.figures import Figure
from services.matching.app import _BATCH_BYTES
from services.matching.domain.causes import Cause
from services.matching.domain.need_book import GONE
from services.matching.metrics import Metrics
from services.matching.service import Matching
from services.matching.speaking import Speaker
from shared.contracts.common import Point
from shared.contracts.need import ReferencePoint
from shared.contracts.settings import Today
from shared.messaging.envelope import state_envelope
from shared.messaging.producing import Producer
from shared.messaging.records import Coordinates, Event
from shared.messaging.security import client_options
from shared.web.serving import collect_less_often
from tests.benchmarks import bare
from tests.benchmarks.workshop import workshop
from tests.support.matching import GROUPS, SERVICES, TODAY, full_policy, need, vacancy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from deploy.cli.stack_state import StackState
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy
    from shared.messaging.envelope import Envelope
    from tests.benchmarks.bare import Record

GOAL: Final = 0.5
"""Share of the bare producer's rate that a worker must reach."""

_AT: Final = Coordinates("bench", 0, 0)
_NEEDS_A_BATCH: Final = 2_000
_PATIENCE_SECONDS: Final = 120.0


_Entity = TypeVar("_Entity")


@dataclass(frozen=True)
class Options:
    """How many needs, each with a full list, out of how many places, in how many alternating blocks."""

    needs: int = 60_000
    vacancies: int = 200
    blocks: int = 6
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Say everything once, untimed, and then again a block at a time."""
    async with workshop(stack) as place:
        topic, scratch = place.names.topic("matches"), place.names.topic("scratch")
        partitions = place.declared.named("matches").partitions
        await _make_topic(place.bootstrap_servers, scratch, partitions)
        matching = _worker(options, partitions)
        async with Producer(place.bootstrap_servers, max_batch_size=_BATCH_BYTES) as producer:
            speaker = Speaker(matching, producer, topic, worker="matching-1", metrics=Metrics())
            await _say(matching, speaker, [need_id for partition in matching.partitions.values() for need_id in partition.needs])
            records = await bare.read_all(place.bootstrap_servers, topic)
            collect_less_often()  # as a worker does, and to the bare producer's good too
            size = statistics.mean(len(record.value or b"") for record in records)
            _tell(f"{len(records)} records of {size:.0f} bytes; {options.blocks} blocks follow")
            ours, theirs = [], []
            for block in range(options.blocks):
                those = records[block :: options.blocks]
                ids = [record.key.decode() for record in those if record.key]
                ours.append(len(those) / await _say(matching, speaker, ids))
                theirs.append(len(those) / await _send(place.bootstrap_servers, those, scratch))
    mine, bare_rate = statistics.median(ours), statistics.median(theirs)
    yield Figure(
        "emit.records",
        mine,
        "records/s",
        "the same bytes by a bare producer",
        bare_rate,
        mine / bare_rate,
        goal=GOAL,
        at_most=False,
    )


def _worker(options: Options, partitions: int) -> Matching:
    """Make a worker that owns everything and has scored everything."""
    matching, chance = Matching(Metrics()), random.Random(options.seed)
    now = datetime.now(UTC)
    matching.policy_arrived(Event(_envelope("policy", now), full_policy(), _AT))
    matching.today_arrived(Event(_envelope("today", now), Today(day=TODAY), _AT))
    matching.assigned(range(partitions))
    for number, partition in matching.partitions.items():
        partition.saw_claim(1, number)
        if not partition.won(1, number):
            raise RuntimeError("nobody else claims it")
        matching.go_live(number)
    matching.vacancies_arrived([_event(one.vacancy_id, one, now) for one in _vacancies(options.vacancies, chance)])
    waiting = list(_needs(options.needs, chance))
    for first in range(0, len(waiting), _NEEDS_A_BATCH):
        batch = waiting[first : first + _NEEDS_A_BATCH]
        matching.needs_arrived(first // _NEEDS_A_BATCH % partitions, [_event(one.need_id, one, now) for one in batch])
    return matching


def _vacancies(count: int, chance: random.Random) -> Iterable[Vacancy]:
    for number in range(count):
        yield vacancy(
            f"{number:08x}-0000-7000-8000-000000000000",
            target_groups=(GROUPS[0], *chance.sample(GROUPS[1:], 2)),
            services=tuple(chance.sample(SERVICES, 5)),
            location=Point(easting_m=575_000 + chance.randint(-30_000, 30_000), northing_m=6_223_000),
        )


def _needs(count: int, chance: random.Random) -> Iterable[NeedProfile]:
    for number in range(count):
        yield need(
            f"{number:08x}-0000-7000-8000-00000000ffff",
            services=tuple(chance.sample(SERVICES, 3)),
            points_of_reference=(ReferencePoint(easting_m=575_000 + 5_000 * chance.randint(-6, 6), northing_m=6_223_000),),
            max_distance_km=100,
            team="team-1",
            waiting_since=TODAY,
        )


def _event(subject: str, entity: _Entity, now: datetime) -> Event[_Entity]:
    return Event(_envelope(subject, now), entity, _AT)


def _envelope(subject: str, now: datetime) -> Envelope:
    return state_envelope(entity="any", subject=subject, position=(1, 1), time=now, source="intake", correlationid="bench")


async def _say(matching: Matching, speaker: Speaker, need_ids: Sequence[str]) -> float:
    """Have a worker say these needs' answers as if nothing had been said of them; gives the seconds until all are acknowledged."""
    cause = Cause("bench", datetime.now(UTC), kind="vacancy")
    for need_id in need_ids:
        partition = matching.partition_of(need_id)
        if partition is None:
            raise RuntimeError("every need has a partition")
        partition.needs.put_said(need_id, GONE)
        partition.note(need_id, cause)
    gc.collect()
    started = time.perf_counter()
    speaker.stop()
    await speaker.run()
    await speaker.flush(_PATIENCE_SECONDS)
    return time.perf_counter() - started


async def _send(bootstrap_servers: str, records: Sequence[Record], topic: str) -> float:
    """Send records ready made, as fast as a producer takes them."""
    producer = AIOKafkaProducer(
        **client_options(bootstrap_servers), enable_idempotence=True, linger_ms=0, max_batch_size=_BATCH_BYTES
    )
    await producer.start()
    try:
        await producer.partitions_for(topic)
        gc.collect()
        started = time.perf_counter()
        sent = [
            await producer.send(topic, one.value, one.key, partition=one.partition, headers=list(one.headers)) for one in records
        ]
        await asyncio.gather(*sent)
        return time.perf_counter() - started
    finally:
        await producer.stop()


async def _make_topic(bootstrap_servers: str, name: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(**client_options(bootstrap_servers))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()


def _tell(text: str) -> None:
    sys.stderr.write(f"emit: {text}\n")
