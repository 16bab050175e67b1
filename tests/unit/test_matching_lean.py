"""A lean reading of a record never differs from one in full: it says the same, or leaves it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.codebooks import Codebooks
from services.matching.domain.need_columns import NeedColumns
from services.matching.domain.terms import Terms
from services.matching.lean_reading import LeanNeed, lean_head, lean_need
from services.matching.reading import read_need
from services.matching.records import open_need
from shared.contracts.need import NeedProfile
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.records import Coordinates, Event, RawRecord
from tests.benchmarks.need_bodies import NeedBodies
from tests.support.matching import TODAY, Chance, full_policy

TERMS = Terms(full_policy(), TODAY)
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Record:
    """What of a record of aiokafka is looked at."""

    key: bytes | None
    value: bytes | None
    headers: Headers

    def raw(self) -> RawRecord:
        key = None if self.key is None else self.key.decode(errors="replace")
        return RawRecord(Coordinates("need-profiles", 0, 0), key, self.value, self.headers, 0, self.key)


def record_of(key: str, value: bytes | None, **changes: Any) -> Record:
    envelope = state_envelope(
        entity="need-profile", subject=key, position=(1, 3), time=datetime(2026, 11, 24, 8, tzinfo=UTC), source="intake",
        correlationid="matter",
    )  # fmt: skip
    return Record(key.encode(), value, tuple(replace(envelope, **changes).to_headers()))


def agree(record: Record) -> bool:
    """Compare both readings in all that anybody looks at; say whether the lean one read it."""
    lean: Any = lean_need(record)
    if lean is None:
        return False
    full = read_need(record.raw())
    assert isinstance(full, Event), "a lean reading took what cannot be read"
    assert (lean.subject, lean.position, lean.time, lean.envelope) == (full.subject, full.position, full.time, full.envelope)
    assert (lean.data is None) == (full.data is None)
    if full.data is not None:
        assert lean.data.status == full.data.status
        assert open_need(lean.data) == open_need(full.data)
        assert columns_of(lean.data) == columns_of(full.data)
    return True


def columns_of(need: NeedProfile) -> list[Any]:
    columns = NeedColumns(Codebooks())
    row = columns.put(need, TERMS, live=False)
    beside = [getattr(columns, name)[row] for name in NeedColumns.BESIDE]
    profile = columns.odd_profiles.get(row)
    return [columns.rows[row].tobytes(), *(np.asarray(one).tolist() for one in beside), profile and profile.model_dump_json()]


def test_ordinary_needs_are_read_lean_and_mean_the_same() -> None:
    drawn = list(NeedBodies(7, ["vacancy-1"]).drawn(300))
    assert sum(agree(record_of(need_id, body)) for need_id, body in drawn) > 290, "only those that rule places out are left"


def test_random_needs_mean_the_same_or_are_left() -> None:
    chance = Chance(5, few_codes=False)
    needs = [chance.need(f"need-{number}", vacancy_ids=["vacancy-1"]) for number in range(300)]
    assert sum(agree(record_of(one.need_id, one.model_dump_json().encode())) for one in needs) > 150


BODY = orjson.loads(next(body for _, body in NeedBodies(3, ["vacancy-1"]).drawn(1)))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3_000_000) | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.sampled_from(("2026-11-24", "2026-11-24T00:00:00", "1990-01", "SEL-104", "x" * 70, "5", "need-1\n", 10**20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from((*BODY, "unknown")), ANYTHING, max_size=2), st.sampled_from((None, *BODY)))
def test_whatever_a_field_holds_both_readings_agree(changes: dict[str, Any], left_out: str | None) -> None:
    body = {name: value for name, value in (BODY | changes).items() if name != left_out}
    try:
        value = orjson.dumps(body)
    except TypeError:  # an integer that orjson does not write
        value = str(body).encode()
    agree(record_of(BODY["need_id"], value))


@given(st.binary(max_size=3), st.integers(0, 2_000))
def test_whatever_bytes_stand_in_a_body_both_readings_agree(piece: bytes, at: int) -> None:
    value = orjson.dumps(BODY)
    agree(record_of(BODY["need_id"], value[:at] + piece + value[at + len(piece) :]))


@pytest.mark.parametrize("field", ["services", "languages", "access_needs"])
def test_codes_that_are_no_sorted_set_are_left(field: str) -> None:
    for codes in (["en", "da"], ["da", "da"]):
        assert not agree(record_of(BODY["need_id"], orjson.dumps(BODY | {field: codes})))


def test_every_field_of_the_contract_is_one_of_the_lean_need() -> None:
    assert set(LeanNeed.__struct_fields__) == set(NeedProfile.model_fields)
    whole = NeedProfile.model_validate(BODY | {"ruled_out": ()})
    bare = {name: BODY[name] for name, field in NeedProfile.model_fields.items() if field.is_required()}
    assert agree(record_of(whole.need_id, orjson.dumps(bare))), "both have the same defaults"


VALUES = st.sampled_from((b"", b"1.0", b"\xff", b"need-1", b"need-1/1/3", b"need-1/1/x", b"need-1/1/2/3", b"/1/2", "need-1/1/٣".encode(),
                          b"need-1/1/1234567890123456789", b"2026-11-24T08:00:00Z", b"2026-11-24T08:00:00", b"2026-13-24T08:00:00Z",
                          b"2026-11-24T08:00:00.5Z", b"20261124T080000Z", None))  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 9), VALUES), max_size=2), st.booleans(), st.permutations(range(10)))
def test_whatever_the_headers_hold_both_readings_agree(
    changes: list[tuple[int, bytes | None]], keep: bool, order: list[int]
) -> None:
    usual = record_of("need-1", None)
    headers = list(usual.headers)
    for number, value in changes:
        headers[number] = (headers[number][0], value)
    if not keep:
        headers = [headers[number] for number in order]
    head = lean_head(replace(usual, headers=tuple(headers)))
    if head is not None:
        full = Envelope.from_headers(headers)
        assert (head.key, head.position, head.time, head.correlation_id) == (
            full.partitionkey, full.position, full.time, full.correlationid,
        )  # fmt: skip
    else:
        assert changes or not keep, "the usual headers are read"
