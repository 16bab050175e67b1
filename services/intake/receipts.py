"""Answering submissions: each record of a partner's topic gets exactly one receipt, and the same one when it is sent again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from services.intake.domain.authority import PartnerCaller
from services.intake.domain.outcomes import Outcome, Rejected
from services.intake.domain.submissions import receipt
from services.intake.publishing import SOURCE
from services.intake.reading import read_submission
from services.intake.service import Request, log_changes
from services.intake.store import StoredReceipt
from shared.contracts.receipt import ACCEPTED_TYPE, REJECTED_TYPE
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from datetime import datetime

    from services.intake.domain.submissions import Submission
    from services.intake.service import Intake
    from services.intake.store import Change, Store
    from shared.database import Connection
    from shared.messaging.envelope import Header

log = structlog.get_logger(__name__)


class Answering:
    """Takes submissions, by the same path as every other way in, and answers them through the outbox."""

    def __init__(self, intake: Intake, store: Store, clock: Callable[[], datetime]) -> None:
        self._intake = intake
        self._store = store
        self._clock = clock

    async def submissions(self, submissions: Sequence[Submission]) -> None:
        """Store what a batch asks for and answer all of it, in one transaction.

        A record that was answered when it was read before gets no second receipt. A *new* record with an id that was answered
        before gets that answer again.
        """

        async def work(connection: Connection) -> tuple[list[tuple[Submission, Outcome]], list[Change]]:
            return await self._answer(connection, submissions)

        answered, changes = await self._store.in_transaction(work)
        log_changes(changes)
        for submission, outcome in answered:
            if isinstance(outcome, Rejected):
                codes = sorted({reason.code for reason in outcome.reasons})
                log.info(
                    "submission_rejected",
                    partner=submission.partner,
                    position=submission.position,
                    codes=codes,
                    correlation_id=submission.correlation_id,
                )

    async def _answer(
        self, connection: Connection, submissions: Sequence[Submission]
    ) -> tuple[list[tuple[Submission, Outcome]], list[Change]]:
        now = self._clock()
        partners = await self._store.partners_named(connection, {submission.partner for submission in submissions})
        heard = [submission for submission in submissions if submission.partner in partners]
        _log_unheard(submissions, heard)
        if not heard:
            return [], []
        given = await self._store.receipts_given(connection, {_identity(submission) for submission in heard})
        first = _first_of_each(heard, given)
        requests = [
            Request(
                read_submission(submission, partners[submission.partner], self._intake.new_id),
                submission.correlation_id,
                PartnerCaller(partners[submission.partner]),
            )
            for submission in first
        ]
        outcomes, changes, messages = await self._intake.decide(connection, requests, now)
        fresh = [_stored(submission, outcome, now) for submission, outcome in zip(first, outcomes, strict=True)]
        if fresh:
            await self._store.save_receipts(connection, fresh, now)
        known = {**given, **{(receipt.partner, receipt.submission_id): receipt for receipt in fresh}}
        again = await self._again(
            connection, [one for one in heard if known[_identity(one)].position != one.position], known, now
        )
        await outbox.add(connection, [*messages, *(_message(receipt) for receipt in (*fresh, *again))])
        return list(zip(first, outcomes, strict=True)), changes

    async def _again(
        self,
        connection: Connection,
        repeating: Sequence[Submission],
        known: Mapping[tuple[str, str], StoredReceipt],
        now: datetime,
    ) -> list[StoredReceipt]:
        """Answer records that repeat a submission with its receipt, under an id of their own; but not a second time."""
        if not repeating:
            return []
        new = await self._store.note_again(connection, [(one.partner, one.position) for one in repeating], now)
        return [
            replace(known[_identity(one)], headers=_under_id(known[_identity(one)].headers, _receipt_id(one)))
            for one in repeating
            if one.position in new
        ]


def _first_of_each(heard: Sequence[Submission], answered: Container[tuple[str, str]]) -> list[Submission]:
    first: dict[tuple[str, str], Submission] = {}
    for submission in heard:
        if _identity(submission) not in answered:
            first.setdefault(_identity(submission), submission)
    return list(first.values())


def _identity(submission: Submission) -> tuple[str, str]:
    return submission.partner, submission.identity


def _stored(submission: Submission, outcome: Outcome, now: datetime) -> StoredReceipt:
    key = submission.reference or submission.position
    envelope = Envelope(
        id=_receipt_id(submission),
        source=SOURCE,
        type=REJECTED_TYPE if isinstance(outcome, Rejected) else ACCEPTED_TYPE,
        subject=key,
        time=now,
        dataschema="urn:ledigplads:schema:receipt:v1",
        partitionkey=key,
        traceparent=None,
        correlationid=submission.correlation_id,
    )
    return StoredReceipt(
        partner=submission.partner,
        submission_id=submission.identity,
        position=submission.position,
        key=key,
        headers=envelope.to_headers(),
        receipt=receipt(submission, outcome).model_dump_json().encode(),
    )


def _receipt_id(submission: Submission) -> str:
    """Each record is answered once, so its answer is named after where it stands."""
    return f"receipt/{submission.position}"


def _under_id(headers: Sequence[Header], receipt_id: str) -> list[Header]:
    return [(name, receipt_id.encode() if name == "ce_id" else value) for name, value in headers]


def _message(answer: StoredReceipt) -> OutboxMessage:
    return OutboxMessage(f"receipts-{answer.partner}", answer.key, answer.headers, answer.receipt)


def _log_unheard(submissions: Sequence[Submission], heard: Sequence[Submission]) -> None:
    """Nobody is there to be answered: the partner was removed, and its topics go."""
    for partner, count in (
        Counter(submission.partner for submission in submissions) - Counter(submission.partner for submission in heard)
    ).items():
        log.warning("submissions_of_no_partner", partner=partner, count=count)
