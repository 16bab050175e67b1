"""The records that matching writes: matches, their tombstones, and claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from services.matching.domain.need_book import OpenNeed
from shared.contracts.match import CLAIM_KEY, ERASED_TYPE, Claim
from shared.messaging.envelope import state_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.matching.domain.causes import Cause, CauseKind
    from services.matching.domain.need_book import Position
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.messaging.envelope import Envelope, Header

SOURCE: Final = "matching"
# What follows the canonical form in a record: the fields that do not make an answer another answer stand last.
_NOT_CANONICAL: Final = b',"day":'


def open_need(need: NeedProfile) -> OpenNeed:
    """Keep of a need what its record carries beside the places, in the order of the contract."""
    whom = {"handlekommune": need.handlekommune, "team": need.team, "caseworker": need.caseworker, "urgency": need.urgency}
    return OpenNeed(
        need.version,
        orjson.dumps(whom)[1:-1],
        0 if need.waiting_since is None else need.waiting_since.toordinal(),
        b"null" if need.deadline is None else orjson.dumps({"date": need.deadline.date, "source": need.deadline.source}),
    )


def handlekommune_of(need: OpenNeed) -> str:
    return str(orjson.loads(b"{%s}" % need.whom)["handlekommune"])


@lru_cache(maxsize=16_384)
def _day(ordinal: int) -> bytes:
    return orjson.dumps(date.fromordinal(ordinal)) if ordinal else b"null"


def canonical_form(need_id: str, need: OpenNeed, places: bytes, policy_hash: str) -> bytes:
    """Write the body of a record without what is not canonical.

    Args:
        need_id: of the need.
        need: what its record carries beside the places.
        places: ranked, as `PlaceTexts` writes them.
        policy_hash: of the policy that the places were scored under.
    """
    head = orjson.dumps({"need_id": need_id, "need_version": need.version})
    since = _day(need.waiting_since)
    return b'%s,"places":%s,%s,"waiting_since":%s,"deadline":%s,"policy":"%s"}' % (
        head[:-1], places, need.whom, since, need.deadline, policy_hash.encode(),
    )  # fmt: skip


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


def digest(canonical: bytes) -> int:
    """Give what tells this content from any other, within this process: Python's own keyed hash of 64 bits, and never GONE.

    Digests are compared where they are made, so that no two builds need agree on them. Two contents of one need that met in the same
    digest would leave a change unsaid: of 10^12 changes, one in 18 million such years.
    """
    return hash(canonical) or 1


def digest_of_body(body: bytes) -> int:
    """Give the digest of a record's canonical form, without parsing it.

    A record of another build, whose fields stand otherwise, gets another digest and is written again once.
    """
    end = body.rfind(_NOT_CANONICAL)
    return digest(body if end < 0 else body[:end] + b"}")


def match_headers(need_id: str, position: Position, cause: Cause, *, is_erased: bool = False) -> list[Header]:
    """Write the headers of a match; the tombstone of a need that was erased, and not only closed, is of a type of its own."""
    envelope = _envelope("match", need_id, position, cause)
    return (replace(envelope, type=ERASED_TYPE) if is_erased else envelope).to_headers()


def is_under_epoch(key: bytes | None, headers: Iterable[tuple[str, bytes | None]], epoch: int) -> bool:
    """Say whether a match (not a claim) was written under an epoch, by its id alone: `<need id>/<epoch>/<version>`."""
    for name, value in headers:
        if name == "ce_id" and value is not None:
            need_id, _, position = value.partition(b"/")
            return position.startswith(b"%d/" % epoch) and need_id == key != CLAIM_KEY.encode()
    return False


def claim_record(worker: str, partition: int, epoch: int, cause: Cause) -> tuple[bytes, list[Header]]:
    """Write a claim: its epoch is in the envelope."""
    body = Claim(worker=worker, partition=partition).model_dump_json().encode()
    return body, _envelope("match-claim", CLAIM_KEY, (epoch, 0), cause).to_headers()


def _envelope(entity: str, subject: str, position: Position, cause: Cause) -> Envelope:
    return state_envelope(
        entity=entity,
        subject=subject,
        position=position,
        time=cause.time,
        source=SOURCE,
        correlationid=cause.correlation_id,
        traceparent=cause.traceparent,
    )
