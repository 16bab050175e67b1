"""How far consumer groups have come."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.security import client_options


async def committed_offsets(bootstrap: str, group: str, topic: str) -> dict[int, int]:
    """Ask Kafka how far a group's reading of a topic is committed, by partition.

    Args:
        bootstrap: the brokers.
        group: name on the broker.
        topic: name on the broker.
    """
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    try:
        await admin.start()
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {place.partition: known.offset for place, known in offsets.items() if place.topic == topic}
