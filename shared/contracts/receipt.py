"""Receipts: intake's answer to each submission, on `receipts-<partner>`. They name fields, never values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.contracts.common import Contract, unit

ACCEPTED_TYPE = "dk.ledigplads.submission.accepted.v1"
REJECTED_TYPE = "dk.ledigplads.submission.rejected.v1"


class Reason(Contract):
    """One thing that is wrong, and what to do about it."""

    field: str | None = Field(description="Path of the field, e.g. sections[0].section; null: the submission as a whole")
    code: str = Field(description="What is wrong, as a code")
    text_da: str = Field(description="What is wrong and what to do, in Danish; goes on from the name of the field")
    text_en: str = Field(description="The same in English")


class Receipt(Contract):
    """Accepted, or rejected with every reason. `position` names the submission on the log, whatever it held."""

    submission_id: str | None = Field(description="ce_id of the submission; null where it had none")
    position: str = Field(description="topic/partition/offset of the submission")
    reference: str | None = Field(default=None, description="The partner's own reference: the key of the submission")
    outcome: Literal["accepted", "rejected"] = Field(description="Whether the submission was taken")
    entity: str | None = Field(default=None, description="offer, vacancy or need")
    entity_id: str | None = Field(default=None, description="Id of what the submission became; null: rejected")
    version: int | None = Field(
        default=None,
        description="Version of the entity after the submission; null: rejected",
        json_schema_extra=unit("version number"),
    )
    reasons: tuple[Reason, ...] = Field(default=(), description="Everything that is wrong; empty: accepted")
