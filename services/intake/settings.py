"""What intake is told by its environment, and the policies that lie beside its code."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.intake.domain.freshness import Freshness, Validity
from services.intake.domain.observations import ObservationRules
from shared.contracts.reference import offer_type_known
from shared.contracts.settings import Policy
from shared.settings import Secret, ServiceSettings


class IntakeSettings(ServiceSettings):
    """Beside what every service is told: its database, its policies, and how long a posting is believed."""

    service: ClassVar[str] = "intake"

    intake_postgres_dsn: Secret
    intake_policies: Path = Path(__file__).with_name("policies")
    intake_freshness: Path = Path(__file__).with_name("freshness.yaml")
    """How long a vacancy is believed, by section and kind of offer, each with its reason."""
    intake_validity_days: Annotated[int | None, Field(ge=1, le=730)] = None
    """If set: a vacancy of whatever kind expires so many days after its last confirmation."""
    intake_objection_days: Annotated[int | None, Field(ge=0, le=90)] = None
    """If set: an observation counts so many days after it came in, instead of as `intake_freshness` says."""
    intake_confirm_again_after_hours: Annotated[int, Field(ge=0)] = 24
    """The same stated again counts as a confirmation when the last one is at least so old."""
    intake_keep_closed_days: Annotated[int, Field(ge=1)] = 30
    """A closed vacancy is tombstoned so many days after it closed (DESIGN)."""
    intake_held: bool = False
    """Begin held, as when the log knows more than the database: an operator wants a backup to count (docs/guides/restore.md)."""
    intake_timer_seconds: Annotated[float, Field(gt=0)] = 60
    """How often to look for what time has done."""
    intake_search_per_minute: Annotated[int, Field(ge=1)] = 120
    """How often one caller may search."""
    intake_search_share_percent: Annotated[int, Field(ge=1, le=100)] = 10
    """The part of the time that goes at most into making changes searchable while a flood of them comes in; afterwards five times as much."""


class _Rule(BaseModel):
    """How long a posting is believed, and why."""

    model_config = ConfigDict(extra="forbid")

    lasts: Annotated[timedelta, Field(ge=timedelta(hours=1), le=timedelta(days=730))]
    remind_before: Annotated[timedelta, Field(gt=timedelta(0))]
    reason_da: Annotated[str, Field(min_length=1)]
    reason_en: Annotated[str, Field(min_length=1)]

    @field_validator("remind_before")
    @classmethod
    def _within(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if "lasts" in info.data and value >= info.data["lasts"]:
            raise ValueError("must be shorter than lasts")
        return value

    def validity(self) -> Validity:
        return Validity(self.lasts, self.remind_before)


class _Observations(BaseModel):
    """How observations are taken and counted, and why so."""

    model_config = ConfigDict(extra="forbid")

    objection_period: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=90))]
    objection_period_reason_da: str
    objection_period_reason_en: str
    told_within: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=90))]
    told_within_reason_da: str
    told_within_reason_en: str
    window: Annotated[timedelta, Field(ge=timedelta(days=30))]
    window_reason_da: str
    window_reason_en: str


class _FreshnessFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    otherwise: _Rule
    codes: dict[Annotated[str, AfterValidator(offer_type_known)], _Rule]
    observations: _Observations


def load_freshness(settings: IntakeSettings) -> Freshness:
    """Read how long postings are believed.

    Raises:
        pydantic.ValidationError: the file is not as it should be: an unknown code, no reason, a reminder before the beginning.
    """
    file = _read_freshness(settings)
    otherwise, by_code = file.otherwise.validity(), {code: rule.validity() for code, rule in file.codes.items()}
    if settings.intake_validity_days is not None:
        lasts = timedelta(days=settings.intake_validity_days)
        otherwise, by_code = Validity(lasts, min(otherwise.remind_before, lasts / 4)), {}
    return Freshness(
        otherwise=otherwise,
        by_code=by_code,
        confirm_again_after=timedelta(hours=settings.intake_confirm_again_after_hours),
        keep_closed=timedelta(days=settings.intake_keep_closed_days),
    )


def load_observation_rules(settings: IntakeSettings) -> ObservationRules:
    """Read how observations are taken, from the same file.

    Raises:
        pydantic.ValidationError: the file is not as it should be.
    """
    rules = _read_freshness(settings).observations
    days = settings.intake_objection_days
    return ObservationRules(
        objection_period=rules.objection_period if days is None else timedelta(days=days),
        told_within=rules.told_within,
        window=rules.window,
    )


def _read_freshness(settings: IntakeSettings) -> _FreshnessFile:
    return _FreshnessFile.model_validate(yaml.safe_load(settings.intake_freshness.read_text(encoding="utf-8")))


def load_policies(folder: Path) -> list[Policy]:
    """Read the dated policies, the oldest first.

    Raises:
        ValueError: there is none, or one is not as the contract wants it.
    """
    policies = [Policy.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.yaml"))]
    if not policies:
        raise ValueError(f"There is no policy (*.yaml) in {folder}.")
    return sorted(policies, key=lambda policy: policy.valid_from)
