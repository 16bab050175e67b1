"""Taking records from a consumer, around those that aiokafka itself cannot decode."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import structlog

from shared.messaging.records import Coordinates

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

log = structlog.get_logger(__name__)

_ALONE_MS = 300


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll gave; of an undecodable record only its place is known."""

    records: tuple[ConsumerRecord[Any, Any], ...]
    undecodable: tuple[Coordinates, ...] = ()


async def poll(consumer: AIOKafkaConsumer, *, timeout_ms: int, max_records: int) -> Polled:
    """Take what there is, by partition and in the order of offsets; empty after the time-out.

    aiokafka decodes the *names* of headers as UTF-8 and raises where a foreign producer wrote something else, again at every
    poll. Then each partition is read alone, and the position moves over the record that cannot be had.
    """
    try:
        got = await consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
    except UnicodeDecodeError:
        return await _around_undecodable(consumer, max_records)
    return Polled(tuple(chain.from_iterable(got.values())))


async def _around_undecodable(consumer: AIOKafkaConsumer, max_records: int) -> Polled:
    records: list[ConsumerRecord[Any, Any]] = []
    undecodable: list[Coordinates] = []
    for partition in consumer.assignment():
        try:
            while len(records) < max_records:
                got = await consumer.getmany(partition, timeout_ms=_ALONE_MS, max_records=1)
                if not got:
                    break
                records.extend(got[partition])
        except UnicodeDecodeError:
            undecodable.append(await _step_over(consumer, partition))
    return Polled(tuple(records), tuple(undecodable))


async def _step_over(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Coordinates:
    offset = await consumer.position(partition)
    consumer.seek(partition, offset + 1)
    log.error("record_undecodable", topic=partition.topic, partition=partition.partition, offset=offset)
    return Coordinates(partition.topic, partition.partition, offset)
