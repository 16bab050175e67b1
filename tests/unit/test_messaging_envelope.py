"""The envelope: what is written is what is read, and nothing that is read can break the reader."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, field_validator

from shared.messaging.envelope import Envelope, MalformedEnvelope, state_envelope
from shared.messaging.records import Coordinates, Event, RawRecord, Unreadable, read_event
from shared.messaging.versions import is_newer

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=30)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=11, minutes=30))]))
envelopes = st.builds(
    Envelope,
    id=words,
    source=words,
    type=words,
    subject=words,
    time=moments.filter(lambda moment: 2 < moment.year < 9998).map(lambda moment: moment.astimezone(UTC)),
    dataschema=words,
    partitionkey=words,
    traceparent=st.none() | words,
    correlationid=words,
)
any_bytes = st.none() | st.binary(max_size=30)
header_names = st.sampled_from(
    ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_partitionkey", "ce_traceparent", "other"]
) | st.text(max_size=10)


class Place(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    places: int

    @field_validator("name")
    @classmethod
    def not_the_poison(cls, name: str) -> str:
        if name == "poison":
            raise RuntimeError("a validator that is broken itself")
        return name


def envelope(**changed: Any) -> Envelope:
    made = state_envelope(
        entity="vacancy",
        subject="v-1",
        position=(2, 7),
        time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        source="intake",
        correlationid="c-1",
    )
    return Envelope(**{**{name: getattr(made, name) for name in Envelope.__slots__}, **changed})


def record(
    value: bytes | None, *, key: bytes | None = b"v-1", headers: list[tuple[str, bytes | None]] | None = None
) -> RawRecord:
    try:
        text = key.decode() if key is not None else None
    except UnicodeDecodeError:
        text = None
    return RawRecord(
        at=Coordinates("vacancies", 0, 5),
        key=text,
        value=value,
        headers=tuple(envelope().to_headers() if headers is None else headers),
        timestamp_ms=0,
        key_bytes=key,
    )


@given(envelopes)
def test_an_envelope_reads_back_as_it_was_written(made: Envelope) -> None:
    assert Envelope.from_headers(made.to_headers()) == made


@given(st.lists(st.tuples(header_names, any_bytes)), any_bytes, any_bytes, st.booleans())
def test_whatever_the_bytes_reading_gives_an_event_or_says_that_it_cannot(
    headers: list[tuple[str, bytes | None]], key: bytes | None, value: bytes | None, state: bool
) -> None:
    assert isinstance(read_event(record(value, key=key, headers=headers), Place, state=state), Event | Unreadable)


@given(st.lists(st.tuples(st.sampled_from([name for name, _ in envelope().to_headers()]), any_bytes)), any_bytes)
def test_a_good_envelope_with_some_headers_overwritten_never_breaks_the_reader(
    damage: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    headers = {**dict(envelope().to_headers()), **dict(damage)}
    assert isinstance(read_event(record(value, headers=list(headers.items())), Place), Event | Unreadable)


def test_an_event_has_its_position_and_its_body() -> None:
    event = read_event(record('{"name": "Væksthuset", "places": 2}'.encode()), TypeAdapter(Place))
    assert isinstance(event, Event)
    assert (event.subject, event.epoch, event.version, event.position) == ("v-1", 2, 7, (2, 7))
    assert event.data == Place(name="Væksthuset", places=2)
    assert event.correlation_id == "c-1"
    assert event.envelope.type == "dk.ledigplads.vacancy.published.v1"


def test_a_tombstone_is_an_event_without_a_body_and_an_empty_body_is_no_tombstone() -> None:
    tombstone, empty = read_event(record(None), Place), read_event(record(b""), Place)
    assert isinstance(tombstone, Event)
    assert tombstone.data is None
    assert isinstance(empty, Unreadable)
    assert empty.reason == "value-not-json"


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (record(b"{}", key=None), "no-key"),
        (record(b"{}", key=b"\xff"), "no-key"),
        (record(b"{}", key=b"v-2"), "key-differs-from-envelope"),
        (record(b"{}", headers=[]), "malformed-envelope"),
        (record(b"{}", headers=[*envelope(id="v-1/2").to_headers()]), "malformed-envelope"),
        (record(b"{}", headers=[*envelope(id="v-9/2/3").to_headers()]), "malformed-envelope"),
        (record(b"{}", headers=[*envelope(id="v-1/2/²").to_headers()]), "malformed-envelope"),
        (record(b"\xff\xfe"), "value-not-json"),
        (record(b'{"name": "A", "places": "many"}'), "contract-violated"),
        (record(b'{"name": "poison", "places": 1}'), "contract-violated"),
    ],
)
def test_what_cannot_be_read_says_why(spoilt: RawRecord, reason: str) -> None:
    unreadable = read_event(spoilt, Place)
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.reason, unreadable.at) == (reason, spoilt.at)


def test_a_partners_envelope_may_leave_out_what_the_record_itself_says() -> None:
    headers: list[tuple[str, bytes | None]] = [
        ("ce_specversion", b"1.0"), ("ce_id", b"17"), ("ce_source", b"journal"), ("ce_type", b"t"), ("ce_subject", None)
    ]  # fmt: skip
    received = datetime(2026, 1, 1, tzinfo=UTC)
    read = Envelope.from_headers(headers, key="our-ref", received=received)
    assert (read.subject, read.partitionkey, read.time, read.correlationid) == ("our-ref", "our-ref", received, "17")
    with pytest.raises(MalformedEnvelope, match="ce_subject is missing"):
        Envelope.from_headers(headers)


@pytest.mark.parametrize("text", [b"", b"yesterday", b"2026-01-01T00:00:00", b"0001-01-01T00:00:00+14:00", b"\xff"])
def test_a_time_that_is_none_is_a_malformed_envelope(text: bytes) -> None:
    headers = [(name, text if name == "ce_time" else value) for name, value in envelope().to_headers()]
    with pytest.raises(MalformedEnvelope, match="ce_time"):
        Envelope.from_headers(headers)


def test_a_record_is_newer_by_epoch_first_and_version_second() -> None:
    assert is_newer(None, (0, 0))
    assert is_newer((1, 9), (2, 0))
    assert is_newer((1, 9), (1, 10))
    assert not is_newer((1, 9), (1, 9))
    assert not is_newer((2, 0), (1, 99))
