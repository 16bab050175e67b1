"""The match record: everything that is true for one need now, whole; and the claim that fences its writer."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.common import Contract, EntityId, codes, unit
from shared.contracts.need import Deadline

TYPE = "dk.ledigplads.match.published.v1"
ERASED_TYPE = "dk.ledigplads.match.erased.v1"
"""Of a tombstone whose need is erased, not closed: whoever keeps something about the need forgets it."""
CLAIM_TYPE = "dk.ledigplads.match-claim.published.v1"
CLAIM_KEY = "claim"
"""The reserved key of claims; no need id may be it."""


class ScoredPlace(Contract):
    """One place on a need's list: why it stands there is in the points, which add up to the score."""

    vacancy_id: EntityId = Field(description="The place")
    vacancy_version: int = Field(
        ge=1, description="Version of the vacancy that was scored", json_schema_extra=unit("version number")
    )
    vacancy_epoch: int | None = Field(
        default=None,
        ge=0,
        description="Epoch of that version; versions compare by (epoch, version). null: an older writer, any epoch",
        json_schema_extra=unit("epoch number"),
    )
    opening: int = Field(
        ge=1, description="The vacancy's opening; part of an alert's identity", json_schema_extra=unit("ordinal number")
    )
    score: int = Field(ge=0, le=100, description="Fit, 0-100 points: the sum of `points`", json_schema_extra=unit("points"))
    points: dict[str, int] = Field(
        description="Points per part of the fit, by the part's code in the policy", json_schema_extra=unit("points")
    )
    unknown: tuple[str, ...] = Field(
        default=(), description="Codes of rules and parts that could not be judged for want of information"
    )


class Match(Contract):
    """The best places for one need, best first; an empty list is an answer too."""

    need_id: EntityId = Field(description="Pseudonym of the need; the key")
    need_version: int = Field(
        ge=1, description="Version of the need profile that was scored", json_schema_extra=unit("version number")
    )
    places: tuple[ScoredPlace, ...] = Field(max_length=10, description="Ranked: score, then vacancy id")
    often_in_the_way: str | None = Field(
        default=None,
        description="Empty list: code of the rule that most often is the only one between the need and an open place, as of `day`. "
        "null: the list has places, or no rule stands alone, or an older writer. Not part of the canonical form",
    )
    handlekommune: str = Field(
        description="The municipality that has the case, four digits", json_schema_extra=codes("municipalities")
    )
    team: str | None = Field(default=None, description="Opaque team id; null: not stated")
    caseworker: EntityId | None = Field(default=None, description="Opaque person id of the caseworker; null: not stated")
    urgency: Literal["normal", "soon", "acute"] = Field(default="normal", description="Of the need, for its priority")
    waiting_since: date | None = Field(default=None, description="Of the need, for its priority")
    deadline: Deadline | None = Field(default=None, description="Of the need, for its priority")
    policy: str = Field(description="Hash of the policy")
    cause: Literal["vacancy", "need", "policy", "day", "start"] | None = Field(
        default=None,
        description="What led to this answer; a new policy, day or start of a worker is never pushed. null: an older writer. "
        "Not part of the canonical form",
    )
    own_news: tuple[EntityId, ...] = Field(
        default=(),
        max_length=10,
        description="Of a record whose cause is never pushed, the places that are pushed all the same: their own vacancies were "
        "published since. Not part of the canonical form",
    )
    day: date = Field(description="The day it was made under; not part of the canonical form")
    worker: str = Field(description="Who wrote it; not part of the canonical form")


NOT_CANONICAL = frozenset({"cause", "own_news", "often_in_the_way", "day", "worker"})
"""Fields (beside the envelope's epoch and version) that do not make an answer another answer."""


class Claim(Contract):
    """A worker's claim to one partition of `matches`: its epoch is in the envelope; a higher claim ends it."""

    worker: str = Field(description="Who claims")
    partition: int = Field(
        ge=0, description="Partition number of `matches` that is claimed", json_schema_extra=unit("partition number")
    )
