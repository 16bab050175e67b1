"""One idempotent producer per service: acknowledged by all replicas in sync, and replaced when a failure left a gap behind."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerClosed,
    UnknownTopicOrPartitionError,
)

from shared.messaging.envelope import Header
from shared.messaging.records import Coordinates
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from aiokafka.producer.message_accumulator import BatchBuilder
    from aiokafka.structs import RecordMetadata

log = structlog.get_logger(__name__)

MAX_REQUEST_BYTES = 1_048_576
"""The producer's limit for a request, which is Kafka's default for a record batch less its overhead."""

_CLOSE_SECONDS = 5.0
_METADATA_SECONDS = 5.0
_METADATA_RETRY_SECONDS = 0.25


KeyedRecord = tuple[str, bytes | None, list[Header]]
"""Key, body or None for a tombstone, headers."""


class Producer:
    """An idempotent producer that heals itself.

    A batch that fails for good leaves a gap in the sequence numbers of its partition, and the broker then refuses all that
    follows. So after a failure the next send gets a new producer; what was sent before and not acknowledged is the caller's
    to send again. Topics are named as on the broker (`TopicNames.topic`).
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        client_id: str = "ledigplads",
        request_timeout_ms: int = 20_000,
        max_batch_size: int = 16_384,
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._settings: dict[str, Any] = {
            **client_options(bootstrap_servers),
            "client_id": client_id,
            "enable_idempotence": True,
            "linger_ms": 0,
            "max_request_size": MAX_REQUEST_BYTES,
            "max_batch_size": max_batch_size,
            "request_timeout_ms": request_timeout_ms,
            "metadata_max_age_ms": 30_000,
        }
        self._inner: AIOKafkaProducer | None = None
        self._broken: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()
        self._retiring: tuple[AIOKafkaProducer, asyncio.Task[None]] | None = None
        self._stopped = False

    async def start(self) -> None:
        """Connect; raises KafkaConnectionError when no broker answers."""
        self._inner = await self._started()

    async def stop(self) -> None:
        """Send what is waiting, for a few seconds at most, and disconnect."""
        self._stopped = True
        inner, self._inner = self._inner, None
        if inner is not None:
            await self._retire(inner)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def answers(self) -> bool:
        """Say whether a broker answers now: for readiness."""
        if self._inner is None:
            return False
        try:
            await self._inner.client.fetch_all_metadata()
        except KafkaError:
            return False
        return True

    async def publish(
        self,
        topic: str,
        *,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[Header] = (),
        partition: int | None = None,
    ) -> Coordinates:
        """Send one record and wait for its acknowledgement.

        Raises:
            KafkaError: it was not acknowledged; it may have been written all the same.
        """
        sent = await self.publish_no_wait(topic, key=key, value=value, headers=headers, partition=partition)
        metadata = await sent
        return Coordinates(metadata.topic, metadata.partition, metadata.offset)

    async def publish_no_wait(
        self,
        topic: str,
        *,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[Header] = (),
        partition: int | None = None,
    ) -> asyncio.Future[RecordMetadata]:
        """Hand one record over, in the order of the calls, and return the future of its acknowledgement.

        While the broker is away and the buffer full, this waits: that is the back-pressure.

        Raises:
            MessageSizeTooLargeError: the record is larger than the producer's limit.
            UnknownTopicOrPartitionError: the broker knows no such topic, or the topic no such partition.
        """
        key_bytes = key.encode() if isinstance(key, str) else key
        while True:
            inner = await self._usable()
            try:
                await _known(inner, topic, partition)
                future: asyncio.Future[RecordMetadata] = await inner.send(
                    topic, value=value, key=key_bytes, partition=partition, headers=list(headers)
                )
            except KafkaTimeoutError:
                log.warning("kafka_back_pressure", topic=topic)
                continue
            except (MessageSizeTooLargeError, UnknownTopicOrPartitionError):
                raise
            except KafkaError:
                self._mark_broken(inner)
                raise
            future.add_done_callback(partial(self._note, inner))
            return future

    async def publish_batch_no_wait(
        self, topic: str, records: Sequence[KeyedRecord], *, partition: int
    ) -> tuple[int, asyncio.Future[RecordMetadata]]:
        """Hand over the first of these records of one partition, in their order, as many as a batch holds and one at least.

        A future for each record, as `publish_no_wait` gives, costs more than the record itself where there are many.

        Returns:
            how many they were, and the future of their acknowledgement.

        Raises:
            as `publish_no_wait`; none of the records counts as handed over, yet they may have been written all the same.
        """
        while True:
            inner = await self._usable()
            try:
                await _known(inner, topic, partition)
                batch = inner.create_batch()
                count = _fill(batch, records)
                future: asyncio.Future[RecordMetadata] = await inner.send_batch(batch, topic, partition=partition)
            except KafkaTimeoutError:
                log.warning("kafka_back_pressure", topic=topic)
                continue
            except (MessageSizeTooLargeError, UnknownTopicOrPartitionError):
                raise
            except KafkaError:
                self._mark_broken(inner)
                raise
            future.add_done_callback(partial(self._note, inner))
            return count, future

    def _note(self, inner: AIOKafkaProducer, future: asyncio.Future[RecordMetadata]) -> None:
        if not future.cancelled() and future.exception() is not None:
            self._mark_broken(inner)

    def _mark_broken(self, inner: AIOKafkaProducer) -> None:
        if inner is self._inner and self._broken is not inner:
            self._broken = inner
            log.warning("kafka_producer_failed", remedy="a new one takes over")

    async def _usable(self) -> AIOKafkaProducer:
        if self._inner is not None and self._inner is not self._broken:
            return self._inner
        async with self._replacing:
            if self._stopped or self._inner is None:
                raise ProducerClosed
            if self._inner is self._broken:
                await self._retire(self._inner)
                if self._stopped:
                    raise ProducerClosed
                self._inner, self._broken = await self._started(), None
            return self._inner

    async def _retire(self, producer: AIOKafkaProducer) -> None:
        """Close a producer to the end, once, also where the caller is cancelled.

        Its successor begins after that: what is still under way of the old one would land behind what the new one writes, and
        in a compacted topic the last record of a key is what stays.
        """
        if self._retiring is None or self._retiring[0] is not producer:
            self._retiring = producer, asyncio.create_task(_close(producer))
        await asyncio.shield(self._retiring[1])

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self._settings)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


def _fill(batch: BatchBuilder, records: Sequence[KeyedRecord]) -> int:
    """Put in as many records as fit, and say how many."""
    for count, (key, value, headers) in enumerate(records):
        if len(key) + len(value or b"") > MAX_REQUEST_BYTES:
            if count:
                break
            raise MessageSizeTooLargeError(f"a record of {len(value or b'')} bytes is larger than {MAX_REQUEST_BYTES}")
        if batch.append(timestamp=None, key=key.encode(), value=value, headers=headers) is None:
            return count
    else:
        count = len(records)
    batch.close()
    return count


async def _known(producer: AIOKafkaProducer, topic: str, partition: int | None) -> None:
    """Wait for the topic's metadata, telling a topic that is not there from a broker that does not answer.

    aiokafka says "unknown topic" of both, and only asserts that a partition exists.
    """
    client = producer.client
    partitions: set[int] | None = client.cluster.partitions_for_topic(topic)
    if partitions is None:
        client.add_topic(topic)
        until = time.monotonic() + _METADATA_SECONDS
        answered = False
        while not (partitions := client.cluster.partitions_for_topic(topic)):
            if time.monotonic() > until:
                raise UnknownTopicOrPartitionError if answered else KafkaConnectionError(f"no broker answers about {topic}")
            answered = await client.force_metadata_update()
            await asyncio.sleep(0 if client.cluster.partitions_for_topic(topic) else _METADATA_RETRY_SECONDS)
    if partition is not None and partition not in partitions:
        raise UnknownTopicOrPartitionError


async def _close(producer: AIOKafkaProducer) -> None:
    """Flush and disconnect; what cannot be sent within the time was never acknowledged to anyone."""
    try:
        await asyncio.wait_for(producer.stop(), _CLOSE_SECONDS)
    except (TimeoutError, KafkaError) as error:
        log.warning("kafka_producer_closed_unflushed", error_type=type(error).__name__)
        # aiokafka would wait for the lost acknowledgements for ever: its parts are told one by one.
        producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001
        await producer.client.close()
        await producer._sender.close()  # noqa: SLF001
