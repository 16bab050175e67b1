"""CloudEvents 1.0 in Kafka's binary mode: the attributes are headers `ce_…`, the body is the value as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.messaging.versions import Position

SPEC_VERSION = "1.0"
CONTENT_TYPE = b"application/json"

Header = tuple[str, bytes]
"""A header as we write it."""


class MalformedEnvelope(ValueError):  # noqa: N818 - reads as what it is at every raise and except
    """The headers are not a CloudEvents 1.0 envelope of this system; the message names the attribute, never its value."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known about a record without reading its body; tombstones carry it too."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    dataschema: str
    partitionkey: str
    traceparent: str | None
    correlationid: str

    @property
    def position(self) -> Position:
        """(epoch, version) out of the id `<entity id>/<epoch>/<version>`.

        Raises:
            MalformedEnvelope: the id is not of that form, or is about another entity than `subject`.
        """
        entity, _, rest = self.id.rpartition("/")
        entity, _, epoch = entity.rpartition("/")
        if entity != self.subject or not entity or not _is_number(epoch) or not _is_number(rest):
            raise MalformedEnvelope("ce_id is not <subject>/<epoch>/<version>")
        return int(epoch), int(rest)

    @property
    def epoch(self) -> int:
        return self.position[0]

    @property
    def version(self) -> int:
        return self.position[1]

    def to_headers(self) -> list[Header]:
        """Write the envelope as the headers of a Kafka record."""
        headers = [
            ("ce_specversion", SPEC_VERSION.encode()),
            ("ce_id", self.id.encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.type.encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_time", to_rfc3339(self.time).encode()),
            ("ce_dataschema", self.dataschema.encode()),
            ("ce_partitionkey", self.partitionkey.encode()),
            ("ce_correlationid", self.correlationid.encode()),
            ("content-type", CONTENT_TYPE),
        ]
        if self.traceparent is not None:
            headers.append(("ce_traceparent", self.traceparent.encode()))
        return headers

    @classmethod
    def from_headers(
        cls,
        headers: Iterable[tuple[str, bytes | None]],
        *,
        key: str | None = None,
        received: datetime | None = None,
    ) -> Envelope:
        """Read an envelope out of a record's headers.

        Args:
            headers: as they came; those that are not `ce_…` are ignored, of a repeated one the first counts.
            key: stands in for a missing subject and partitionkey. Give it for records of partners, to whom these are optional.
            received: stands in for a missing time, likewise.

        Raises:
            MalformedEnvelope: an attribute is missing, empty, not UTF-8, or not of its form.
        """
        found = _attributes(headers)
        if found.get("ce_specversion") != SPEC_VERSION:
            raise MalformedEnvelope("ce_specversion is not 1.0")
        event_id = _required(found, "ce_id")
        return cls(
            id=event_id,
            source=_required(found, "ce_source"),
            type=_required(found, "ce_type"),
            subject=_required(found, "ce_subject", key),
            time=_time(found, received),
            dataschema=found.get("ce_dataschema", ""),
            partitionkey=_required(found, "ce_partitionkey", key),
            traceparent=found.get("ce_traceparent") or None,
            correlationid=found.get("ce_correlationid") or event_id,
        )


def state_envelope(
    *,
    entity: str,
    subject: str,
    position: Position,
    time: datetime,
    source: str,
    correlationid: str,
    traceparent: str | None = None,
) -> Envelope:
    """Make the envelope of one version of an entity's state, or of its tombstone.

    Args:
        entity: the kind, as it stands in the type: `vacancy` gives `dk.ledigplads.vacancy.published.v1`.
        subject: the entity's id, which is the record's key.
        position: (epoch, version).
        time: when it happened, with a time zone.
        source: the service that says so.
        correlationid: what joins the log lines from the submission to the alert.
        traceparent: the W3C trace context, if there is one.
    """
    epoch, version = position
    return Envelope(
        id=f"{subject}/{epoch}/{version}",
        source=source,
        type=f"dk.ledigplads.{entity}.published.v1",
        subject=subject,
        time=time.astimezone(UTC),
        dataschema=f"urn:ledigplads:schema:{entity}:v1",
        partitionkey=subject,
        traceparent=traceparent,
        correlationid=correlationid,
    )


@lru_cache(maxsize=1_024)
def to_rfc3339(moment: datetime) -> str:
    """Write a moment in UTC with a Z, to the microsecond where it has any; one event leads to many records of its time."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if not name.startswith("ce_") or name in found or value is None:
            continue
        try:
            found[name] = value.decode()
        except UnicodeDecodeError as error:
            raise MalformedEnvelope(f"{name[:40]} is not UTF-8") from error
    return found


def _required(found: dict[str, str], name: str, stand_in: str | None = None) -> str:
    value = found.get(name) or stand_in
    if not value:
        raise MalformedEnvelope(f"{name} is missing")
    return value


def _time(found: dict[str, str], received: datetime | None) -> datetime:
    text = found.get("ce_time")
    if not text:
        if received is None:
            raise MalformedEnvelope("ce_time is missing")
        return received.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedEnvelope("ce_time is not a time of RFC 3339") from error
    if moment.tzinfo is None:
        raise MalformedEnvelope("ce_time has no time zone")
    return in_utc


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - what fits a bigint
