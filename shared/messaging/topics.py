"""The declared topics: read from one file, created from it, and checked against it before a service starts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from shared.messaging.security import client_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from pathlib import Path

PARTNER = "{partner}"
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_UNITS = {"days": _DAY_MS, "hours": _HOUR_MS, "seconds": 1000}
_ADMIN_TIMEOUT_MS = 20_000
_SAFE_REPLICATION = 3


class PartitionMismatch(Exception):  # noqa: N818 - the message says the rest
    """A topic of the broker has another number of partitions than deploy/topics.yaml declares, or is not there."""


class TopicCreationFailed(Exception):  # noqa: N818 - the message says the rest
    """The broker refused to create or delete a topic."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A consumer group of a topic, and whether it has dead letters."""

    group: str
    dead_letters: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """One declared topic, by its logical name; `{partner}` in the name makes it one for each partner.

    `outside` names in words who reads it beside the consumer groups: partners, whom we cannot move to another contract.
    """

    name: str
    key: str
    partitions: int
    policy: Literal["compact", "delete"]
    retention_ms: int | None
    writer: str
    readers: tuple[Reader, ...]
    outside: tuple[str, ...] = ()

    @property
    def is_partner(self) -> bool:
        return PARTNER in self.name


@dataclass(frozen=True, slots=True)
class Topics:
    """The whole declaration."""

    topics: tuple[Topic, ...]
    max_compaction_lag_ms: int
    segment_ms: int
    delete_retention_ms: int
    dead_letter_partitions: int
    dead_letter_retention_ms: int

    def named(self, name: str) -> Topic:
        """Look up a topic by its logical name, with `{partner}` where it has one."""
        return next(topic for topic in self.topics if topic.name == name)

    def config(self, topic: Topic) -> dict[str, str]:
        """Give the broker's settings of a topic."""
        if topic.policy == "compact":
            return {
                "cleanup.policy": "compact",
                "max.compaction.lag.ms": str(self.max_compaction_lag_ms),
                "segment.ms": str(self.segment_ms),
                "delete.retention.ms": str(self.delete_retention_ms),
            }
        return _deleted_after(topic.retention_ms)


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Logical names to names on the broker: one prefix before every topic and every group."""

    prefix: str = ""

    def topic(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def group(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def logical(self, topic: str) -> str:
        """Take the prefix off a name as it is on the broker."""
        return topic.removeprefix(self.prefix)

    def dead_letters(self, topic: str, group: str) -> str:
        """Name the dead letters of a group's reading of a topic; those of partner topics share one topic per group.

        Args:
            topic: logical name; a partner topic as it is declared, `submissions-{partner}`.
            group: logical name.
        """
        return f"{self.prefix}{topic.replace('-' + PARTNER, '')}-{group}-dlq"


def load_topics(path: Path) -> Topics:
    """Read deploy/topics.yaml."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    compact, dead = document["defaults"]["compact"], document["defaults"]["dead_letters"]
    return Topics(
        topics=tuple(_topic(entry) for entry in document["topics"]),
        max_compaction_lag_ms=_ms(compact, "max_compaction_lag"),
        segment_ms=_ms(compact, "segment"),
        delete_retention_ms=_ms(compact, "delete_retention"),
        dead_letter_partitions=dead["partitions"],
        dead_letter_retention_ms=_ms(dead, "retention"),
    )


def topics_to_create(
    topics: Topics,
    names: TopicNames,
    *,
    replication: int = 1,
    partitions: Mapping[str, int] | int | None = None,
) -> list[NewTopic]:
    """List what has to exist before a service starts: the declared topics that are not of a partner, and all dead letters."""
    wanted: list[NewTopic] = []
    for topic in topics.topics:
        if not topic.is_partner:
            count = partition_count(topic, partitions)
            wanted.append(_new_topic(names.topic(topic.name), count, topics.config(topic), replication))
        wanted.extend(
            _new_topic(
                names.dead_letters(topic.name, reader.group),
                topics.dead_letter_partitions,
                _deleted_after(topics.dead_letter_retention_ms),
                replication,
            )
            for reader in topic.readers
            if reader.dead_letters
        )
    return wanted


def partition_count(topic: Topic, partitions: Mapping[str, int] | int | None) -> int:
    """Give the number that is declared, or a test's own: one for all, or by logical name."""
    if partitions is None:
        return topic.partitions
    if isinstance(partitions, int):
        return min(partitions, topic.partitions)
    return partitions.get(topic.name, topic.partitions)


async def create_topics(
    bootstrap: str,
    topics: Topics,
    names: TopicNames,
    *,
    replication: int | None = None,
    partitions: Mapping[str, int] | int | None = None,
) -> None:
    """Create every declared topic that is not there yet; those that are stay as they are.

    Args:
        bootstrap: the brokers.
        topics: the declaration.
        names: the prefix.
        replication: copies of each partition; from 3 on two have to be in sync for a write. None: as the brokers allow.
        partitions: other counts than declared, for tests: one for all (never more than declared), or by logical name.
    """
    copies = await copies_of_each_partition(bootstrap) if replication is None else replication
    await _create(bootstrap, topics_to_create(topics, names, replication=copies, partitions=partitions))


async def create_partner_topics(bootstrap: str, names: TopicNames, partner: str, *, topics: Topics) -> None:
    """Create a partner's own topics, with as many copies as ours; those that are there stay as they are."""
    copies = await copies_of_each_partition(bootstrap)
    await _create(
        bootstrap,
        [
            _new_topic(names.topic(topic.name.replace(PARTNER, partner)), topic.partitions, topics.config(topic), copies)
            for topic in topics.topics
            if topic.is_partner
        ],
    )


async def copies_of_each_partition(bootstrap: str) -> int:
    """Give 3 wherever there are three brokers, so that one of them may be lost, and else 1."""
    async with _admin(bootstrap) as admin:
        brokers = (await admin.describe_cluster())["brokers"]
    return _SAFE_REPLICATION if len(brokers) >= _SAFE_REPLICATION else 1


async def delete_partner_topics(bootstrap: str, names: TopicNames, partner: str, *, topics: Topics) -> None:
    """Delete a partner's topics with all that is in them; what is gone already is no error."""
    await delete_topics(
        bootstrap, [names.topic(topic.name.replace(PARTNER, partner)) for topic in topics.topics if topic.is_partner]
    )


async def delete_topics(bootstrap: str, names: Sequence[str]) -> None:
    """Delete topics by their names on the broker; what is gone already is no error."""
    async with _admin(bootstrap) as admin:
        response = await admin.delete_topics(list(names), timeout_ms=_ADMIN_TIMEOUT_MS)
    for name, code in response.topic_error_codes:
        error = for_code(code)
        if code and error is not UnknownTopicOrPartitionError:
            raise TopicCreationFailed(f"The broker refused to delete the topic {name}: {error.__name__}.")


async def check_partition_counts(
    bootstrap: str,
    topics: Topics,
    names: TopicNames,
    *,
    only: Collection[str] | None = None,
    partitions: Mapping[str, int] | int | None = None,
) -> None:
    """Compare the broker with the declaration, for a service to refuse to start.

    Args:
        bootstrap: the brokers.
        topics: the declaration.
        names: the prefix.
        only: logical names to look at; all of them by default.
        partitions: other counts than declared, as they were given to `create_topics`.

    Raises:
        PartitionMismatch: naming each topic, what was found, what is declared, and the remedy.
    """
    declared = {
        names.topic(topic.name): partition_count(topic, partitions)
        for topic in topics.topics
        if not topic.is_partner and (only is None or topic.name in only)
    }
    found = await _found_counts(bootstrap, list(declared))
    wrong = [
        f"{name} has {found[name]} partitions, declared are {count}" if found.get(name) else f"{name} does not exist"
        for name, count in declared.items()
        if found.get(name) != count
    ]
    if wrong:
        raise PartitionMismatch(
            f"The topics of the broker at {bootstrap} are not those of deploy/topics.yaml: {'; '.join(wrong)}. "
            "A partition count is fixed when a topic is created. Remedy: point the service at the right broker and prefix, "
            "create missing topics with `ledigplads up`, or declare a new topic that its writer refills."
        )


async def list_topics(bootstrap: str) -> list[str]:
    """List the names on the broker."""
    async with _admin(bootstrap) as admin:
        return sorted(await admin.list_topics())


async def _found_counts(bootstrap: str, wanted: list[str]) -> dict[str, int]:
    async with _admin(bootstrap) as admin:
        described = await admin.describe_topics(wanted)
    return {entry["topic"]: len(entry["partitions"]) for entry in described if not entry["error_code"]}


async def _create(bootstrap: str, wanted: Sequence[NewTopic]) -> None:
    async with _admin(bootstrap) as admin:
        response = await admin.create_topics(list(wanted), timeout_ms=_ADMIN_TIMEOUT_MS)
    for name, code, message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicCreationFailed(f"The broker refused to create the topic {name}: {message or error.__name__}.")


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_options(bootstrap), request_timeout_ms=_ADMIN_TIMEOUT_MS)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def _new_topic(name: str, partitions: int, config: dict[str, str], replication: int) -> NewTopic:
    if replication >= _SAFE_REPLICATION:
        config = {**config, "min.insync.replicas": "2"}
    return NewTopic(name, num_partitions=partitions, replication_factor=replication, topic_configs=config)


def _deleted_after(retention_ms: int | None) -> dict[str, str]:
    kept = {} if retention_ms is None else {"retention.ms": str(retention_ms)}
    return {"cleanup.policy": "delete", **kept}


def _ms(declared: Mapping[str, Any], name: str) -> int:
    """Read a length of time that is declared in one of three units: `segment_hours`, `segment_days` or `segment_seconds`."""
    return next(int(declared[f"{name}_{unit}"]) * ms for unit, ms in _UNITS.items() if f"{name}_{unit}" in declared)


def _topic(entry: dict[str, object]) -> Topic:
    policy, retention_days, partitions, readers = (
        entry["policy"],
        entry.get("retention_days"),
        entry["partitions"],
        entry["readers"],
    )
    outside = entry.get("outside")
    if policy not in {"compact", "delete"} or not isinstance(partitions, int) or not isinstance(readers, list):
        raise ValueError(f"The topic {entry['name']} is not declared as it should be.")
    return Topic(
        name=str(entry["name"]),
        key=str(entry["key"]),
        partitions=partitions,
        policy="compact" if policy == "compact" else "delete",
        retention_ms=retention_days * _DAY_MS if isinstance(retention_days, int) else None,
        writer=str(entry["writer"]),
        readers=tuple(Reader(reader["group"], reader["dead_letters"]) for reader in readers),
        outside=tuple(str(name) for name in outside) if isinstance(outside, list) else (),
    )
