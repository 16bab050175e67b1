"""Receipts: intake's answer to each submission, on `receipts-<partner>`. They name fields, never values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.contracts.common import Contract

ACCEPTED_TYPE = "dk.ledigplads.submission.accepted.v1"
REJECTED_TYPE = "dk.ledigplads.submission.rejected.v1"


class Reason(Contract):
    """One thing that is wrong, and what to do about it."""

    field: str | None = Field(description="Path of the field, e.g. sections[0].section; None: the submission as a whole")
    code: str
    text_da: str
    text_en: str


class Receipt(Contract):
    """Accepted, or rejected with every reason. `position` names the submission on the log, whatever it held."""

    submission_id: str | None = Field(description="ce_id of the submission; None where it had none")
    position: str = Field(description="topic/partition/offset of the submission")
    reference: str | None = Field(default=None, description="The partner's own reference: the key of the submission")
    outcome: Literal["accepted", "rejected"]
    entity: str | None = Field(default=None, description="offer, vacancy or need")
    entity_id: str | None = None
    version: int | None = None
    reasons: tuple[Reason, ...] = ()
