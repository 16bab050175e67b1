"""Consuming from the real broker: nothing lost, nothing in the way, and nothing drained by a broken build."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError
from prometheus_client import REGISTRY
from pydantic import BaseModel

from shared.messaging.backoff import Backoff
from shared.messaging.consuming import Consumers, make_broker
from shared.messaging.deadletters import DeadLetter, DeadLetters, read_dead_letter
from shared.messaging.envelope import state_envelope
from shared.messaging.errors import PassingError, PermanentError
from shared.messaging.log import read_to_end
from shared.messaging.policies import FusePolicy, RetryPolicy
from shared.messaging.producing import Producer
from shared.messaging.records import Event, RawRecord
from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames, Topics, create_partner_topics, delete_partner_topics
from tests.support.backends import Kafka
from tests.support.waiting import eventually, stays

QUICK = RetryPolicy(Backoff(first_seconds=0.01, limit_seconds=0.05), in_place_seconds=0.3)


class Place(BaseModel):
    number: int


class World:
    """A test's own topics, a producer, and consumers as a service would make them."""

    def __init__(self, kafka: Kafka, names: TopicNames, topics: Topics, producer: Producer) -> None:
        self.bootstrap = kafka.bootstrap_servers
        self.names = names
        self.topics = topics
        self.producer = producer

    def consumers(
        self, *, retry: RetryPolicy = QUICK, fuse: int = 20, max_records: int = 500, dead_letters: DeadLetters | None = None
    ) -> Consumers:
        return Consumers(
            make_broker(self.bootstrap, client_id="test", graceful_timeout_seconds=5),
            self.names,
            dead_letters or DeadLetters(self.producer, self.names, service="test"),
            bootstrap_servers=self.bootstrap,
            retry=retry,
            fuse=FusePolicy(fuse),
            max_records=max_records,
        )

    @asynccontextmanager
    async def subscribed(
        self,
        handler: Callable[[list[Event[Place]]], Awaitable[None]],
        *,
        group: str = "notifications",
        consumers: Consumers | None = None,
    ) -> AsyncIterator[Consumers]:
        consumers = consumers or self.consumers()
        consumers.subscriber("vacancies", contract=Place, group=group)(handler)
        await consumers.start()
        try:
            yield consumers
        finally:
            await consumers.stop()

    async def publish(self, *numbers: int | None, partition: int = 0) -> None:
        """Publish places by number; None is garbage."""
        for number in numbers:
            await self.producer.publish(
                self.names.topic("vacancies"),
                key=f"v-{number}",
                value=b"garbage" if number is None else Place(number=number).model_dump_json().encode(),
                headers=place_headers(number or 0) if number is not None else [],
                partition=partition,
            )

    async def dead_letters(self, topic: str = "vacancies", group: str = "notifications") -> list[DeadLetter]:
        return [
            letter
            async for records in read_to_end(self.bootstrap, self.names.dead_letters(topic, group))
            for record in records
            if (letter := read_dead_letter(record))
        ]

    async def committed(self, partition: int = 0, group: str = "notifications") -> int | None:
        async with AIOKafkaConsumer(**client_options(self.bootstrap), group_id=self.names.group(group)) as consumer:
            committed: int | None = await consumer.committed(TopicPartition(self.names.topic("vacancies"), partition))
            return committed


def place_headers(number: int) -> list[tuple[str, bytes]]:
    return state_envelope(
        entity="vacancy",
        subject=f"v-{number}",
        position=(1, 1),
        time=datetime(2026, 1, 1, tzinfo=UTC),
        source="test",
        correlationid=f"c-{number}",
    ).to_headers()


@pytest.fixture
async def world(kafka: Kafka, names: TopicNames, topics: Topics) -> AsyncIterator[World]:
    async with Producer(kafka.bootstrap_servers) as producer:
        yield World(kafka, names, topics, producer)


class Seen:
    """A handler that notes what it takes, and fails as it is told."""

    def __init__(self, fails: Callable[[list[int]], Exception | None] = lambda _numbers: None) -> None:
        self.numbers: list[int] = []
        self.calls = 0
        self._fails = fails

    async def __call__(self, events: list[Event[Place]]) -> None:
        self.calls += 1
        numbers = [event.data.number for event in events if event.data]
        if error := self._fails(numbers):
            raise error
        self.numbers += numbers


async def test_records_are_handled_in_order_and_committed_after(world: World) -> None:
    await world.publish(*range(10))
    seen = Seen()
    async with world.subscribed(seen) as consumers:
        await eventually(lambda: seen.numbers == list(range(10)))
        await eventually(world.committed, until=lambda offset: offset == 10)
        assert [check.ok for check in consumers.checks().values()] == [True]


async def test_a_tombstone_arrives_as_an_event_without_data(world: World) -> None:
    got: list[Event[Place]] = []

    async def note(events: list[Event[Place]]) -> None:
        got.extend(events)

    await world.producer.publish(world.names.topic("vacancies"), key="v-3", value=None, headers=place_headers(3))
    async with world.subscribed(note):
        await eventually(lambda: got)
    assert (got[0].data, got[0].position, got[0].subject) == (None, (1, 1), "v-3")


async def test_nothing_is_lost_while_the_handler_fails_in_a_passing_way(world: World) -> None:
    """Longer than a batch is held in place, so it is put back and read again."""
    down = True
    seen = Seen(lambda _numbers: PassingError() if down else None)
    await world.publish(1, 2, 3)
    async with world.subscribed(seen) as consumers:
        detail = await eventually(lambda: next(iter(consumers.checks().values())), until=lambda check: not check.ok)
        assert "PassingError" in detail.detail
        await eventually(lambda: seen.calls > 15)
        assert await world.committed() is None
        down = False
        await eventually(lambda: seen.numbers == [1, 2, 3])
        await eventually(lambda: next(iter(consumers.checks().values())).ok)
    assert await world.dead_letters() == []


async def test_poison_goes_to_the_dead_letters_and_the_rest_of_its_batch_is_handled(world: World) -> None:
    seen = Seen(lambda numbers: PermanentError("secret") if 3 in numbers else KeyError() if 5 in numbers else None)
    await world.publish(1, 2, 3, 4, None, 5, 6)
    async with world.subscribed(seen):
        await eventually(world.committed, until=lambda offset: offset == 7)
    assert sorted(seen.numbers) == [1, 2, 4, 6]
    letters = await world.dead_letters()
    topic = world.names.topic("vacancies")
    assert [(letter.at.topic, letter.at.partition, letter.at.offset, letter.group) for letter in letters] == [
        (topic, 0, 2, "notifications"),
        (topic, 0, 4, "notifications"),
        (topic, 0, 5, "notifications"),
    ]
    assert [(letter.reason, letter.error_type, letter.key) for letter in letters] == [
        ("refused-by-handler", "PermanentError", b"v-3"),
        ("malformed-envelope", "MalformedEnvelope", b"v-None"),
        ("handler-failed", "KeyError", b"v-5"),
    ]


async def test_a_dead_letter_holds_neither_body_nor_the_text_of_the_error(world: World) -> None:
    await world.publish(7)
    async with world.subscribed(Seen(lambda _numbers: ValueError("the citizen's name"))):
        await eventually(world.committed, until=lambda offset: offset == 1)
    async for records in read_to_end(world.bootstrap, world.names.dead_letters("vacancies", "notifications")):
        (record,) = records
        assert record.value is None
        assert record.key == "v-7"
        assert b"citizen" not in b"".join(value or b"" for _, value in record.headers)
        assert dict(record.headers)["ce_correlationid"] == b"c-7"


async def test_a_dead_letter_repeats_nothing_that_a_partner_wrote(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    partner, group = "odd", "intake"
    await create_partner_topics(world.bootstrap, world.names, partner, topics=world.topics)
    topic = world.names.topic(f"submissions-{partner}")
    await world.producer.publish(topic, key="070761-4285", value=b"{}", headers=[("ce_correlationid", b"Karen Hansen")])

    async def refuse(_records: list[RawRecord]) -> None:
        raise PermanentError

    consumers = world.consumers()
    consumers.raw_subscriber(pattern="submissions-{partner}", group=group)(refuse)
    await consumers.start()

    async def letters() -> list[RawRecord]:
        name = world.names.dead_letters("submissions-{partner}", group)
        return [record async for records in read_to_end(world.bootstrap, name) for record in records]

    try:
        (record,) = await eventually(letters)
    finally:
        await consumers.stop()
    letter = read_dead_letter(record)
    assert letter is not None
    assert (letter.at.topic, letter.at.offset, letter.reason) == (topic, 0, "refused-by-handler")
    everything = b"".join([record.key_bytes or b"", record.value or b"", *(value or b"" for _, value in record.headers)])
    for told in (everything.decode(), capsys.readouterr().out):
        assert "070761" not in told
        assert "Karen" not in told


async def test_while_the_dead_letters_cannot_be_written_nothing_is_committed_and_none_is_left_out(world: World) -> None:
    class Failing(DeadLetters):
        down = True

        async def write(self, topic: str, letter: DeadLetter) -> None:
            if self.down:
                raise KafkaConnectionError
            await super().write(topic, letter)

    failing = Failing(world.producer, world.names, service="test")
    seen = Seen()
    await world.publish(1, None, 2)
    async with world.subscribed(seen, consumers=world.consumers(dead_letters=failing)) as consumers:
        check = await eventually(lambda: next(iter(consumers.checks().values())), until=lambda check: not check.ok)
        assert "dead letters" in check.detail
        await eventually(lambda: len(seen.numbers) > 2)  # put back and read again
        assert await world.committed() is None
        failing.down = False
        await eventually(world.committed, until=lambda offset: offset == 3)
    assert [letter.at.offset for letter in await world.dead_letters()] == [1]


async def test_a_build_that_can_take_nothing_stops_and_drains_nothing(world: World) -> None:
    await world.publish(1, 2, *[None] * 30, 3)
    seen = Seen()
    async with world.subscribed(seen, consumers=world.consumers(fuse=10)) as consumers:
        check = await eventually(lambda: next(iter(consumers.checks().values())), until=lambda check: not check.ok)
        assert "fuse blown" in check.detail
        assert f"{world.names.topic('vacancies')}/0/2 on" in check.detail
        await eventually(world.committed, until=lambda offset: offset == 2)
        await world.publish(4, partition=1)
        await stays(lambda: seen.numbers == [1, 2], for_seconds=0.3)
    assert await world.dead_letters() == []


async def test_a_handler_that_fails_for_every_record_blows_the_fuse_and_a_mended_one_goes_on_from_there(world: World) -> None:
    await world.publish(*range(40))
    async with world.subscribed(
        Seen(lambda numbers: KeyError() if max(numbers) >= 5 else None), consumers=world.consumers(fuse=10)
    ) as consumers:
        await eventually(lambda: not next(iter(consumers.checks().values())).ok)
        await eventually(world.committed, until=lambda offset: offset == 5)
    mended = Seen()
    async with world.subscribed(mended):
        await eventually(lambda: mended.numbers == list(range(5, 40)))
    assert await world.dead_letters() == []


async def test_poison_that_trickles_in_blows_the_fuse_too(world: World) -> None:
    async with world.subscribed(Seen(), consumers=world.consumers(fuse=3)) as consumers:
        await world.publish(None)
        await eventually(world.committed, until=lambda committed: committed == 1)
        await world.publish(None)
        await eventually(world.committed, until=lambda committed: committed == 2)
        await world.publish(None)
        await eventually(lambda: not next(iter(consumers.checks().values())).ok)
        assert await world.committed() == 2
    assert len(await world.dead_letters()) == 2


async def test_stopping_finishes_and_commits_the_work_in_hand(world: World) -> None:
    begun, finish, finished = asyncio.Event(), asyncio.Event(), []

    async def slow(events: list[Event[Place]]) -> None:
        begun.set()
        await finish.wait()
        finished.extend(events)

    await world.publish(1, 2)
    consumers = world.consumers()
    async with world.subscribed(slow, consumers=consumers):
        await begun.wait()
        stopping = asyncio.create_task(consumers.stop())
        await stays(lambda: not stopping.done(), for_seconds=0.1)
        finish.set()
        await stopping
        assert len(finished) == 2
        assert await world.committed() == 2


async def test_stopping_does_not_wait_for_trouble_to_pass(world: World) -> None:
    seen = Seen(lambda _numbers: TimeoutError())
    slow = RetryPolicy(Backoff(first_seconds=60, limit_seconds=60))
    await world.publish(1)
    consumers = world.consumers(retry=slow)
    async with world.subscribed(seen, consumers=consumers):
        await eventually(lambda: seen.calls)
        async with asyncio.timeout(3):
            await consumers.stop()
    assert await world.committed() is None


async def test_two_groups_each_get_every_record(world: World) -> None:
    await world.publish(1, 2, 3)
    first, second = Seen(), Seen()
    async with world.subscribed(first), world.subscribed(second, group="matching"):
        await eventually(lambda: first.numbers == second.numbers == [1, 2, 3])


async def test_members_that_come_and_go_miss_nothing(world: World) -> None:
    first, second = Seen(), Seen()
    async with world.subscribed(first):
        await world.publish(*range(20))
        async with world.subscribed(second):
            for number in range(20, 60):
                await world.publish(number, partition=number % 2)
        await world.publish(60, 61, partition=1)
        await eventually(lambda: set(first.numbers) | set(second.numbers) == set(range(62)))
    assert await world.dead_letters() == []


async def test_a_consumer_whose_coordination_has_ended_is_replaced_and_nothing_is_missed(world: World) -> None:
    """aiokafka's coordinator dies of an assertion, seen when one of three brokers was killed; then every poll raises."""
    seen = Seen()
    async with world.subscribed(seen) as consumers:
        await world.publish(1)
        await eventually(lambda: seen.numbers, until=lambda numbers: numbers == [1])
        [subscriber] = consumers._broker.subscribers
        coordinator = subscriber.consumer._coordinator  # type: ignore[attr-defined] # a subscriber of Kafka
        coordinator._coordination_task.cancel()
        coordinator._coordination_task = asyncio.get_running_loop().create_future()
        coordinator._coordination_task.set_exception(KafkaError("Unexpected error during coordination AssertionError()"))
        await world.publish(2, 3)
        await eventually(lambda: seen.numbers, until=lambda numbers: numbers[-1] == 3, within_seconds=30)
        await eventually(lambda: consumers.checks()["consumer vacancies as notifications"].ok)
    assert seen.numbers == [1, 2, 3]
    assert await world.committed() == 3


async def test_a_record_is_replayed_into_its_handler(world: World) -> None:
    can_take = False
    seen = Seen(lambda _numbers: None if can_take else PermanentError())
    await world.publish(1, None)
    async with world.subscribed(seen) as consumers:
        await eventually(world.committed, until=lambda offset: offset == 2)
        topic = world.names.topic("vacancies")
        with pytest.raises(PermanentError):
            await consumers.replay(topic, 0, 0)
        can_take = True
        assert await consumers.replay(topic, 0, 0) == "applied"
        assert seen.numbers == [1]
        assert await consumers.replay("vacancies", 0, 1) == "unreadable"
        assert await consumers.replay("vacancies", 0, 99) == "gone"
        assert await consumers.replay("vacancies", 7, 0) == "gone"
        assert await consumers.replay("matches", 0, 0) == "not_subscribed"


async def test_a_new_partner_is_heard_within_ten_seconds_and_a_removed_one_disturbs_nobody(world: World) -> None:
    got: list[RawRecord] = []

    async def note(records: list[RawRecord]) -> None:
        got.extend(records)

    consumers = world.consumers()
    consumers.raw_subscriber(pattern="submissions-{partner}", group="intake")(note)
    await create_partner_topics(world.bootstrap, world.names, "first", topics=world.topics)
    await consumers.start()
    try:
        await submit(world, "first", b"1")
        await eventually(lambda: [record.value for record in got] == [b"1"])
        await create_partner_topics(world.bootstrap, world.names, "second", topics=world.topics)
        await submit(world, "second", b"2")
        await delete_partner_topics(world.bootstrap, world.names, "first", topics=world.topics)
        await eventually(lambda: [record.value for record in got] == [b"1", b"2"])
        await submit(world, "second", b"3")
        await eventually(lambda: [record.value for record in got] == [b"1", b"2", b"3"])
        assert got[-1].at.topic == world.names.topic("submissions-second")
        assert all(check.ok for check in consumers.checks().values())
    finally:
        await consumers.stop()


async def submit(world: World, partner: str, value: bytes) -> None:
    await world.producer.publish(
        world.names.topic(f"submissions-{partner}"), key=b"\xff", value=value, headers=[("odd", b"\xff\xfe")]
    )


async def test_the_lag_of_a_group_is_measured(world: World) -> None:
    def lag() -> float | None:
        return REGISTRY.get_sample_value(
            "ledigplads_consumer_lag", {"topic": world.names.topic("vacancies"), "partition": "0", "group": "notifications"}
        )

    gate = asyncio.Event()

    async def waits(_events: list[Event[Place]]) -> None:
        await gate.wait()

    await world.publish(1, 2, 3)
    async with world.subscribed(waits, consumers=world.consumers(max_records=1)):
        await eventually(lag, until=lambda value: value == 3)
        gate.set()
        await eventually(lag, until=lambda value: value == 0)
    assert lag() is None
