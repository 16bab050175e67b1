"""Which worker owns which partition of needs, as the group's coordinator knows it."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from shared.messaging.security import client_options

_TIMEOUT_MS = 5_000


def partition_number(key: str, count: int) -> int:
    """Give the partition that a keyed record goes to: aiokafka's own partitioner, which intake writes by."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % count


class Owners:
    """Asks the coordinator; for operators, not for the hot path."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topic = topic

    async def owner_of(self, number: int) -> str | None:
        """Name the worker that owns a partition; None if nobody does, or nobody can say."""
        admin = AIOKafkaAdminClient(**client_options(self._bootstrap), request_timeout_ms=_TIMEOUT_MS)
        try:
            await admin.start()
            descriptions = await admin.describe_consumer_groups([self._group])
        except (KafkaError, OSError):
            return None
        finally:
            await admin.close()
        for response in descriptions:
            for group in response.groups:
                for _member_id, client_id, _host, _metadata, assignment, *_ in group[5]:
                    if self._owns(assignment, number):
                        return str(client_id)
        return None

    def _owns(self, assignment: bytes, number: int) -> bool:
        decoded = ConsumerProtocol.ASSIGNMENT.decode(assignment)
        return any(topic == self._topic and number in partitions for topic, partitions in decoded.assignment)
