"""Records of the log as handlers see them, and the reading that answers with a value whatever the bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from shared.messaging.envelope import Envelope, MalformedEnvelope

if TYPE_CHECKING:
    from datetime import datetime

    from aiokafka import ConsumerRecord

    from shared.messaging.versions import Position

T = TypeVar("T")

UnreadableReason = Literal["no-key", "malformed-envelope", "key-differs-from-envelope", "value-not-json", "contract-violated"]


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Where a record stands: the topic as the broker names it, with the prefix."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it came. `value` None is a tombstone, b"" is not."""

    at: Coordinates
    key: str | None
    """None if there is none, or if it is not UTF-8: `key_bytes` tells."""
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int
    key_bytes: bytes | None = None


@dataclass(frozen=True, slots=True)
class Event(Generic[T]):
    """A record whose envelope and body could be read. `data` None is a tombstone."""

    envelope: Envelope
    data: T | None
    at: Coordinates

    @property
    def subject(self) -> str:
        return self.envelope.subject

    @property
    def position(self) -> Position:
        return self.envelope.position

    @property
    def epoch(self) -> int:
        return self.envelope.epoch

    @property
    def version(self) -> int:
        return self.envelope.version

    @property
    def time(self) -> datetime:
        return self.envelope.time

    @property
    def correlation_id(self) -> str:
        return self.envelope.correlationid


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that this build cannot read, and why; nothing of its content but the key."""

    at: Coordinates
    key: str | None
    reason: UnreadableReason
    error_type: str
    key_bytes: bytes | None = None


def read_event(record: RawRecord, contract: type[T] | TypeAdapter[T], *, state: bool = True) -> Event[T] | Unreadable:
    """Read a record; never raises, whatever it holds.

    Args:
        record: as it came.
        contract: the model of the body.
        state: the topic is a state topic: the record must have a key, equal to its partitionkey, and its id a position.
    """
    if state and not record.key:
        return _unreadable(record, "no-key", "MissingKey" if record.key_bytes is None else "UnicodeDecodeError")
    try:
        envelope = Envelope.from_headers(record.headers)
        if state:
            _ = envelope.position
    except MalformedEnvelope as error:
        return _unreadable(record, "malformed-envelope", type(error).__name__)
    if state and envelope.partitionkey != record.key:
        # It would displace another entity's state in the compacted topic.
        return _unreadable(record, "key-differs-from-envelope", "KeyMismatch")
    if record.value is None:
        return Event(envelope, None, record.at)
    return _with_body(record, record.value, envelope, _adapter(contract))


def raw_record(record: ConsumerRecord[Any, Any]) -> RawRecord:
    """Take over a record of aiokafka; never raises."""
    key_bytes: bytes | None = record.key
    return RawRecord(
        at=Coordinates(record.topic, record.partition, record.offset),
        key=_text(key_bytes),
        value=record.value,
        headers=tuple(record.headers or ()),
        timestamp_ms=record.timestamp,
        key_bytes=key_bytes,
    )


def _with_body(record: RawRecord, value: bytes, envelope: Envelope, adapter: TypeAdapter[T]) -> Event[T] | Unreadable:
    try:
        return Event(envelope, adapter.validate_json(value), record.at)
    except ValidationError as error:
        reason: UnreadableReason = "contract-violated" if _is_json(value) else "value-not-json"
        return _unreadable(record, reason, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - a validator of a contract may raise anything; the record is unreadable, not we broken
        return _unreadable(record, "contract-violated", type(error).__name__)


def _unreadable(record: RawRecord, reason: UnreadableReason, error_type: str) -> Unreadable:
    return Unreadable(at=record.at, key=record.key, reason=reason, error_type=error_type, key_bytes=record.key_bytes)


def _is_json(value: bytes) -> bool:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _text(key: bytes | None) -> str | None:
    if key is None:
        return None
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None


def _adapter(contract: type[T] | TypeAdapter[T]) -> TypeAdapter[T]:
    if isinstance(contract, TypeAdapter):
        return contract
    adapter = _ADAPTERS.get(contract)
    if adapter is None:
        adapter = _ADAPTERS[contract] = TypeAdapter(contract)
    return adapter


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
"""Building one costs milliseconds, so each contract's is kept."""
