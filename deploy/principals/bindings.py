"""From rights to ACLs: which operation on which resource Kafka is to allow a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.messaging.topics import PARTNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.principals.declared import Access, Rights
    from shared.messaging.topics import TopicNames, Topics

Resource = Literal["topic", "group"]
Pattern = Literal["literal", "prefixed"]
Operation = Literal["read", "write", "create", "delete", "describe"]


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """One thing that one user may do. Reading, writing and deleting include describing.

    Attributes:
        name: as on the broker; `*` with the pattern `literal` is every one.
    """

    resource: Resource
    name: str
    pattern: Pattern
    operation: Operation


@dataclass(frozen=True, slots=True)
class Declaration:
    """The rights, the topics that they are about, and the prefix of topics, groups and users: stacks that share a cluster share none."""

    access: Access
    topics: Topics
    names: TopicNames

    def user(self, principal: str) -> str:
        """Name a principal's user on the broker."""
        return f"{self.names.prefix}{principal}"

    def partner_user(self, partner: str) -> str:
        """Name a partner's user on the broker; no partner can be called as a service is."""
        return self.user(f"partner-{partner}")

    def bindings(self) -> dict[str, frozenset[Binding]]:
        """Give what each user may do that is there once."""
        return {self.user(name): frozenset(self._of(rights, None)) for name, rights in self.access.principals.items()}

    def partner_bindings(self, partner: str) -> frozenset[Binding]:
        """Give what one partner's user may do."""
        return frozenset(self._of(self.access.partner, partner))

    def _of(self, rights: Rights, partner: str | None) -> Iterator[Binding]:
        yield from self._on_topics(rights, partner)
        yield from self._on_groups(rights, partner)
        if rights.describes == "all":
            everything: tuple[str, Pattern] = (self.names.prefix, "prefixed") if self.names.prefix else ("*", "literal")
            yield Binding("topic", *everything, "describe")
            yield Binding("group", *everything, "describe")

    def _on_topics(self, rights: Rights, partner: str | None) -> Iterator[Binding]:
        yield from (self._on_topic(name, partner, "write") for name in rights.writes)
        yield from (self._on_topic(name, partner, "read") for name in rights.reads)
        yield from (self._on_topic(name, partner, "create") for name in rights.makes)
        yield from (self._on_topic(name, partner, "delete") for name in rights.makes)
        for topic in self.topics.topics:
            for reader in topic.readers:
                name = self.names.dead_letters(topic.name, reader.group)
                if reader.dead_letters and reader.group in rights.groups:
                    yield Binding("topic", name, "literal", "write")
                if reader.dead_letters and rights.reads_dead_letters:
                    yield Binding("topic", name, "literal", "read")

    def _on_topic(self, name: str, partner: str | None, operation: Operation) -> Binding:
        if partner is None and name.endswith(PARTNER):
            return Binding("topic", self.names.topic(name.removesuffix(PARTNER)), "prefixed", operation)
        return Binding("topic", self.names.topic(name.replace(PARTNER, partner or "")), "literal", operation)

    def _on_groups(self, rights: Rights, partner: str | None) -> Iterator[Binding]:
        yield from (Binding("group", self.names.group(group), "literal", "describe") for group in rights.watches)
        for group in rights.groups:
            own = self.names.group(group.replace(PARTNER, partner or ""))
            yield Binding("group", own, "literal", "read")
            if partner is not None:
                # No partner's name has a dot, so no partner's groups begin as another's do.
                yield Binding("group", f"{own}.", "prefixed", "read")
