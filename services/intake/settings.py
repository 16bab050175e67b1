"""What intake is told by its environment, and the policies that lie beside its code."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from services.intake.citizens.master_keys import MasterKeys, MasterKeysError, read_master_keys
from services.intake.domain.freshness import Freshness, Validity
from services.intake.domain.observations import ObservationRules
from shared.contracts.reference import offer_type_known
from shared.contracts.settings import Policy
from shared.settings import Secret, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Callable


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
    identity_client_id: str = "ledigplads-web"
    """As what the OpenID provider knows our pages; its redirect address is `public_url` with /login/callback."""
    identity_client_secret: Annotated[str | None, Field(repr=False)] = None
    """Without one: a public client, with a proof key alone."""
    identity_scopes: str = "openid profile"
    intake_timer_seconds: Annotated[float, Field(gt=0)] = 60
    """How often to look for what time has done."""
    intake_keys_postgres_dsn: Annotated[str | None, Field(repr=False)] = None
    """Of the database of citizens' keys, apart from intake's own. Without it nothing that identifies a citizen can be registered."""
    intake_master_keys_file: Path | None = None
    """Holds the master keys; only its owner may read it."""
    intake_master_keys: Annotated[str | None, Field(repr=False)] = None
    """The master keys themselves, instead of a file."""
    intake_retention: Path = Path(__file__).parent / "erasing" / "retention.yaml"
    """When cases that nobody touches are closed and erased, each rule with its reason."""
    intake_rewrite_at_most_mb: Annotated[int, Field(ge=0)] = 512
    """An erasure writes tables up to this size anew, which locks them; a larger one is only vacuumed, and the proof says so."""
    intake_backup_days: Annotated[int, Field(ge=0)] = 30
    """How long backups of intake's database (and its WAL) are kept: a proof of erasure says when the last one is gone."""
    intake_keys_backup_days: Annotated[int, Field(ge=0)] = 3
    """The same of the database of keys: until then a backup of both could be put together again."""
    intake_search_per_minute: Annotated[int, Field(ge=1)] = 120
    """How often one caller may search."""
    intake_search_share_percent: Annotated[int, Field(ge=1, le=100)] = 10
    """The part of the time that goes at most into making changes searchable while a flood of them comes in; afterwards five times as much."""

    @model_validator(mode="after")
    def _keys_go_together(self) -> IntakeSettings:
        if self.intake_keys_postgres_dsn is not None and (self.intake_master_keys_file is None) == (
            self.intake_master_keys is None
        ):
            raise ValueError("intake_keys_postgres_dsn needs either intake_master_keys_file or intake_master_keys")
        return self


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


def master_keys_reader(settings: IntakeSettings) -> Callable[[], MasterKeys]:
    """Give what reads the master keys, again and again: a file may have been rotated meanwhile."""
    text, file = settings.intake_master_keys, settings.intake_master_keys_file
    if text is not None:
        return lambda: MasterKeys.from_json(text)
    if file is None:
        raise MasterKeysError("There are no master keys: set LEDIGPLADS_INTAKE_MASTER_KEYS_FILE.")
    return lambda: read_master_keys(file)


def load_policies(folder: Path) -> list[Policy]:
    """Read the dated policies, the oldest first.

    Raises:
        ValueError: there is none, or one is not as the contract wants it.
    """
    policies = [Policy.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.yaml"))]
    if not policies:
        raise ValueError(f"There is no policy (*.yaml) in {folder}.")
    return sorted(policies, key=lambda policy: policy.valid_from)
