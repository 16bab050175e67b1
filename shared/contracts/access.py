"""Looks at a citizen's data: who looked at what, when and why; and the anchors that hold the log of them in place."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.contracts.common import Contract, EntityId, codes, unit

ACCESSED_TYPE = "dk.ledigplads.access.recorded.v1"
ANCHOR_TYPE = "dk.ledigplads.access.anchored.v1"

What = Literal[
    "need_shown",
    "needs_listed",
    "references_listed",
    "citizen_shown",
    "citizen_registered",
    "citizen_found",
    "citizen_exported",
    "accesses_shown",
    "matches_shown",
    "alerts_shown",
]
Why = Literal["casework", "citizens_own_request", "supervision", "integration"]


class AccessEvent(Contract):
    """One look, told before the answer is sent."""

    event_id: EntityId = Field(description="Id of the look")
    at: datetime = Field(description="When, with a time zone")
    municipality: str = Field(description="Whose citizen it is, four digits", json_schema_extra=codes("municipalities"))
    subject: EntityId = Field(description="Pseudonym of the citizen, or of the need where no citizen is registered")
    what: What = Field(description="What was looked at, as a code")
    why: Why = Field(default="casework", description="What for, as a code; casework where nothing else was said")
    who: str = Field(max_length=100, description="Opaque id of the person, or the name of the partner whose system looked")
    service: Literal["intake", "matching", "notifications"] = Field(description="Which service answered")


class AccessAnchor(Contract):
    """The head of a municipality's chain after some entries, kept where the log's own database role cannot write."""

    municipality: str = Field(description="Whose chain, four digits", json_schema_extra=codes("municipalities"))
    number: int = Field(ge=1, description="Number of the last entry", json_schema_extra=unit("ordinal number"))
    hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of that entry, chained to all before, as hexadecimal digits"
    )
