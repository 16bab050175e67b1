"""Reading records as our own writers write them, at a fifth of the cost: a restore reads a million needs and a million answers.

Everything here is stricter than the readings in full (`reading.py`, `Envelope.from_headers`): what is unusual in any way gives None and is
read in full, which alone decides what is readable and says why it is not. So a lean reading never differs from one in full, which is
shown by a test of both on the same records.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple, cast

import msgspec
from msgspec import Meta, Struct

from shared.messaging.envelope import Envelope

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from shared.contracts.need import NeedProfile
    from shared.messaging.versions import Position

# --- headers ---------------------------------------------------------------------------------------------------------

_NAMES: Final = (
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema", "ce_partitionkey",
    "ce_correlationid", "content-type",
)  # fmt: skip
"""As `Envelope.to_headers` writes them, where there is no trace context."""

_MOST_DIGITS: Final = 18


class LeanHead(NamedTuple):
    """What of an envelope is asked of every record."""

    key: str
    position: Position
    time: datetime
    correlation_id: str


def lean_head(record: ConsumerRecord[Any, Any]) -> LeanHead | None:
    """Read the headers of a record of a state topic."""
    key, headers = record.key, record.headers
    if not key or len(headers) != len(_NAMES):
        return None
    names, values = zip(*headers, strict=True)
    if names != _NAMES or None in values or not b"".join(values).isascii():
        return None
    spec, event_id, source, type_, subject, time, _, partition_key, correlation_id, _ = values
    position = _position_in(event_id, key)
    if position is None or not (spec == b"1.0" and key == subject == partition_key and source and type_ and time.endswith(b"Z")):
        return None
    try:
        moment = datetime.fromisoformat(time.decode())
    except ValueError:
        return None
    return LeanHead(key.decode(), position, moment, (correlation_id or event_id).decode())


def _position_in(event_id: bytes, key: bytes) -> Position | None:
    """Read (epoch, version) in `<key>/<epoch>/<version>`."""
    before, _, version = event_id.rpartition(b"/")
    before, _, epoch = before.rpartition(b"/")
    are_numbers = epoch.isdigit() and version.isdigit() and max(len(epoch), len(version)) <= _MOST_DIGITS
    return (int(epoch), int(version)) if before == key and are_numbers else None


# --- needs -----------------------------------------------------------------------------------------------------------

_Id = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z][0-9A-Za-z._-]{2,63}\Z")]
_Month = Annotated[str, Meta(pattern=r"\A[0-9]{4}-(0[1-9]|1[0-2])\Z")]
_Price = Annotated[int, Meta(ge=0, le=2_000_000)]
_Level = Annotated[int, Meta(ge=0, le=4)]
_Codes = tuple[str, ...]


class _Part(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A field that a later writer adds makes a record unusual, and nothing is ever skipped unread."""


class _WantedSection(_Part, frozen=True):
    section: str
    basis: Literal["expected", "decided"] = "expected"


class _ReferencePoint(_Part, frozen=True):
    easting_m: Annotated[int, Meta(ge=0, le=1_500_000)]
    northing_m: Annotated[int, Meta(ge=5_800_000, le=6_600_000)]
    kind: Literal["home", "relatives", "school", "other"] = "home"


class _HalfDay(_Part, frozen=True):
    weekday: Annotated[int, Meta(ge=1, le=7)]
    half: Literal["morning", "afternoon"]


class _Deadline(_Part, frozen=True):
    date: date
    source: Annotated[str, Meta(max_length=100)]


class LeanNeed(_Part, frozen=True, kw_only=True):
    """A need profile in all that is looked at, by the same names (`shared.contracts.need`); one that rules places out is unusual."""

    need_id: _Id
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    status: Literal["open", "closed"]
    handlekommune: str
    betalingskommune: str | None = None
    team: Annotated[str, Meta(max_length=60)] | None = None
    caseworker: _Id | None = None
    case: _Id | None = None
    sections: Annotated[tuple[_WantedSection, ...], Meta(min_length=1, max_length=8)]
    primary_target_group: str
    further_target_groups: _Codes = ()
    birth_year: Annotated[int, Meta(ge=1900, le=2100)]
    turns_18: _Month | None = None
    turns_36: _Month | None = None
    reaches_pension_age: _Month | None = None
    levels: dict[str, _Level] = {}
    services: _Codes = ()
    activities: _Codes = ()
    work_tasks: _Codes = ()
    half_days: Annotated[tuple[_HalfDay, ...], Meta(max_length=14)] = ()
    half_days_a_week: Annotated[int, Meta(ge=1, le=14)] | None = None
    transport: str | None = None
    partner_comes_along: bool | None = None
    children_come_along: Annotated[int, Meta(ge=0, le=12)] | None = None
    pets_come_along: bool | None = None
    access_needs: _Codes = ()
    equipment_needs: _Codes = ()
    languages: _Codes = ()
    gender: Literal["woman", "man"] | None = None
    points_of_reference: Annotated[tuple[_ReferencePoint, ...], Meta(max_length=3)] = ()
    max_distance_km: Annotated[int, Meta(ge=1, le=500)] | None = None
    start_from: date | None = None
    start_by: date | None = None
    urgency: Literal["normal", "soon", "acute"] = "normal"
    waiting_since: date | None = None
    deadline: _Deadline | None = None
    price_ceiling_dkk_per_month: _Price | None = None
    reference_price_dkk_per_month: _Price | None = None
    closed_reason: Annotated[str, Meta(max_length=60)] | None = None
    ruled_out: Annotated[tuple[str, ...], Meta(max_length=0)] = ()

    @property
    def sets_of_codes(self) -> tuple[_Codes, ...]:
        return (
            self.further_target_groups, self.services, self.activities, self.work_tasks, self.access_needs,
            self.equipment_needs, self.languages,
        )  # fmt: skip


_NEED: Final = msgspec.json.Decoder(LeanNeed)


class LeanEvent:
    """A record of `need-profiles`, as `shared.messaging.records.Event` has it. Its envelope is read when somebody asks."""

    __slots__ = ("_headers", "data", "position", "subject", "time")

    def __init__(self, head: LeanHead, data: NeedProfile | None, headers: tuple[tuple[str, bytes], ...]) -> None:
        self.subject, self.position, self.time, _ = head
        self.data = data
        self._headers = headers

    @property
    def envelope(self) -> Envelope:
        return Envelope.from_headers(self._headers)


def lean_need(record: ConsumerRecord[Any, Any]) -> LeanEvent | None:
    """Read a record of `need-profiles`."""
    head = lean_head(record)
    if head is None:
        return None
    if record.value is None:
        return LeanEvent(head, None, record.headers)
    try:
        need = _NEED.decode(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if need.need_id != head.key or not all(_is_set(codes) for codes in need.sets_of_codes):
        return None
    # It is one in all that the columns and the records look at; the contract's own class would cost four times as much.
    return LeanEvent(head, cast("NeedProfile", need), record.headers)


def _is_set(codes: _Codes) -> bool:
    """Say whether codes are unique and sorted, as the contract makes them."""
    return all(one < another for one, another in pairwise(codes))
