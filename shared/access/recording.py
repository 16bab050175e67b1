"""Every look at a citizen's data is on the log, acknowledged, before the answer is sent; where it cannot be told, there is no answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from uuid import uuid4

from shared.contracts.access import ACCESSED_TYPE, AccessEvent
from shared.messaging.envelope import Envelope
from shared.observability import current_correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from shared.contracts.access import What, Why
    from shared.messaging.producing import Producer
    from shared.messaging.topics import TopicNames

TOPIC: Final = "access-events"


@dataclass(frozen=True, slots=True)
class Look:
    """What is about to be shown.

    Attributes:
        municipality: whose citizen it is.
        subject: pseudonym of the citizen or need.
        what: is shown.
    """

    municipality: str
    subject: str
    what: What


class AccessRecorder:
    """Writes looks to the log.

    Args:
        producer: writes.
        names: of topics.
        service: which service answers.
        clock: gives the moment.
    """

    def __init__(
        self,
        producer: Producer,
        names: TopicNames,
        service: Literal["intake", "matching", "notifications"],
        clock: Callable[[], datetime],
    ) -> None:
        self._producer = producer
        self._topic = names.topic(TOPIC)
        self._service = service
        self._clock = clock

    async def record(self, who: str, looks: Iterable[Look], why: Why = "casework") -> None:
        """Tell of looks and wait until all of them are acknowledged.

        Raises:
            KafkaError: one of them may not be on the log; nothing may be shown.
        """
        now = self._clock()
        await asyncio.gather(*(self._write(self._event(who, look, why, now)) for look in looks))

    def _event(self, who: str, look: Look, why: Why, now: datetime) -> AccessEvent:
        return AccessEvent(
            event_id=uuid4().hex,
            at=now,
            municipality=look.municipality,
            subject=look.subject,
            what=look.what,
            why=why,
            who=who,
            service=self._service,
        )

    async def _write(self, event: AccessEvent) -> None:
        envelope = Envelope(
            id=f"{event.subject}/1/{int(event.at.timestamp() * 1_000_000)}",
            source=self._service,
            type=ACCESSED_TYPE,
            subject=event.subject,
            time=event.at,
            dataschema="urn:ledigplads:schema:access:v1",
            partitionkey=event.subject,
            traceparent=None,
            correlationid=current_correlation_id() or event.event_id,
        )
        body = event.model_dump_json().encode()
        await self._producer.publish(self._topic, key=event.subject, value=body, headers=envelope.to_headers())
