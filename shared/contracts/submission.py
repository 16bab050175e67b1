"""Submissions: what a partner's system may send on `submissions-<partner>`, by `ce_type`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.contracts.common import Code, Draft, EntityId, codes

SubmissionKind = Literal["offer", "vacancy", "need"]
"""What a partner may be allowed to send: declared data of that partner."""

OFFER_SUBMITTED = "dk.ledigplads.offer.submitted.v1"
VACANCY_SUBMITTED = "dk.ledigplads.vacancy.submitted.v1"
VACANCY_WITHDRAWN = "dk.ledigplads.vacancy.withdrawn.v1"
VACANCY_CONFIRMED = "dk.ledigplads.vacancy.confirmed.v1"
NEED_SUBMITTED = "dk.ledigplads.need.submitted.v1"
NEED_CLOSED = "dk.ledigplads.need.closed.v1"

KIND_OF_TYPE: dict[str, SubmissionKind] = {
    OFFER_SUBMITTED: "offer",
    VACANCY_SUBMITTED: "vacancy",
    VACANCY_WITHDRAWN: "vacancy",
    VACANCY_CONFIRMED: "vacancy",
    NEED_SUBMITTED: "need",
    NEED_CLOSED: "need",
}
"""An offer submission's body is an OfferDraft with its id in `subject`; a vacancy's a VacancyDraft and a need's a NeedDraft, both with the reference required."""


class VacancyReference(Draft):
    """Body of a withdrawal or a confirmation: the partner's own reference of the vacancy."""

    reference: EntityId = Field(description="The partner's own reference of the vacancy, as it was submitted")
    reason: Literal["withdrawn", "filled"] = Field(default="withdrawn", description="Why it closes; a confirmation leaves it out")


class NeedReference(Draft):
    """Body of a closing: the municipality and the case system's own reference of the need."""

    handlekommune: str = Field(
        description="The municipality that has the case, four digits", json_schema_extra=codes("municipalities")
    )
    source_reference: EntityId = Field(description="The case system's own reference of the need, as it was submitted")
    reason: Code = Field(default="closed", description="Coded reason why it closes")
