"""Partners come and go: what is declared for them, and the topics that are theirs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from shared.messaging.topics import PARTNER, create_partner_topics, delete_partner_topics

if TYPE_CHECKING:
    from services.intake.domain.partners import Partner
    from services.intake.store import Store
    from shared.messaging.topics import TopicNames, Topics

log = structlog.get_logger(__name__)


class Partners:
    """Declares and forgets partners."""

    def __init__(self, store: Store, bootstrap: str, names: TopicNames, topics: Topics) -> None:
        self._store = store
        self._bootstrap = bootstrap
        self._names = names
        self._topics = topics

    async def declare(self, partner: Partner) -> bool:
        """Store what is the partner's own, then make its topics, so that nothing comes in from nobody; says whether it is new."""
        created = await self._store.put_partner(partner)
        await create_partner_topics(self._bootstrap, self._names, partner.name, topics=self._topics)
        log.info("partner_declared", partner=partner.name, kinds=sorted(partner.kinds), offers=len(partner.offers))
        return created

    async def remove(self, name: str) -> bool:
        """Forget a partner and delete its topics; says whether there was one."""
        was_there = await self._store.remove_partner(name)
        if was_there:
            await delete_partner_topics(self._bootstrap, self._names, name, topics=self._topics)
            log.info("partner_removed", partner=name)
        return was_there

    async def all(self) -> list[Partner]:
        """List everybody who may submit."""
        return await self._store.partners()

    def topics_of(self, name: str) -> list[str]:
        """Name a partner's topics as they are on the broker."""
        return [self._names.topic(topic.name.replace(PARTNER, name)) for topic in self._topics.topics if topic.is_partner]
