"""What the partners' topics tell after a restore: what was answered, who had named what, and from where on to read again."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorForGroupError,
    for_code,
)
from pydantic import ValidationError

from services.intake.store import StoredReceipt
from services.intake.subscribers import GROUP, SUBMISSIONS
from shared.contracts.receipt import Receipt
from shared.contracts.submission import NEED_SUBMITTED, VACANCY_SUBMITTED
from shared.messaging.log import end_offsets, read_from
from shared.messaging.security import client_options
from shared.messaging.topics import PARTNER, list_topics

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.intake.restoring.store import RestoringStore
    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames

_RECEIPTS: Final = "receipts-"
_FIELD_OF_REFERENCE: Final = {VACANCY_SUBMITTED: "reference", NEED_SUBMITTED: "source_reference"}
_RECEIPT_ID: Final = "receipt/"
_DEAD_LETTERS: Final = "-dlq"
_COORDINATOR_NOT_YET: Final = (GroupCoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorForGroupError)
_LOOK_AGAIN_SECONDS: Final = 0.5


async def partners_with_topics(bootstrap: str, names: TopicNames) -> set[str]:
    """Name everybody who has a topic to submit on."""
    before = names.topic(SUBMISSIONS.removesuffix(PARTNER))
    found = await list_topics(bootstrap)
    return {topic.removeprefix(before) for topic in found if topic.startswith(before) and not topic.endswith(_DEAD_LETTERS)}


async def names_of(
    bootstrap: str, names: TopicNames, partners: Collection[str], entity_ids: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Find who made some entities and what he calls them: a receipt says which submission an entity came from, and that names it.

    Gives partner and reference by entity id.
    """
    made_by: dict[str, str] = {}
    async for records in read_from(bootstrap, {names.topic(f"{_RECEIPTS}{partner}"): {} for partner in partners}):
        for record in records:
            said = _receipt(record)
            if said is not None and said.entity_id is not None and said.entity_id in entity_ids:
                made_by[said.position] = said.entity_id
    topics = {position.rsplit("/", 2)[0] for position in made_by}
    found: dict[str, tuple[str, str]] = {}
    async for records in read_from(bootstrap, {topic: {} for topic in topics}):
        for record in records:
            entity_id = made_by.get(f"{record.at.topic}/{record.at.partition}/{record.at.offset}")
            reference = _reference(record)
            if entity_id is not None and reference is not None:
                partner = names.logical(record.at.topic).removeprefix(SUBMISSIONS.removesuffix(PARTNER))
                found[entity_id] = partner, reference
    return found


async def remember_answers(bootstrap: str, names: TopicNames, partners: Collection[str], store: RestoringStore) -> int:
    """Learn from the receipts which submissions were answered, so that they do nothing when they are read again; says how many."""
    learned = 0
    async for records in read_from(bootstrap, {names.topic(f"{_RECEIPTS}{partner}"): {} for partner in partners}):
        answers, again = [], []
        for record in records:
            said = _receipt(record)
            if said is None or record.key is None:
                continue
            time = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
            partner = names.logical(record.at.topic).removeprefix(_RECEIPTS)
            position = _answered(record)
            answers.append((_stored(partner, said, record.key, record), time))
            if position != said.position:
                again.append((partner, position, time))
        if answers:
            learned += await store.remember_answers(answers)
        if again:
            await store.remember_again(again)
    return learned


async def wait_until_nobody_reads(bootstrap: str, names: TopicNames, *, within_seconds: float) -> bool:
    """Wait for the group to have no members: one that was killed is in it until its session ends. Says whether it is empty.

    Raises:
        KafkaError: the coordinator does not say so long; that of a new cluster has to make its own topic first.
    """
    until = time.monotonic() + within_seconds
    admin = AIOKafkaAdminClient(**client_options(bootstrap))
    try:
        await admin.start()
        while True:
            try:
                has_members = await _has_members(admin, names.group(GROUP))
            except _COORDINATOR_NOT_YET:
                if time.monotonic() > until:
                    raise
            else:
                if not has_members or time.monotonic() > until:
                    return not has_members
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    finally:
        await admin.close()


async def _has_members(admin: AIOKafkaAdminClient, group: str) -> bool:
    [response] = await admin.describe_consumer_groups([group])
    [(error, _group, _state, _protocol_type, _protocol, members, *_rest)] = response.groups
    if error:
        raise for_code(error)
    return bool(members)


async def rewind(bootstrap: str, names: TopicNames, partners: Collection[str], answered: Mapping[tuple[str, int], int]) -> int:
    """Let the group read again what the backup has not answered; says from how many partitions.

    Args:
        bootstrap: the brokers.
        names: the prefix.
        partners: whose topics.
        answered: by topic as on the broker and partition, the last offset that the backup had answered; else from the beginning.

    Raises:
        KafkaError: somebody is still in the group.
    """
    topics = [names.topic(SUBMISSIONS.replace(PARTNER, partner)) for partner in partners]
    placed = [TopicPartition(topic, number) for topic in topics for number in await end_offsets(bootstrap, topic)]
    if not placed:
        return 0
    consumer = AIOKafkaConsumer(**client_options(bootstrap), group_id=names.group(GROUP), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(placed)
        offsets = {}
        for place in placed:
            committed = await consumer.committed(place)
            wanted = answered.get((place.topic, place.partition), -1) + 1
            if committed is not None and wanted < committed:
                offsets[place] = wanted
        if offsets:
            await consumer.commit(offsets)
        return len(offsets)
    finally:
        await consumer.stop()


def _receipt(record: RawRecord) -> Receipt | None:
    try:
        return Receipt.model_validate_json(record.value or b"")
    except ValidationError:
        return None


def _answered(record: RawRecord) -> str:
    """Say which record this receipt answers: its id is named after it."""
    return (dict(record.headers).get("ce_id") or b"").decode(errors="replace").removeprefix(_RECEIPT_ID)


def _stored(partner: str, said: Receipt, key: str, record: RawRecord) -> StoredReceipt:
    return StoredReceipt(
        partner=partner,
        submission_id=said.submission_id if said.submission_id is not None else f"at {said.position}",
        position=said.position,
        key=key,
        headers=[(name, value or b"") for name, value in record.headers],
        receipt=record.value or b"",
    )


def _reference(record: RawRecord) -> str | None:
    field_name = _FIELD_OF_REFERENCE.get((dict(record.headers).get("ce_type") or b"").decode(errors="replace"))
    try:
        body = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        return None
    found = body.get(field_name) if field_name is not None and isinstance(body, dict) else None
    return found if isinstance(found, str) else None
