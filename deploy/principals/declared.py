"""Reading deploy/access.yaml, and holding it against deploy/topics.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.messaging.topics import Topics

ACCESS_FILE: Final = Path(__file__).parents[1] / "access.yaml"
SERVICES: Final = ("intake", "matching", "notifications")

_EVERY_SERVICE: Final = "every service"
_PARTNER: Final = "partner"

Name = Annotated[str, Field(min_length=1)]


class Rights(BaseModel):
    """What one principal may do; names are logical ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writes: tuple[Name, ...] = ()
    reads: tuple[Name, ...] = ()
    groups: tuple[Name, ...] = ()
    watches: tuple[Name, ...] = ()
    makes: tuple[Name, ...] = ()
    reads_dead_letters: bool = False
    describes: Literal["all"] | None = None


class Access(BaseModel):
    """The whole declaration.

    Attributes:
        superuser: whom the brokers let do everything: the launcher's, and the administrator's of a cluster.
        principals: by name, those that are there once.
        partner: what every partner may do with what is its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    superuser: Name
    principals: dict[Name, Rights]
    partner: Rights


def load_access(path: Path = ACCESS_FILE) -> Access:
    """Read the declaration.

    Raises:
        pydantic.ValidationError: it is not as it should be.
    """
    return Access.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def wrong_in(access: Access, topics: Topics) -> list[str]:
    """Say, a sentence each, where the rights and the topics do not agree."""
    return [*_unknown_topics(access, topics), *_writers(access, topics), *_readers(access, topics), *_groups(access)]


def _everybody(access: Access) -> dict[str, Rights]:
    return {**access.principals, _PARTNER: access.partner}


def _unknown_topics(access: Access, topics: Topics) -> Iterator[str]:
    known = {topic.name for topic in topics.topics}
    for name, rights in _everybody(access).items():
        for topic in sorted({*rights.writes, *rights.reads, *rights.makes} - known):
            yield f"{name} has rights on {topic}, which is no topic of topics.yaml"


def _writers(access: Access, topics: Topics) -> Iterator[str]:
    for topic in topics.topics:
        declared = set(SERVICES) if topic.writer == _EVERY_SERVICE else {topic.writer}
        found = {name for name, rights in _everybody(access).items() if topic.name in rights.writes}
        if found != declared:
            yield f"{topic.name} is written by {sorted(declared)} in topics.yaml, and may be by {sorted(found)}"


def _readers(access: Access, topics: Topics) -> Iterator[str]:
    for topic in topics.topics:
        for reader in topic.readers:
            if not any(reader.group in rights.groups and topic.name in rights.reads for rights in access.principals.values()):
                yield f"{topic.name} is read by the group {reader.group}, and no principal may do both"
        for_partners = bool(topic.outside)
        if for_partners != (topic.name in access.partner.reads):
            yield f"{topic.name} is {'' if for_partners else 'not '}for partners to read in topics.yaml, and not so in access.yaml"


def _groups(access: Access) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, rights in _everybody(access).items():
        for group in rights.groups:
            if group in owners:
                yield f"{owners[group]} and {name} both have the group {group}"
            owners[group] = name
    for name, rights in _everybody(access).items():
        yield from (f"{name} watches {group}, which is nobody's group" for group in rights.watches if group not in owners)
