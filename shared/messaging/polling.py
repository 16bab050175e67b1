"""Taking records from a consumer, around those that aiokafka itself cannot decode."""

from __future__ import annotations

import traceback
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
    except UnicodeDecodeError as error:
        return await _around_undecodable(consumer, _taken_before(error), max_records)
    return Polled(tuple(chain.from_iterable(got.values())))


def _taken_before(error: UnicodeDecodeError) -> list[ConsumerRecord[Any, Any]]:
    """Give what aiokafka had taken of other partitions when it raised.

    Their positions have moved on already, so these records would come never again; only the frame that raised still has them.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "fetched_records":
            return list(chain.from_iterable(frame.f_locals["drained"].values()))
    return []


async def _around_undecodable(consumer: AIOKafkaConsumer, records: list[ConsumerRecord[Any, Any]], max_records: int) -> Polled:
    undecodable: list[Coordinates] = []
    for partition in consumer.assignment():
        # Each partition that has nothing would be waited for, and a worker may have a hundred.
        highwater = consumer.highwater(partition)
        if highwater is None or highwater <= await consumer.position(partition):
            continue
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
