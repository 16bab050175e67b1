"""Many events through the road, one service at a time, each beside bare clients that move the same bytes.

A seeded mix of submissions (60 % published, 30 % changed, 10 % withdrawn) goes through intake as one partner's; the vacancies that come
of it go through matching, over needs that hold still; the vacancies and the matches go through notifications. Each service runs alone in
earnest, as a process, on a backlog; its peer (`bare.py`) then does the same reads, as many writes of the same bytes and the same
transactions. What a stage is measured by is said where it is measured.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cli.figures import Figure
from deploy.simulate.generator import Generator
from shared.contracts.submission import VACANCY_SUBMITTED, VACANCY_WITHDRAWN
from shared.messaging.log import end_offsets
from shared.messaging.outbox import encode_headers, shard_of
from shared.messaging.security import client_options
from tests.benchmarks import bare
from tests.benchmarks.workshop import workshop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from deploy.cli.stack_state import StackState
    from tests.benchmarks.workshop import Workshop

GOALS = {"intake": 0.4, "matching": 0.25, "notifications": 0.4}
"""Share of the bare clients' rate that each service must reach."""

_PARTNER = "bench"
_QUIET_SECONDS = 4.0
_POLL_SECONDS = 0.1
_STAGE_SECONDS = 900.0
_NEEDS_PER_CALL = 500


@dataclass(frozen=True)
class Options:
    """How much goes through."""

    events: int = 100_000
    needs: int = 10_000
    offers: int = 400
    seed: int = 1


async def run(stack: StackState, options: Options) -> AsyncIterator[Figure]:
    """Measure intake, matching and notifications, in this order: each feeds the next."""
    async with workshop(stack) as place:
        market = Generator(options.seed, "bench", datetime.now(UTC).date(), offers_in_all=options.offers)
        yield await _intake(place, market, options)
        yield await _matching(place)
        yield await _notifications(place, options)


# --- intake --------------------------------------------------------------------------------------------------------


async def _intake(place: Workshop, market: Generator, options: Options) -> Figure:
    """From the first receipt's time on the log to the last output's, for the events after that first batch."""
    submissions = place.names.topic(f"submissions-{_PARTNER}")
    receipts, vacancies = place.names.topic(f"receipts-{_PARTNER}"), place.names.topic("vacancies")
    async with place.service("intake") as intake:
        await _register(intake.client, market, options)
    await place.copy_intake_database()
    waiting_ones = _submissions(market, options)
    await bare.write_all(place.bootstrap_servers, waiting_ones, submissions)
    _say(f"intake: {options.events} submissions are waiting")
    before = await _transactions(place.intake_dsn)
    async with place.service("intake") as intake:
        await _until(place, {receipts: options.events}, "intake")
        waiting = 1
        while waiting:
            await asyncio.sleep(_POLL_SECONDS)
            waiting = (await intake.client.get("/operator/counts")).json()["outbox_waiting"]
    transactions = await _transactions(place.intake_dsn) - before
    answers = await bare.read_all(place.bootstrap_servers, receipts)
    outputs = answers + [r for r in await bare.read_all(place.bootstrap_servers, vacancies) if r.value]
    times = sorted(record.timestamp_ms for record in outputs)
    share = 1 - sum(record.timestamp_ms <= times[0] for record in answers) / len(answers)
    seconds = (times[-1] - times[0]) / 1000
    rate = options.events * share / seconds
    refused = sum(b'"rejected"' in (record.value or b"") for record in answers)
    scratch = await _scratch(place, 12)
    rows = _rows(waiting_ones, answers, outputs[len(answers) :])
    peer = options.events / await bare.intake_alike(place.bootstrap_servers, submissions, rows, scratch, place.intake_copy_dsn)
    _say(f"intake: {len(outputs) / options.events:.2f} writes an event, {transactions} transactions, {refused} refused")
    return _figure("intake", rate, peer)


def _rows(
    submissions: Sequence[bare.Record], receipts: Sequence[bare.Record], vacancies: Sequence[bare.Record]
) -> list[dict[str, Any]]:
    """What intake wrote for each submission, ready to be written again: the columns of its tables and the rows of its outbox."""
    bodies = {header_of(record, "ce_id"): record for record in vacancies}
    last: dict[str, bare.Record] = {}
    rows = []
    answers = {orjson.loads(answer.value or b"{}")["submission_id"]: answer for answer in receipts}
    for submission in submissions:
        answer = answers[header_of(submission, "ce_id")]
        receipt = orjson.loads(answer.value or b"{}")
        vacancy_id = receipt["entity_id"]
        changed = bodies.get(f"{vacancy_id}/1/{receipt['version']}")
        record = last[vacancy_id] = changed or last[vacancy_id]
        state = orjson.loads(record.value or b"{}")
        reference = (submission.key or b"").decode()
        rows.append(
            {
                "partner": _PARTNER,
                "submission_id": receipt["submission_id"],
                "reference": reference,
                "offer_id": state["offer_id"],
                "vacancy_id": vacancy_id,
                "receipt": answer.value,
                "receipt_headers": _headers_text(answer),
                "vacancy_ids": vacancy_id,
                "offer_ids": state["offer_id"],
                "senders": _PARTNER,
                "names": reference,
                "statuses": state["status"],
                "expiries": datetime.fromisoformat(state["expires_at"]),
                "versions": state["version"],
                "terms": submission.value,
                "bodies": record.value,
                "correlation_ids": header_of(record, "ce_correlationid"),
                "records": [
                    (shard_of((one.key or b"").decode()), one.topic, (one.key or b"").decode(), _headers_text(one), one.value)
                    for one in (changed, answer)
                    if one is not None
                ],
            }
        )
    return rows


def header_of(record: bare.Record, name: str) -> str:
    return next(value.decode() for key, value in record.headers if key == name)


def _headers_text(record: bare.Record) -> str:
    return encode_headers(record.headers)


async def _register(http: Any, market: Generator, options: Options) -> None:
    for number in range(options.offers):
        offer = market.offer(number)
        (await http.put(f"/offers/{offer.offer_id}", content=offer.draft.model_dump_json(exclude_none=True))).raise_for_status()
    for start in range(0, options.needs, _NEEDS_PER_CALL):
        drafts = [
            market.need(number).model_dump(mode="json", exclude_none=True) for number in range(start, start + _NEEDS_PER_CALL)
        ]
        (await http.post("/needs:batch", json=drafts)).raise_for_status()
    partner = {"partner": _PARTNER, "offers": [market.offer(n).offer_id for n in range(options.offers)], "kinds": ["vacancy"]}
    (await http.post("/operator/partners", json=partner)).raise_for_status()


def _submissions(market: Generator, options: Options) -> list[bare.Record]:
    return list(_mix(market, options))


def _mix(market: Generator, options: Options) -> Iterator[bare.Record]:
    """60 % published, 30 % changed, 10 % withdrawn; what is changed or withdrawn is drawn among the open ones."""
    randomness = random.Random(options.seed)
    open_ones: list[tuple[int, int]] = []
    made = 0
    for event in range(options.events):
        kind = randomness.choices(("publish", "change", "withdraw"), (60, 30, 10))[0]
        if kind == "publish" or not open_ones:
            draft = market.vacancy(made)
            open_ones.append((made, 0))
            made += 1
            yield _submission(event, VACANCY_SUBMITTED, str(draft.reference), draft.model_dump_json(exclude_none=True))
            continue
        at = randomness.randrange(len(open_ones))
        open_ones[at], open_ones[-1] = open_ones[-1], open_ones[at]
        number, revision = open_ones.pop()
        if kind == "withdraw":
            reference = str(market.vacancy(number).reference)
            yield _submission(event, VACANCY_WITHDRAWN, reference, f'{{"reference":"{reference}"}}')
        else:
            draft = market.vacancy(number, revision + 1)
            open_ones.append((number, revision + 1))
            yield _submission(event, VACANCY_SUBMITTED, str(draft.reference), draft.model_dump_json(exclude_none=True))


def _submission(number: int, kind: str, reference: str, body: str) -> bare.Record:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"bench-{number}",
        "ce_source": "bench",
        "ce_type": kind,
        "content-type": "application/json",
    }
    return bare.Record("", 0, reference.encode(), body.encode(), [(k, v.encode()) for k, v in headers.items()], 0)


# --- matching ------------------------------------------------------------------------------------------------------


async def _matching(place: Workshop) -> Figure:
    """From the moment the worker goes on, with the events waiting on the log, to its last record's time there.

    The worker has restored needs and policy and no vacancy, and is stopped (SIGSTOP) while the events are written, so that it meets
    them as events and not as a restore.
    """
    topic = place.names.topic("vacancies")
    events = await bare.read_all(place.bootstrap_servers, topic)
    other = await place.with_empty_topics()
    matches = other.names.topic("matches")
    for name in ("settings", "need-profiles"):
        records = await bare.read_all(place.bootstrap_servers, place.names.topic(name))
        await bare.write_all(place.bootstrap_servers, records, other.names.topic(name))
    async with other.service("matching") as worker:
        await _settled(other, matches)
        said_before = await _count(other, matches)
        worker.pause()
        await bare.write_all(place.bootstrap_servers, events, other.names.topic("vacancies"))
        started_ms = time.time() * 1000
        worker.go_on()
        await _settled(other, matches, beyond=said_before)
    outputs = [record for record in await bare.read_all(place.bootstrap_servers, matches) if record.timestamp_ms >= started_ms]
    rate = len(events) / ((max(record.timestamp_ms for record in outputs) - started_ms) / 1000)
    scratch = await _scratch(place, 48)
    seconds = await bare.consume_and_produce(place.bootstrap_servers, [topic], outputs, scratch)
    _say(f"matching: {len(outputs) / len(events):.2f} writes an event")
    # Notifications reads what matching has said, beside the vacancies of the first stage.
    await bare.write_all(place.bootstrap_servers, outputs, place.names.topic("matches"))
    return _figure("matching", rate, len(events) / seconds)


# --- notifications -------------------------------------------------------------------------------------------------


async def _notifications(place: Workshop, options: Options) -> Figure:
    """From the first commit of the group's offsets that is seen to the last, for the records between them."""
    topics = [place.names.topic("matches"), place.names.topic("vacancies")]
    total = sum([await _count(place, topic) for topic in topics])
    async with place.service("notifications"):
        begun, first = 0.0, 0
        deadline = time.perf_counter() + _STAGE_SECONDS
        done = 0
        while done < total:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"notifications has handled {done} of {total} records in {_STAGE_SECONDS:.0f} s")
            await asyncio.sleep(_POLL_SECONDS)
            done = await _committed(place, topics)
            if done and not begun:
                begun, first = time.perf_counter(), done
        rate = (total - first) / (time.perf_counter() - begun)
    connection: Any = await asyncpg.connect(place.notifications_dsn)
    alerts = await connection.fetch(
        "SELECT person, need_id, vacancy_id, opening, kind, score, points::text, said::text FROM alerts ORDER BY alert_id"
    )
    await connection.close()
    rows = [tuple(alert) for alert in alerts]
    seconds = await bare.notifications_alike(place.bootstrap_servers, topics, rows, place.bare_dsn)
    _say(f"notifications: {len(rows) / options.events:.2f} alerts an event")
    return _figure("notifications", rate, total / seconds)


# --- what the stages share -----------------------------------------------------------------------------------------


def _figure(service: str, rate: float, peer: float) -> Figure:
    against = "bare aiokafka and asyncpg: the same reads, writes and transactions"
    return Figure(f"throughput.{service}", rate, "messages/s", against, peer, rate / peer, goal=GOALS[service], at_most=False)


async def _scratch(place: Workshop, partitions: int) -> str:
    topic = place.names.topic(f"scratch-{partitions}")
    admin = AIOKafkaAdminClient(**client_options(place.bootstrap_servers))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()
    return topic


async def _count(place: Workshop, topic: str) -> int:
    return sum((await end_offsets(place.bootstrap_servers, topic)).values())


async def _until(place: Workshop, wanted: dict[str, int], stage: str) -> None:
    """Wait until topics hold so many records, saying how far it is."""
    deadline = time.perf_counter() + _STAGE_SECONDS
    while missing := {t: n for t, n in wanted.items() if await _count(place, t) < n}:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{stage}: {missing} not reached in {_STAGE_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS * 5)


async def _settled(place: Workshop, topic: str, beyond: int = -1) -> None:
    """Wait until a topic holds more than `beyond` records and has not grown for a while."""
    last, since = -1, time.perf_counter()
    deadline = since + _STAGE_SECONDS
    while last <= beyond or time.perf_counter() - since < _QUIET_SECONDS:
        now = await _count(place, topic)
        if now != last:
            last, since = now, time.perf_counter()
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{topic} did not come to rest in {_STAGE_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)


async def _committed(place: Workshop, topics: Sequence[str]) -> int:
    """How many records the notifications group has committed."""
    admin = AIOKafkaAdminClient(**client_options(place.bootstrap_servers))
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(place.names.group("notifications"))
    finally:
        await admin.close()
    return sum(where.offset for at, where in offsets.items() if at.topic in topics and where.offset > 0)


async def _transactions(dsn: str) -> int:
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        count: int = await connection.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return count
    finally:
        await connection.close()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - a benchmark talks on stderr
