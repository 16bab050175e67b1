"""Subscribing a service to topics: FastStream's batch subscribers with our rules about failures, commits and stopping."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import structlog
from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import TypeAdapter

from shared.messaging.batches import Intake
from shared.messaging.health import Check
from shared.messaging.log import read_one
from shared.messaging.policies import FusePolicy, RetryPolicy
from shared.messaging.records import Event, RawRecord, Unreadable, read_event
from shared.messaging.replacing import Replacements
from shared.messaging.security import security_of, ssl_context
from shared.messaging.topics import PARTNER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiokafka import ConsumerRecord, TopicPartition

    from shared.messaging.deadletters import DeadLetters
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

T = TypeVar("T")

EventHandler: TypeAlias = "Callable[[list[Event[T]]], Awaitable[None]]"
RawHandler: TypeAlias = "Callable[[list[RawRecord]], Awaitable[None]]"

Replayed = Literal["applied", "unreadable", "gone", "not_subscribed"]

MAX_POLL_INTERVAL_MS = 300_000
_METADATA_MAX_AGE_MS = 5_000
_FETCH_MAX_WAIT_MS = 500
# A member hears of a rebalance by its heartbeat. A service has a member for each of its topics, so at aiokafka's 3 s a start
# takes 3 s more with each topic, in which nothing is read.
_HEARTBEAT_MS = 300
_LOGINS = {"SCRAM-SHA-512": SASLScram512, "SCRAM-SHA-256": SASLScram256, "PLAIN": SASLPlaintext}


def make_broker(bootstrap_servers: str, *, client_id: str, graceful_timeout_seconds: float = 15.0) -> KafkaBroker:
    """Make the broker that `Consumers` registers with: it only consumes, creates no topics and hears of new ones within 5 s.

    Producing goes through `Producer`. FastStream's own log lines are left out: `Intake` says what there is to say.
    """
    return KafkaBroker(
        # FastStream takes a string for the address of one broker.
        bootstrap_servers.split(","),
        security=_security(bootstrap_servers),
        client_id=client_id,
        consumer_only=True,
        allow_auto_create_topics=False,
        metadata_max_age_ms=_METADATA_MAX_AGE_MS,
        graceful_timeout=graceful_timeout_seconds,
        logger=None,
        apply_types=False,
    )


def _security(bootstrap_servers: str) -> BaseSecurity:
    """Give in FastStream's words what a client of these brokers has to show."""
    shown = security_of(bootstrap_servers)
    context = ssl_context(shown) if shown.encrypts else None
    if not shown.logs_in:
        return BaseSecurity(ssl_context=context)
    return _LOGINS[shown.mechanism](shown.username or "", shown.password or "", ssl_context=context)


class Consumers:
    """All subscriptions of one service.

    >>> consumers = Consumers(broker, names, dead_letters, bootstrap_servers=settings.brokers)
    >>> @consumers.subscriber("vacancies", contract=Vacancy, group="notifications")
    ... async def on_vacancies(events: list[Event[Vacancy]]) -> None: ...
    >>> await consumers.start()
    """

    def __init__(
        self,
        broker: KafkaBroker,
        names: TopicNames,
        dead_letters: DeadLetters,
        *,
        bootstrap_servers: str,
        retry: RetryPolicy | None = None,
        fuse: FusePolicy | None = None,
        max_records: int = 500,
        max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS,
    ) -> None:
        """Take the parts; subscribe before `start`.

        Args:
            broker: of `make_broker`, not started.
            names: the prefix of topics and groups.
            dead_letters: where what cannot be taken is written down.
            bootstrap_servers: for `replay`, which reads without the group.
            retry: how passing trouble is sat out.
            fuse: when a subscriber stops by itself.
            max_records: the largest batch.
            max_poll_interval_ms: how long a batch may take before the group goes on without this member.
        """
        self.retry = retry or RetryPolicy()
        if self.retry.in_place_seconds * 1000 > max_poll_interval_ms / 2:
            raise ValueError("retry.in_place_seconds must be at most half of max_poll_interval_ms")
        self._broker = broker
        self._names = names
        self._dead_letters = dead_letters
        self._bootstrap_servers = bootstrap_servers
        self._fuse = fuse or FusePolicy()
        self._max_records = max_records
        self._max_poll_interval_ms = max_poll_interval_ms
        self._stopping = asyncio.Event()
        self._joined = False
        self._intakes: list[Intake[Any]] = []
        self._replacements = Replacements(self.retry.backoff)

    def subscriber(
        self,
        topic: str,
        *,
        contract: type[T] | TypeAdapter[T],
        group: str,
        state: bool = True,
        group_instance_id: str | None = None,
        listener: ConsumerRebalanceListener | None = None,
    ) -> Callable[[EventHandler[T]], EventHandler[T]]:
        """Subscribe a handler to the readable events of a topic.

        Args:
            topic: logical name.
            contract: model of the body.
            group: logical name of the consumer group.
            state: a state topic: key and (epoch, version) are required.
            group_instance_id: static membership, which spares rebalances over a restart.
            listener: told of partitions assigned and revoked. It must return at once: heartbeats wait for it.
        """
        adapter: TypeAdapter[T] = contract if isinstance(contract, TypeAdapter) else TypeAdapter(contract)

        def read(record: RawRecord) -> Event[T] | Unreadable:
            return read_event(record, adapter, state=state)

        def register(handler: EventHandler[T]) -> EventHandler[T]:
            intake = self._intake(topic, group, read, handler)
            self._register(
                intake, topic=self._names.topic(topic), pattern=None, group_instance_id=group_instance_id, listener=listener
            )
            return handler

        return register

    def raw_subscriber(
        self, topic: str | None = None, *, pattern: str | None = None, group: str, group_instance_id: str | None = None
    ) -> Callable[[RawHandler], RawHandler]:
        """Subscribe a handler to the records of a topic as they are, or of every partner's topic of a pattern.

        Args:
            topic: logical name.
            pattern: instead of it, a name with `{partner}`; a new partner's topic is heard within 10 s.
            group: logical name of the consumer group.
            group_instance_id: static membership, which spares rebalances over a restart.
        """
        if (topic is None) == (pattern is None):
            raise ValueError("give either a topic or a pattern")

        def read(record: RawRecord) -> RawRecord:
            return record

        def register(handler: RawHandler) -> RawHandler:
            intake = self._intake(topic or pattern or "", group, read, handler)
            self._register(
                intake,
                topic=self._names.topic(topic) if topic else None,
                pattern=partner_pattern(self._names.topic(pattern)) if pattern else None,
                group_instance_id=group_instance_id,
                listener=None,
            )
            return handler

        return register

    async def start(self) -> None:
        """Join the groups and begin to consume; after a crash the groups wait for the dead member's session to end."""
        await self._broker.start()
        self._joined = True

    async def stop(self) -> None:
        """Finish the batches in hand, commit them, leave the groups. A batch that waits for something to come back is put back."""
        self._stopping.set()
        await self._replacements.stop()
        await self._broker.stop()
        for intake in self._intakes:
            intake.forget_all()

    def checks(self) -> dict[str, Check]:
        """Answer readiness, by subscription."""
        joining = None if self._joined else Check(ok=False, detail="joining the group")
        return {f"consumer {intake.name}": joining or intake.check() for intake in self._intakes}

    async def replay(self, topic: str, partition: int, offset: int) -> Replayed:
        """Read one record again into the handlers of its topic, which apply it under the version rule.

        Args:
            topic: as on the broker, or its logical name.
            partition: of the record.
            offset: of the record.

        Returns:
            "applied" if every handler took it, "unreadable" if it still cannot be read, "gone" if it is not in the log any more
            (its owner publishes the key's current state again), "not_subscribed" if this service does not read the topic.
        """
        on_broker = topic if self._names.prefix and topic.startswith(self._names.prefix) else self._names.topic(topic)
        intakes = [intake for intake in self._intakes if self._reads(intake, on_broker)]
        if not intakes:
            return "not_subscribed"
        record = await read_one(self._bootstrap_servers, on_broker, partition, offset)
        if record is None:
            return "gone"
        taken = [await intake.replay(record) for intake in intakes]
        return "applied" if all(taken) else "unreadable"

    def _reads(self, intake: Intake[Any], topic: str) -> bool:
        declared = self._names.topic(intake.topic)
        return bool(re.match(partner_pattern(declared), topic)) if PARTNER in declared else declared == topic

    def _intake(
        self,
        topic: str,
        group: str,
        read: Callable[[RawRecord], T | Unreadable],
        handler: Callable[[list[T]], Awaitable[None]],
    ) -> Intake[T]:
        intake = Intake(
            topic=topic,
            group=group,
            read=read,
            handler=handler,
            dead_letters=self._dead_letters,
            retry=self.retry,
            fuse=self._fuse,
            stopping=self._stopping,
            max_records=self._max_records,
        )
        self._intakes.append(intake)
        return intake

    def _register(
        self,
        intake: Intake[Any],
        *,
        topic: str | None,
        pattern: str | None,
        group_instance_id: str | None,
        listener: ConsumerRebalanceListener | None,
    ) -> None:
        subscriber = self._broker.subscriber(
            *([topic] if topic else []),
            pattern=pattern,
            batch=True,
            max_records=self._max_records,
            group_id=self._names.group(intake.group),
            group_instance_id=group_instance_id,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_MAX_WAIT_MS,
            heartbeat_interval_ms=_HEARTBEAT_MS,
            max_poll_interval_ms=self._max_poll_interval_ms,
            listener=_Forgetting(intake, listener),
            parser=_as_it_came,
            decoder=_undecoded,
            no_reply=True,
            title=f"{topic or pattern}:{intake.group}",
        )
        # FastStream's own poll sleeps for the whole time-out after an empty one, which costs a lone record half of it.
        subscriber.get_msg = intake.poll  # type: ignore[method-assign]
        intake.on_dead_consumer = lambda: self._replacements.replace(subscriber, intake.name)

        async def consume(records: list[ConsumerRecord[Any, Any]]) -> None:
            if subscriber.consumer is not None:
                await intake.take(subscriber.consumer, records)

        subscriber(consume)


def partner_pattern(topic: str) -> str:
    """Make the regular expression of a partner topic's names; dead letters, which begin alike, are none of them."""
    before, after = topic.split(PARTNER)
    return f"^{re.escape(before)}(?!.*-dlq$).+{re.escape(after)}$"


class _Forgetting(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Drops the gauges of partitions that went away, and passes everything on."""

    def __init__(self, intake: Intake[Any], then: ConsumerRebalanceListener | None) -> None:
        self._intake = intake
        self._then = then

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._intake.forget(revoked)
        if self._then is not None:
            await self._then.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        if self._then is not None:
            await self._then.on_partitions_assigned(assigned)


async def _as_it_came(records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaMessage:
    """Parse nothing: FastStream's parser breaks on headers that are null or not UTF-8, and takes a tombstone for b""."""
    return KafkaMessage(raw_message=records, body=[], consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> list[ConsumerRecord[Any, Any]]:
    return list(message.raw_message)
