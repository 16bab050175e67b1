"""The records that matching writes: matches, their tombstones, and claims."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

from services.matching.domain.partition import OpenNeed
from shared.contracts.match import CLAIM_KEY, Claim
from shared.messaging.envelope import state_envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.matching.domain.causes import Cause, CauseKind
    from services.matching.domain.partition import Position
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.messaging.envelope import Header
    from shared.messaging.records import RawRecord

SOURCE: Final = "matching"
_DIGEST_BYTES: Final = 16
# What follows the canonical form in a record: the fields that do not make an answer another answer stand last.
_NOT_CANONICAL: Final = b',"day":'


def open_need(need: NeedProfile) -> OpenNeed:
    """Keep of a need what its record carries beside the places."""
    facts = {
        "handlekommune": need.handlekommune,
        "team": need.team,
        "caseworker": need.caseworker,
        "urgency": need.urgency,
        "waiting_since": need.waiting_since,
        "deadline": need.deadline.model_dump() if need.deadline else None,
    }
    return OpenNeed(need.version, orjson.dumps(facts)[1:-1])


def handlekommune_of(need: OpenNeed) -> str:
    return str(orjson.loads(b"{%s}" % need.facts)["handlekommune"])


def canonical_form(need_id: str, need: OpenNeed, places: bytes, policy_hash: str) -> bytes:
    """Write the body of a record without what is not canonical.

    Args:
        need_id: of the need.
        need: what its record carries beside the places.
        places: ranked, as `PlaceTexts` writes them.
        policy_hash: of the policy that the places were scored under.
    """
    head = orjson.dumps({"need_id": need_id, "need_version": need.version})
    return b'%s,"places":%s,%s,"policy":"%s"}' % (head[:-1], places, need.facts, policy_hash.encode())


def has_no_places(canonical: bytes) -> bool:
    return b'"places":[]' in canonical  # a text that says so has its quotation marks escaped


def whole_body(
    canonical: bytes, terms: Terms, worker: str, cause: CauseKind, own_news: Sequence[str], *, often_in_the_way: str | None
) -> bytes:
    """Add what is not canonical: the day and what was in the way on it, who wrote it, and what led to it."""
    return _with(
        canonical,
        {
            "day": terms.today,
            "worker": worker,
            "cause": cause,
            "own_news": own_news,
            "often_in_the_way": often_in_the_way,
        },
    )


def shown_body(canonical: bytes, terms: Terms, often_in_the_way: str | None) -> bytes:
    """Give an answer as it is shown to who asks now, not written by anybody."""
    return _with(canonical, {"day": terms.today, "often_in_the_way": often_in_the_way})


def _with(canonical: bytes, rest: dict[str, Any]) -> bytes:
    return b"%s,%s" % (canonical[:-1], orjson.dumps(rest)[1:])


def digest(canonical: bytes) -> bytes:
    return hashlib.blake2b(canonical, digest_size=_DIGEST_BYTES).digest()


def digest_of_body(body: bytes) -> bytes:
    """Give the digest of a record's canonical form, without parsing it.

    A record of another build, whose fields stand otherwise, gets another digest and is written again once.
    """
    end = body.rfind(_NOT_CANONICAL)
    return digest(body if end < 0 else body[:end] + b"}")


def match_headers(need_id: str, position: Position, cause: Cause) -> list[Header]:
    return _headers("match", need_id, position, cause)


def is_under_epoch(record: RawRecord, epoch: int) -> bool:
    """Say whether a match (not a claim) was written under an epoch, by its id alone: `<need id>/<epoch>/<version>`."""
    for name, value in record.headers:
        if name == "ce_id" and value is not None:
            need_id, _, position = value.partition(b"/")
            return position.startswith(b"%d/" % epoch) and need_id == record.key_bytes != CLAIM_KEY.encode()
    return False


def claim_record(worker: str, partition: int, epoch: int, cause: Cause) -> tuple[bytes, list[Header]]:
    """Write a claim: its epoch is in the envelope."""
    body = Claim(worker=worker, partition=partition).model_dump_json().encode()
    return body, _headers("match-claim", CLAIM_KEY, (epoch, 0), cause)


def _headers(entity: str, subject: str, position: Position, cause: Cause) -> list[Header]:
    return state_envelope(
        entity=entity,
        subject=subject,
        position=position,
        time=cause.time,
        source=SOURCE,
        correlationid=cause.correlation_id,
        traceparent=cause.traceparent,
    ).to_headers()
