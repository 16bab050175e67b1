"""What every contract shares: the base models, and the types that ids, points and codes are made of.

A record of a topic is read leniently: unknown fields and unknown codes are kept out of the way, so that a writer may add to them
(DESIGN: state topics). A draft, what somebody asks us to publish, is read strictly: each code must be known, each field ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Contract(BaseModel):
    """A record of a topic: frozen; fields that a later writer added are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Draft(BaseModel):
    """What somebody asks us to publish: frozen; a field that is not ours is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _sorted_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


EntityId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{2,63}$")]
"""An opaque id: 3 to 64 letters, digits, dots, underscores and hyphens."""

Codes = Annotated[tuple[str, ...], AfterValidator(_sorted_unique)]
"""A set of codes: unique and sorted, so that equal content is equal bytes. Empty: unknown, or none stated."""


class Point(Contract):
    """A point in EPSG:25832 (UTM zone 32N): integer metres, so that no float touches a decision."""

    easting_m: int = Field(ge=0, le=1_500_000, description="Metres east, EPSG:25832")
    northing_m: int = Field(ge=5_800_000, le=6_600_000, description="Metres north, EPSG:25832")


# --- validators that only drafts use -------------------------------------------------------------------------------


def one_of(allowed: Collection[str]) -> Callable[[str], str]:
    """A field validator for one word of a closed list."""

    def validate(value: str) -> str:
        if value not in allowed:
            words = ", ".join(sorted(allowed))
            raise PydanticCustomError(
                "unknown_code",
                "{text_en}",
                {"text_da": f"skal være en af {words}", "text_en": f"must be one of {words}", "allowed": words},
            )
        return value

    return validate


ACTIVITIES = frozenset({"creative", "physical", "social", "learning", "self_help_group", "practical_support"})
WORK_TASKS = frozenset({"packing", "assembly", "production", "maintenance", "administration", "creative"})
ACCESS = frozenset({"visitation", "referral", "self_referral"})
GENDER_RULES = frozenset({"everyone", "women", "men"})

KnownMunicipality = Annotated[str, AfterValidator(reference.municipality_known)]
KnownSection = Annotated[str, AfterValidator(reference.section_known)]
KnownOfferKind = Annotated[str, AfterValidator(reference.offer_type_known)]
KnownTargetGroup = Annotated[str, AfterValidator(reference.target_group_known)]
KnownService = Annotated[str, AfterValidator(reference.service_known)]
KnownActivity = Annotated[str, AfterValidator(one_of(ACTIVITIES))]
KnownWorkTask = Annotated[str, AfterValidator(one_of(WORK_TASKS))]
KnownWayIn = Annotated[str, AfterValidator(one_of(ACCESS))]
KnownGenderRule = Annotated[str, AfterValidator(one_of(GENDER_RULES))]

# Each code of a set is checked by itself, so that an error names its position and no wrong code hides behind another.
KnownSections = Annotated[tuple[KnownSection, ...], AfterValidator(_sorted_unique)]
KnownOfferKinds = Annotated[tuple[KnownOfferKind, ...], AfterValidator(_sorted_unique)]
KnownTargetGroups = Annotated[tuple[KnownTargetGroup, ...], AfterValidator(_sorted_unique)]
KnownServices = Annotated[tuple[KnownService, ...], AfterValidator(_sorted_unique)]
KnownActivities = Annotated[tuple[KnownActivity, ...], AfterValidator(_sorted_unique)]
KnownWorkTasks = Annotated[tuple[KnownWorkTask, ...], AfterValidator(_sorted_unique)]
KnownAccess = Annotated[tuple[KnownWayIn, ...], AfterValidator(_sorted_unique)]
