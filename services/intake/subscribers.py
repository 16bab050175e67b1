"""Kafka in: the submissions of every partner, and looks at citizens' data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from services.intake.domain.submissions import Submission, repeatable
from shared.contracts.access import AccessEvent
from shared.messaging.envelope import Envelope, MalformedEnvelope
from shared.observability import new_correlation_id

if TYPE_CHECKING:
    from services.intake.access.log import AccessLog
    from services.intake.receipts import Answering
    from shared.messaging.consuming import Consumers
    from shared.messaging.records import Event, RawRecord
    from shared.messaging.topics import TopicNames

GROUP: Final = "intake"
SUBMISSIONS: Final = "submissions-{partner}"
ACCESS_EVENTS: Final = "access-events"
_BEFORE_PARTNER: Final = SUBMISSIONS.partition("{")[0]


def subscribe(consumers: Consumers, names: TopicNames, answering: Answering) -> None:
    """Hear every partner's topic, a new one too."""

    @consumers.raw_subscriber(pattern=SUBMISSIONS, group=GROUP)
    async def on_submissions(records: list[RawRecord]) -> None:
        await answering.submissions([to_submission(record, names) for record in records])


def subscribe_to_looks(consumers: Consumers, access: AccessLog) -> None:
    """Hear of every look at a citizen's data, whichever service answers."""

    @consumers.subscriber(ACCESS_EVENTS, contract=AccessEvent, group=GROUP, state=False)
    async def on_looks(events: list[Event[AccessEvent]]) -> None:
        await access.append([event.data for event in events if event.data is not None])


def to_submission(record: RawRecord, names: TopicNames) -> Submission:
    """Take a record for a submission, whatever it holds; the topic says whose it is."""
    position = f"{record.at.topic}/{record.at.partition}/{record.at.offset}"
    received = datetime.fromtimestamp(max(record.timestamp_ms, 0) / 1000, UTC)
    try:
        envelope = Envelope.from_headers(record.headers, key=record.key or position, received=received)
    except MalformedEnvelope:
        envelope = None
    submission_id = repeatable(_ce_id(record))
    usable = envelope is not None and submission_id is not None
    return Submission(
        partner=names.logical(record.at.topic).removeprefix(_BEFORE_PARTNER),
        position=position,
        submission_id=submission_id,
        type=envelope.type if envelope and usable else None,
        subject=envelope.subject if envelope else None,
        reference=repeatable(record.key),
        body=record.value,
        correlation_id=_correlation_id(envelope) if envelope and usable else new_correlation_id(),
    )


def _correlation_id(envelope: Envelope) -> str:
    given = envelope.correlationid
    return given if repeatable(given) and given.isascii() else new_correlation_id()


def _ce_id(record: RawRecord) -> str | None:
    """Read ce_id by itself: an answer can name it even where the rest of the envelope is broken."""
    value = next((value for name, value in record.headers if name == "ce_id"), None)
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        return None
