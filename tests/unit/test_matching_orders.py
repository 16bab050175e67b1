"""Whatever order one log is met in, and however often, a worker ends up having said the same, byte by byte; without a broker."""

import asyncio
import random
from typing import TYPE_CHECKING, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.reference import assess
from services.matching.domain.terms import Terms
from services.matching.metrics import Metrics
from services.matching.service import Matching
from services.matching.speaking import Speaker
from services.matching.subscribers import NeedReader, SettingsReader, VacancyReader
from shared.contracts.match import NOT_CANONICAL, Match
from shared.contracts.need import NeedProfile
from shared.contracts.settings import Policy, Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import state_envelope
from shared.messaging.producing import KeyedRecord, Producer
from shared.messaging.records import Coordinates, RawRecord
from shared.messaging.topics import TopicNames
from tests.support.histories import Published, disordered, drawn_history
from tests.support.matching import TODAY, full_policy
from tests.support.matching import need as made_need
from tests.support.matching_log import NOON, canonical

if TYPE_CHECKING:
    from services.matching.unreadable import Unreadables

_LARGEST_BATCH = 12


class Compacted:
    """Keeps the last record of each key, and acknowledges at once."""

    def __init__(self) -> None:
        self.last: dict[str, bytes | None] = {}

    async def publish_batch_no_wait(
        self, _topic: str, records: list[KeyedRecord], **_: object
    ) -> tuple[int, asyncio.Future[object]]:
        self.last |= {key: body for key, body, _ in records}
        acknowledged: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return len(records), acknowledged


class AllIsReadable:
    """These tests write nothing that cannot be read."""

    def add(self, *what: object) -> None:
        raise AssertionError(what)

    add_undecodable = add


class Worker:
    """A whole worker from the bytes that it reads to the bytes that it writes; only Kafka is not there."""

    def __init__(self) -> None:
        self.matching, self.written, metrics = Matching(Metrics()), Compacted(), Metrics()
        names, producer = TopicNames(), cast("Producer", self.written)
        unreadables = cast("Unreadables", AllIsReadable())
        self._settings = SettingsReader("", names, self.matching, unreadables)
        self._vacancies = VacancyReader("", names, self.matching, unreadables)
        self._needs = NeedReader(
            "", names, self.matching, unreadables, producer, worker=1, session_timeout_ms=1, reclaim_seconds=1, metrics=metrics
        )
        self._speaker = Speaker(self.matching, producer, "matches", worker="matching-1", metrics=metrics)

    def begin(self, first: list[Published]) -> None:
        """Take in settings: no worker reads anything else before it has a policy and a day."""
        for one in first:
            self._settings.apply(_record(one))
        self.matching.assigned([0])
        partition = self.matching.partitions[0]
        partition.saw_claim(1, 0)
        assert partition.won(1, 0)
        self.matching.go_live(0)

    async def take(self, batch: list[Published]) -> None:
        for topic in ("settings", "vacancies", "need-profiles"):
            records = [_record(one) for one in batch if one.topic == topic]
            if topic == "settings":
                await self._settings.on_records(records)
            elif topic == "vacancies":
                await self._vacancies.on_records(records)
            else:
                self._needs.take_needs(0, records)

    async def say_some(self) -> bool:
        return bool(await self._speaker._say_some()) or self.matching.score_some()


def _record(one: Published) -> RawRecord:
    entity = {"vacancies": "vacancy", "need-profiles": "need-profile"}.get(one.topic, one.key)
    envelope = state_envelope(
        entity=entity, subject=one.key, position=(1, one.version), time=NOON, source="intake", correlationid="test"
    )
    value = None if one.body is None else one.body.model_dump_json().encode()
    return RawRecord(Coordinates(one.topic, 0, 0), one.key, value, tuple(envelope.to_headers()), 0, one.key.encode())


async def _said_in_the_end(records: list[Published], seed: int) -> dict[str, bytes]:
    """Let a worker meet records in batches of any size, speak or not between them, and say all that is left when all is quiet."""
    draw, worker = random.Random(seed), Worker()
    first = {key: next(one for one in records if one.key == key) for key in ("policy", "today")}
    worker.begin(list(first.values()))
    at = 0
    while at < len(records):
        size = draw.randint(1, _LARGEST_BATCH)
        await worker.take(records[at : at + size])
        at += size
        for _ in range(draw.choice((0, 0, 1, 3))):
            await worker.say_some()
    while await worker.say_some():
        pass
    last = {key: Match.model_validate_json(body) for key, body in worker.written.last.items() if body is not None}
    return {key: canonical(match) or b"" for key, match in last.items()}


async def _end_of_each_order(history: list[Published], orders: list[int]) -> list[dict[str, bytes]]:
    return [await _said_in_the_end(disordered(history, order), order) for order in orders]


def _true(history: list[Published]) -> dict[str, list[tuple[str, int]]]:
    """What the slow reference says of the last state of everything: the places of each open need, the best first, with their points."""
    last = {(one.topic, one.key): one.body for one in sorted(history, key=lambda one: one.version)}
    policy, today = last["settings", "policy"], last["settings", "today"]
    assert isinstance(policy, Policy)
    assert isinstance(today, Today)
    terms = Terms(policy, today.day)
    places = [body for body in last.values() if isinstance(body, Vacancy) and body.status == "open"]
    expected = {}
    for need in (body for body in last.values() if isinstance(body, NeedProfile) and body.status == "open"):
        found = {place.vacancy_id: assess(need, place, terms) for place in places}
        fits = [(-one.score, id_) for id_, one in found.items() if one.eligible and one.score >= policy.threshold]
        expected[need.need_id] = [(id_, -score) for score, id_ in sorted(fits)[: policy.best_k]]
    return expected


def _placed(said: dict[str, bytes]) -> dict[str, list[tuple[str, int]]]:
    matches = {key: Match.model_validate_json(body[:-1] + b',"day":"2026-11-24","worker":"any"}') for key, body in said.items()}
    return {key: [(place.vacancy_id, place.score) for place in match.places] for key, match in matches.items()}


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    needs=st.integers(1, 6),
    vacancies=st.integers(0, 25),
    changes=st.integers(1, 3),
    orders=st.lists(st.integers(0, 2**32), min_size=3, max_size=3, unique=True),
)
def test_three_orders_and_duplications_of_a_small_log_end_in_the_same_bytes(
    seed: int, needs: int, vacancies: int, changes: int, orders: list[int]
) -> None:
    history = drawn_history(seed, needs=needs, vacancies=vacancies, settings=changes)
    ends = asyncio.run(_end_of_each_order(history, orders))
    assert ends[0] == ends[1] == ends[2]
    assert _placed(ends[0]) == _true(history)


def test_three_orders_and_duplications_of_a_larger_log_end_in_the_same_bytes() -> None:
    history = drawn_history(1, needs=60, vacancies=150, settings=3)
    in_order = asyncio.run(_said_in_the_end(history, 1))
    ends = asyncio.run(_end_of_each_order(history, [2, 3, 4]))
    assert all(end == in_order for end in ends)
    assert _placed(in_order) == _true(history)
    assert sum(map(len, _placed(in_order).values())) > 100, "lists of some length"


async def test_needs_that_share_the_cause_of_a_new_policy_are_told_of_although_the_last_in_the_queue_was_scored_by_itself() -> (
    None
):
    """A need that comes anew is scored at once: what is queued of it is no work any more, and no reason to wait for an event."""
    worker = Worker()
    worker.begin([Published("settings", "policy", 1, full_policy()), Published("settings", "today", 1, Today(day=TODAY))])
    await worker.take([Published("need-profiles", need_id, 1, made_need(need_id)) for need_id in ("need-1", "need-2")])
    while await worker.say_some():
        pass
    for version in (2, 3):
        await worker.take([Published("settings", "policy", version, full_policy(version=f"2026-11-25.{version}"))])
        await worker.take([Published("need-profiles", "need-1", version, made_need("need-1", version=version))])
    while await worker.say_some():
        pass
    said = [Match.model_validate_json(body or b"") for body in worker.written.last.values()]
    assert {match.policy for match in said} == {full_policy(version="2026-11-25.3").hash()}


def test_what_is_left_out_of_the_canonical_form_is_what_an_order_may_change() -> None:
    assert {"cause", "own_news", "often_in_the_way", "day", "worker"} == NOT_CANONICAL
