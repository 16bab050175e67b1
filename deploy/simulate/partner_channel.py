"""A partner's end of its two topics: what it submits, and the receipts that answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from pydantic import ValidationError

from shared.contracts.receipt import Receipt
from shared.messaging.polling import poll
from shared.messaging.producing import Producer
from shared.messaging.security import client_options

if TYPE_CHECKING:
    from types import TracebackType

    from aiokafka import ConsumerRecord

    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

_POLL_MS = 200
_BATCH = 500
_AWAY_SECONDS = 1.0


class NoSuchPartnerError(Exception):
    """The partner has no topics on this broker: `ledigplads partner add NAME --offer ID` makes them."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing that a partner's system says."""

    id: str
    """ce_id: the same again is answered with the same receipt, and nothing happens twice."""
    type: str
    """ce_type, whole."""
    key: str
    """The partner's own reference."""
    value: bytes
    subject: str | None = None
    """An offer's id, for an offer."""
    correlation_id: str | None = None


class PartnerChannel:
    """Sends submissions as one partner, and hands each sender its receipt."""

    def __init__(self, bootstrap: str, names: TopicNames, partner: str) -> None:
        self.partner = partner
        self._submissions = names.topic(f"submissions-{partner}")
        self._receipts = names.topic(f"receipts-{partner}")
        self._producer = Producer(bootstrap, client_id=f"partner-{partner}")
        self._consumer = AIOKafkaConsumer(
            **client_options(bootstrap), group_id=None, enable_auto_commit=False, auto_offset_reset="latest"
        )
        self._waiting: dict[str, asyncio.Future[Receipt]] = {}
        self._early: dict[str, Receipt] = {}
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect, and begin to listen for receipts from now on.

        Raises:
            NoSuchPartnerError: there are no such topics.
        """
        await self._consumer.start()
        try:
            await self._listen_from_now()
            await self._producer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        await self._producer.stop()
        await self._consumer.stop()

    async def send(self, submission: Submission) -> asyncio.Future[Receipt]:
        """Publish one submission; the future is done when its receipt has come.

        Raises:
            KafkaError: the broker did not take it; sending the same again is safe.
        """
        receipt = self._waiting.setdefault(submission.id, asyncio.get_running_loop().create_future())
        at = await self._producer.publish(
            self._submissions, key=submission.key, value=submission.value, headers=_headers(submission, self.partner)
        )
        # An id that intake cannot use is answered by the position alone.
        position = f"{at.topic}/{at.partition}/{at.offset}"
        if (early := self._early.pop(position, None)) is not None:
            self._answer(submission.id, early)
        elif not receipt.done():
            self._waiting[position] = receipt
        return receipt

    async def _listen_from_now(self) -> None:
        await self._consumer._client.force_metadata_update()  # noqa: SLF001 - it has metadata of what it is asked for only
        partitions = self._consumer.partitions_for_topic(self._receipts)
        if not partitions or not self._consumer.partitions_for_topic(self._submissions):
            raise NoSuchPartnerError(self.partner)
        places = [TopicPartition(self._receipts, number) for number in partitions]
        ends = await self._consumer.end_offsets(places)
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, ends[place])

    async def _read(self) -> None:
        while True:
            try:
                polled = await poll(self._consumer, timeout_ms=_POLL_MS, max_records=_BATCH)
            except (KafkaError, OSError) as error:
                if isinstance(error, UnknownTopicOrPartitionError):
                    raise
                log.warning("receipts_held", partner=self.partner, error_type=type(error).__name__)
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            for record in polled.records:
                self._take(record)

    def _take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            receipt = Receipt.model_validate_json(record.value or b"")
        except ValidationError:
            log.warning("receipt_unreadable", partner=self.partner, offset=record.offset)
            return
        if receipt.submission_id is not None and receipt.submission_id in self._waiting:
            self._answer(receipt.submission_id, receipt)
        elif receipt.position in self._waiting:
            self._answer(receipt.position, receipt)
        elif receipt.submission_id is None:
            self._early[receipt.position] = receipt

    def _answer(self, name: str, receipt: Receipt) -> None:
        future = self._waiting.pop(name, None)
        if future is None:
            return
        for other in [key for key, value in self._waiting.items() if value is future]:
            del self._waiting[other]
        if not future.done():
            future.set_result(receipt)


def _headers(submission: Submission, partner: str) -> list[tuple[str, bytes]]:
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": submission.id,
        "ce_source": f"/partners/{partner}",
        "ce_type": submission.type,
        "ce_subject": submission.subject,
        "ce_partitionkey": submission.key,
        "ce_correlationid": submission.correlation_id or submission.id,
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items() if value]
