"""What a matching worker is told by its environment."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.settings import ServiceSettings


class MatchingSettings(ServiceSettings):
    """Beside what every service is told: which worker this is. Two workers must not have the same number."""

    service: ClassVar[str] = "matching"

    matching_worker: Annotated[int, Field(ge=1, description="Number of this worker, from 1")] = 1
    # How long a silent worker keeps its needs; the broker allows 6 s to 30 min.
    matching_session_timeout_ms: Annotated[int, Field(ge=1_000, le=300_000)] = 10_000
    # After a higher claim by another worker: so long the group has to take the partition from us before we claim it again.
    matching_reclaim_seconds: Annotated[float, Field(gt=0, le=300)] = 12.0
