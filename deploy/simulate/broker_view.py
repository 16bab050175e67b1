"""What the broker says of our topics and groups: how many messages there are, and how far each group has come."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.security import client_options
from shared.messaging.topics import PARTNER, TopicNames, Topics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class TopicView:
    """One topic, by its logical name."""

    messages: int
    """Offsets between its beginning and its end; compaction leaves gaps, so there may be fewer records."""
    lag: Mapping[str, int] = field(default_factory=dict)
    """By group that reads it, how many offsets it has yet to commit."""


class BrokerView:
    """A connection that looks and changes nothing."""

    def __init__(self, bootstrap: str, names: TopicNames, topics: Topics) -> None:
        self._names = names
        self._patterns = _patterns(topics, names)
        self._admin = AIOKafkaAdminClient(**client_options(bootstrap), request_timeout_ms=_TIMEOUT_MS)
        self._consumer = AIOKafkaConsumer(**client_options(bootstrap), group_id=None, request_timeout_ms=_TIMEOUT_MS)
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaConnectionError: no broker answers.
        """
        try:
            # A client that could not connect has to be closed too.
            self._closing.push_async_callback(self._consumer.stop)
            self._closing.push_async_callback(self._admin.close)
            await self._admin.start()
            await self._consumer.start()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._closing.aclose()

    async def topics(self) -> dict[str, TopicView]:
        """Look at all our topics now, by logical name."""
        places = await self._places()
        ends = await self._consumer.end_offsets(places) if places else {}
        begins = await self._consumer.beginning_offsets(places) if places else {}
        lags = await self._lags(begins, ends)
        messages: dict[str, int] = {}
        for place in places:
            messages[place.topic] = messages.get(place.topic, 0) + ends[place] - begins[place]
        return {self._names.logical(topic): TopicView(count, lags.get(topic, {})) for topic, count in sorted(messages.items())}

    async def names(self) -> list[str]:
        """List our topics as the broker names them."""
        return sorted(topic for topic in await self._admin.list_topics() if self._is_ours(topic))

    async def _places(self) -> list[TopicPartition]:
        wanted = await self.names()
        described: list[dict[str, Any]] = await self._admin.describe_topics(wanted) if wanted else []
        return [
            TopicPartition(topic["topic"], partition["partition"]) for topic in described for partition in topic["partitions"]
        ]

    async def _lags(self, begins: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> dict[str, dict[str, int]]:
        """Add up, by topic and group; a partition without a commit counts whole where the group reads its topic."""
        found: dict[str, dict[str, int]] = {}
        for group, _ in await self._admin.list_consumer_groups():
            if not group.startswith(self._names.prefix):
                continue
            committed = {place: offset.offset for place, offset in (await self._admin.list_consumer_group_offsets(group)).items()}
            read = {place.topic for place in committed}
            for place, end in ends.items():
                if place.topic in read:
                    behind = max(0, end - max(committed.get(place, -1), begins[place]))
                    groups = found.setdefault(place.topic, {})
                    name = self._names.logical(group)
                    groups[name] = groups.get(name, 0) + behind
        return found

    def _is_ours(self, topic: str) -> bool:
        return any(topic.startswith(head) and topic.endswith(tail) for head, tail in self._patterns)


def _patterns(topics: Topics, names: TopicNames) -> list[tuple[str, str]]:
    """Give head and tail of every name that is declared: topics, a partner's topics, dead letters."""
    patterns: list[tuple[str, str]] = []
    for topic in topics.topics:
        head, _, tail = names.topic(topic.name).partition(PARTNER)
        patterns.append((head, tail) if topic.is_partner else (head, head))
        patterns.extend((dead, dead) for dead in (names.dead_letters(topic.name, reader.group) for reader in topic.readers))
    return patterns
