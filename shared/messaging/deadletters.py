"""Dead letters: where a record stands that a group could not take, and why; never its body, never an exception's text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

from shared.messaging.envelope import Envelope
from shared.messaging.records import Coordinates, RawRecord, UnreadableReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.messaging.producing import Producer
    from shared.messaging.topics import TopicNames

DeadLetterReason = UnreadableReason | Literal["undecodable-record", "refused-by-handler", "handler-failed"]

_REASONS: frozenset[str] = frozenset(
    [*get_args(UnreadableReason), "undecodable-record", "refused-by-handler", "handler-failed"],
)
DEAD_LETTER_TYPE: Final = "dk.ledigplads.dead-letter.v1"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record of a dead-letter topic."""

    at: Coordinates
    """Of the record that could not be taken."""
    group: str
    reason: DeadLetterReason
    error_type: str
    key: bytes | None
    correlation_id: str | None = None


class DeadLetters:
    """Writes dead letters; a failing write is the caller's to repeat before it commits."""

    def __init__(
        self, producer: Producer, names: TopicNames, *, service: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._producer = producer
        self._names = names
        self._service = service
        self._clock = clock

    async def write(self, topic: str, letter: DeadLetter) -> None:
        """Write one and wait for its acknowledgement.

        Args:
            topic: the declared logical name of the source, `submissions-{partner}` for a partner's.
            letter: what to say.

        Raises:
            KafkaError: it is not there for sure; write it again.
        """
        await self._producer.publish(
            self._names.dead_letters(topic, letter.group),
            key=letter.key,
            value=None if letter.key else b"",
            headers=[*self._envelope(letter).to_headers(), *_to_headers(letter)],
        )

    def _envelope(self, letter: DeadLetter) -> Envelope:
        place = f"{letter.at.topic}/{letter.at.partition}/{letter.at.offset}"
        return Envelope(
            id=f"{place}/{letter.group}",
            source=self._service,
            type=DEAD_LETTER_TYPE,
            subject=place,
            time=self._clock(),
            dataschema="urn:ledigplads:schema:dead-letter:v1",
            partitionkey=place,
            traceparent=None,
            correlationid=letter.correlation_id or f"{place}/{letter.group}",
        )


def read_dead_letter(record: RawRecord) -> DeadLetter | None:
    """Read a record of a dead-letter topic; None if it is not one."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers if value is not None}
    reason, partition, offset = headers.get("dl_reason", ""), headers.get("dl_partition", ""), headers.get("dl_offset", "")
    if reason not in _REASONS or not partition.isdecimal() or not offset.isdecimal():
        return None
    return DeadLetter(
        at=Coordinates(headers.get("dl_topic", ""), int(partition), int(offset)),
        group=headers.get("dl_group", ""),
        reason=reason,  # type: ignore[arg-type] # one of the literals, looked up above
        error_type=headers.get("dl_error", ""),
        key=record.key_bytes,
        correlation_id=headers.get("ce_correlationid"),
    )


def _to_headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    return [
        ("dl_topic", letter.at.topic.encode()),
        ("dl_partition", str(letter.at.partition).encode()),
        ("dl_offset", str(letter.at.offset).encode()),
        ("dl_group", letter.group.encode()),
        ("dl_reason", letter.reason.encode()),
        ("dl_error", letter.error_type.encode()),
    ]
