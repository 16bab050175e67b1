"""What intake is told by its environment, and the policies that lie beside its code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import yaml
from pydantic import Field

from shared.contracts.settings import Policy
from shared.settings import Secret, ServiceSettings


class IntakeSettings(ServiceSettings):
    """Beside what every service is told: its database, its policies, and how long a posting is believed."""

    service: ClassVar[str] = "intake"

    intake_postgres_dsn: Secret
    intake_policies: Path = Path(__file__).with_name("policies")
    intake_validity_days: Annotated[int, Field(ge=1, le=730)] = 30
    """A vacancy expires so many days after its last confirmation."""
    intake_confirm_again_after_hours: Annotated[int, Field(ge=0)] = 24
    """The same stated again counts as a confirmation when the last one is at least so old."""
    intake_keep_closed_days: Annotated[int, Field(ge=1)] = 30
    """A closed vacancy is tombstoned so many days after it closed (DESIGN)."""
    intake_timer_seconds: Annotated[float, Field(gt=0)] = 60
    """How often to look for what time has done."""


def load_policies(folder: Path) -> list[Policy]:
    """Read the dated policies, the oldest first.

    Raises:
        ValueError: there is none, or one is not as the contract wants it.
    """
    policies = [Policy.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.yaml"))]
    if not policies:
        raise ValueError(f"There is no policy (*.yaml) in {folder}.")
    return sorted(policies, key=lambda policy: policy.valid_from)
