"""What every contract shares: the base models, and the types that ids, points and codes are made of.

A record of a topic is read leniently: unknown fields and unknown codes are kept out of the way, so that a writer may add to them
(DESIGN: state topics). A draft, what somebody asks us to publish, is read strictly: each code must be known, each field ours.
"""

from __future__ import annotations

import inspect
import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, JsonValue
from pydantic_core import PydanticCustomError

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


def unit(name: str) -> dict[str, JsonValue]:
    """Say what a number counts or measures: `json_schema_extra` of its field."""
    return {"x-unit": name}


def codes(list_name: str) -> dict[str, JsonValue]:
    """Say which list of `GET /codes` a field's codes are of: `json_schema_extra` of the field."""
    return {"x-codes": list_name}


_Model = TypeVar("_Model", bound=BaseModel)


class Contract(BaseModel):
    """A record of a topic: frozen; fields that a later writer added are ignored.

    What a subclass only narrows, as drafts do, keeps in the schema what is said of it: description, unit, list of codes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(core_schema)
        resolved = handler.resolve_ref_schema(described)
        resolved.setdefault("description", inspect.getdoc(cls))
        properties = resolved.get("properties", {})
        for base in (one for one in cls.__mro__ if issubclass(one, BaseModel)):
            for name in base.model_fields.keys() & properties.keys():
                field = base.model_fields[name]
                extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
                for keyword, said in {"description": field.description, **extra}.items():
                    if said is not None:
                        properties[name].setdefault(keyword, said)
        return described


class Draft(BaseModel):
    """What somebody asks us to publish: frozen; a field that is not ours is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def trusted(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Make a model of values that were validated elsewhere as what the fields are; nothing is looked at again.

    What `model_construct` does, at a tenth of its cost, which counts where a hundred thousand are made in a row.

    Args:
        model: has no private attributes and no aliases.
        values: by field; a field that is missing takes its default, a name that is no field is left out.
    """
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", {name: values.get(name, default) for name, default in _defaults(model)})
    object.__setattr__(made, "__pydantic_fields_set__", set(values))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


@cache
def _defaults(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """Give the fields in their order, which is that of the JSON; the models are frozen, so a default can be shared."""
    return tuple(
        (name, field.get_default(call_default_factory=True, validated_data={})) for name, field in model.model_fields.items()
    )


def _sorted_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values))) if len(values) > 1 else values


EntityId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{2,63}$")]
"""An opaque id: 3 to 64 letters, digits, dots, underscores and hyphens."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""A coded reason: lower-case letters, digits and underscores, so that nobody can write about a person in it."""

Codes = Annotated[tuple[str, ...], AfterValidator(_sorted_unique)]
"""A set of codes: unique and sorted, so that equal content is equal bytes. Empty: unknown, or none stated."""

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A calendar month, YYYY-MM."""

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of the day in Denmark, HH:MM."""

Level = Annotated[int, Field(ge=0, le=4)]
"""Functional level of FFB: 0 none, 1 slightly, 2 moderately, 3 severely, 4 totally reduced function."""


def _sorted_by_code(levels: dict[str, int]) -> dict[str, int]:
    return dict(sorted(levels.items()))


Levels = Annotated[dict[str, Level], AfterValidator(_sorted_by_code)]
"""Functional level per levelled FFB subtheme, by code. A subtheme that is absent is not assessed, or not stated: that is not 0."""


class Point(Contract):
    """A point in EPSG:25832 (UTM zone 32N): integer metres, so that no float touches a decision."""

    easting_m: int = Field(ge=0, le=1_500_000, description="Metres east, EPSG:25832", json_schema_extra=unit("m"))
    northing_m: int = Field(ge=5_800_000, le=6_600_000, description="Metres north, EPSG:25832", json_schema_extra=unit("m"))


# --- validators that only drafts use -------------------------------------------------------------------------------


_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def _day(value: object) -> object:
    """Read a date in the one form that is one: pydantic alone takes "20260101" for seconds since 1970."""
    if not isinstance(value, str):
        return value
    try:
        day = date.fromisoformat(value) if _ISO_DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        texts = {"text_da": "skal være en dato, ÅÅÅÅ-MM-DD", "text_en": "must be a date, YYYY-MM-DD"}
        raise PydanticCustomError("date_parsing", "{text_en}", texts)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        years = f"{_FIRST_YEAR}-{_LAST_YEAR}"
        texts = {"text_da": f"skal ligge i {years}", "text_en": f"must lie in {years}"}
        raise PydanticCustomError("date_out_of_range", "{text_en}", texts)
    return day


Day = Annotated[date, BeforeValidator(_day)]
"""A day of a draft, YYYY-MM-DD, within the years that anybody plans or remembers."""


_WEB_ADDRESS = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/]"


def _web_address(value: str) -> str:
    """Take only what a browser opens as a page: `javascript:` behind a link would run in the reader's."""
    if re.match(_WEB_ADDRESS, value) is None:
        texts = {
            "text_da": "skal være en webadresse, der begynder med https:// eller http://",
            "text_en": "must be a web address that begins with https:// or http://",
        }
        raise PydanticCustomError("web_address", "{text_en}", texts)
    return value


WebAddress = Annotated[str, Field(max_length=300, json_schema_extra={"pattern": _WEB_ADDRESS}), AfterValidator(_web_address)]
"""The address of a page, of a draft."""


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
NIGHT_STAFF = frozenset({"awake", "asleep", "none"})
TRANSPORT = frozenset({"own", "public", "arranged"})
ACCESSIBILITY = frozenset(
    {"step_free", "lift", "wheelchair", "accessible_bathroom", "hearing_loop", "tactile_guidance", "quiet_room"}
)
EQUIPMENT = frozenset(
    {"ceiling_hoist", "hospital_bed", "sensory_room", "therapy_pool", "communication_aids", "adapted_kitchen", "safety_alarm"}
)
OWNERSHIP = frozenset({"municipal", "regional", "self_governing", "fund", "private", "voluntary"})
APPROVAL_AUTHORITIES = frozenset({"hovedstaden", "syd", "nord", "midt", "oest"})

KnownMunicipality = Annotated[str, AfterValidator(reference.municipality_known)]
KnownSection = Annotated[str, AfterValidator(reference.section_known)]
KnownOfferKind = Annotated[str, AfterValidator(reference.offer_type_known)]
KnownTargetGroup = Annotated[str, AfterValidator(reference.target_group_known)]
KnownService = Annotated[str, AfterValidator(reference.service_known)]
KnownActivity = Annotated[str, AfterValidator(reference.known("activities"))]
KnownWorkTask = Annotated[str, AfterValidator(reference.known("work-tasks"))]
KnownWayIn = Annotated[str, AfterValidator(reference.known("access"))]
KnownGenderRule = Annotated[str, AfterValidator(reference.known("gender-rules"))]
KnownNightStaff = Annotated[str, AfterValidator(reference.known("night-staff"))]
KnownTransport = Annotated[str, AfterValidator(reference.known("transport"))]
KnownAccessNeed = Annotated[str, AfterValidator(reference.known("accessibility"))]
KnownEquipment = Annotated[str, AfterValidator(reference.known("equipment"))]
KnownOwnership = Annotated[str, AfterValidator(reference.known("ownership"))]
KnownApprovalAuthority = Annotated[str, AfterValidator(reference.known("approval-authorities"))]
KnownTheme = Annotated[str, AfterValidator(reference.theme_known)]
KnownLanguage = Annotated[str, AfterValidator(reference.language_known)]

# Each code of a set is checked by itself, so that an error names its position and no wrong code hides behind another.
KnownSections = Annotated[tuple[KnownSection, ...], AfterValidator(_sorted_unique)]
KnownOfferKinds = Annotated[tuple[KnownOfferKind, ...], AfterValidator(_sorted_unique)]
KnownTargetGroups = Annotated[tuple[KnownTargetGroup, ...], AfterValidator(_sorted_unique)]
KnownServices = Annotated[tuple[KnownService, ...], AfterValidator(_sorted_unique)]
KnownActivities = Annotated[tuple[KnownActivity, ...], AfterValidator(_sorted_unique)]
KnownWorkTasks = Annotated[tuple[KnownWorkTask, ...], AfterValidator(_sorted_unique)]
KnownAccess = Annotated[tuple[KnownWayIn, ...], AfterValidator(_sorted_unique)]
KnownMunicipalities = Annotated[tuple[KnownMunicipality, ...], AfterValidator(_sorted_unique)]
KnownAccessNeeds = Annotated[tuple[KnownAccessNeed, ...], AfterValidator(_sorted_unique)]
KnownEquipments = Annotated[tuple[KnownEquipment, ...], AfterValidator(_sorted_unique)]
KnownLanguages = Annotated[tuple[KnownLanguage, ...], AfterValidator(_sorted_unique)]


def _assessed(levels: object) -> object:
    """Leave out what is stated as not assessed: on the log absence says so. A code that is not known stays, to be refused."""
    if not isinstance(levels, dict):
        return levels
    return {code: level for code, level in levels.items() if level is not None or code not in reference.themes()}


KnownLevels = Annotated[
    dict[KnownTheme, Level],
    BeforeValidator(_assessed, json_schema_input_type=dict[str, Level | None]),
    AfterValidator(_sorted_by_code),
]
"""As `Levels`, where a sender may also say `null`: *ikke vurderet*."""
