"""The declared topics with few partitions: a test's own are made and deleted in a tenth of a second."""

from pathlib import Path
from typing import Any

import yaml

from shared.messaging.topics import TopicNames, Topics, create_topics, delete_topics, list_topics, topics_to_create
from tests.support.waiting import eventually

MOST_PARTITIONS = 2


def declare_few_partitions(declared: Path, written: Path, most: int = MOST_PARTITIONS) -> None:
    """Write the declaration again with few partitions a topic; services check themselves against it."""
    document: dict[str, Any] = yaml.safe_load(declared.read_text(encoding="utf-8"))
    for topic in document["topics"]:
        topic["partitions"] = min(topic["partitions"], most)
    written.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def declare_forgetful(declared: Path, written: Path) -> None:
    """Write the declaration again with few partitions, and the lengths of its profile `test`: seconds instead of days."""
    declare_few_partitions(declared, written)
    document: dict[str, Any] = yaml.safe_load(written.read_text(encoding="utf-8"))
    document["defaults"] |= document["profiles"]["test"]
    written.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


async def create_all(bootstrap_servers: str, declared: Topics, names: TopicNames) -> None:
    """Create the declared topics and wait for the broker to know what its controller has just decided."""
    await create_topics(bootstrap_servers, declared, names)
    wanted = {topic.name for topic in topics_to_create(declared, names)}

    async def all_are_known() -> bool:
        return wanted <= set(await list_topics(bootstrap_servers))

    await eventually(all_are_known)


async def delete_all_under(bootstrap_servers: str, names: TopicNames) -> None:
    """Delete every topic that begins with the test's prefix, those of partners too."""
    await delete_topics(
        bootstrap_servers, [topic for topic in await list_topics(bootstrap_servers) if topic.startswith(names.prefix)]
    )
