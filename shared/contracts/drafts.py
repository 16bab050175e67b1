"""Drafts: what offer staff, caseworkers and partners ask intake to publish, read strictly."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from shared.contracts import contradictions
from shared.contracts.common import (
    Day,
    Draft,
    EntityId,
    KnownAccess,
    KnownAccessNeeds,
    KnownActivities,
    KnownApprovalAuthority,
    KnownEquipments,
    KnownGenderRule,
    KnownLanguages,
    KnownLevels,
    KnownMunicipalities,
    KnownMunicipality,
    KnownNightStaff,
    KnownOfferKinds,
    KnownOwnership,
    KnownSection,
    KnownSections,
    KnownServices,
    KnownTargetGroup,
    KnownTargetGroups,
    KnownTransport,
    KnownWorkTasks,
    WebAddress,
    unit,
)
from shared.contracts.contradictions import Consistent
from shared.contracts.need import Consent, Deadline, HalfDay, ReferencePoint, StatedNeed, WantedSection
from shared.contracts.offer import OfferTerms
from shared.contracts.vacancy import (
    Accessibility,
    Contact,
    DayCapacity,
    Exclusion,
    OpeningHours,
    PriceLine,
    StatedVacancy,
)

_STRICT = ConfigDict(frozen=True, extra="forbid")


class GeoPoint(Draft):
    """A point as people's systems have it: WGS 84 degrees. Intake turns it into metres, and a citizen's into a cell."""

    latitude: float = Field(ge=54.0, le=58.5, description="Degrees north, WGS 84", json_schema_extra=unit("°"))
    longitude: float = Field(ge=7.5, le=15.7, description="Degrees east, WGS 84", json_schema_extra=unit("°"))


class _PriceLine(PriceLine, Consistent):
    model_config = _STRICT
    rule = staticmethod(contradictions.in_price_line)

    valid_from: Day | None = None
    valid_to: Day | None = None


class _DayCapacity(DayCapacity):
    model_config = _STRICT


class _Contact(Contact):
    model_config = _STRICT

    web: WebAddress | None = Field(default=None, description="URL of the place's own page, http or https")


class _OpeningHours(OpeningHours, Consistent):
    model_config = _STRICT
    rule = staticmethod(contradictions.in_opening_hours)


class _Exclusion(Exclusion):
    model_config = _STRICT

    code: KnownTargetGroup


class _Accessibility(Accessibility):
    model_config = _STRICT


class VacancyDraft(StatedVacancy, Consistent):
    """A vacancy as an offer states it. `reference` is the sender's own name for it; the same again is a change of the same vacancy."""

    model_config = _STRICT
    rule = staticmethod(contradictions.in_vacancy)

    offer_id: EntityId = Field(description="Whose place it is")
    reference: EntityId | None = Field(default=None, description="The sender's own reference; unique per partner")
    municipality: KnownMunicipality | None = Field(
        default=None, description="Kommune of the place itself, where it lies elsewhere than its offer"
    )
    point: GeoPoint | None = Field(default=None, description="Where the place itself lies, WGS 84; instead of `location`")
    kinds: KnownOfferKinds = ()
    sections: KnownSections = ()
    target_groups: KnownTargetGroups = ()
    gender_rule: KnownGenderRule | None = None
    reserved_for_municipalities: KnownMunicipalities = ()
    staffed_levels: KnownLevels = Field(default_factory=dict)
    cannot_take: tuple[_Exclusion, ...] = ()
    night_staff: KnownNightStaff | None = None
    accessibility: _Accessibility = _Accessibility()
    equipment: KnownEquipments = ()
    languages: KnownLanguages = ()
    opening_hours: tuple[_OpeningHours, ...] = ()
    services: KnownServices = ()
    activities: KnownActivities = ()
    work_tasks: KnownWorkTasks = ()
    access: KnownAccess = ()
    day_capacity: tuple[_DayCapacity, ...] = ()
    price_lines: tuple[_PriceLine, ...] = ()
    available_from: Day | None = None
    available_until: Day | None = None
    contact: _Contact | None = None


class OfferDraft(OfferTerms, Consistent):
    """An offer as it states itself."""

    model_config = _STRICT
    rule = staticmethod(contradictions.in_offer)

    kinds: KnownOfferKinds = ()
    sections: KnownSections = ()
    ownership: KnownOwnership | None = None
    approval_authority: KnownApprovalAuthority | None = None
    municipality: KnownMunicipality
    point: GeoPoint | None = Field(default=None, description="Where it lies, WGS 84; instead of `location`")
    contact: _Contact | None = None


class _WantedSection(WantedSection):
    model_config = _STRICT

    section: KnownSection


class _ReferencePoint(ReferencePoint):
    model_config = _STRICT


class _Deadline(Deadline):
    model_config = _STRICT

    date: Day


class _HalfDay(HalfDay):
    model_config = _STRICT


class _Consent(Consent):
    model_config = _STRICT

    given_on: Day | None = None


class NeedDraft(StatedNeed, Consistent):
    """A need as a caseworker states it. Required: handlekommune, one section, birth year, primary target group."""

    model_config = _STRICT
    rule = staticmethod(contradictions.in_need)

    source_reference: EntityId | None = Field(
        default=None, description="The case system's own reference; unique per municipality; stays in intake"
    )
    handlekommune: KnownMunicipality
    betalingskommune: KnownMunicipality | None = None
    sections: tuple[_WantedSection, ...] = Field(min_length=1, max_length=8)
    primary_target_group: KnownTargetGroup
    further_target_groups: KnownTargetGroups = ()
    services: KnownServices = ()
    activities: KnownActivities = ()
    work_tasks: KnownWorkTasks = ()
    levels: KnownLevels = Field(default_factory=dict)
    half_days: tuple[_HalfDay, ...] = Field(default=(), max_length=14)
    transport: KnownTransport | None = None
    access_needs: KnownAccessNeeds = ()
    equipment_needs: KnownEquipments = ()
    languages: KnownLanguages = ()
    points_of_reference: tuple[_ReferencePoint, ...] = Field(default=(), max_length=3)
    start_from: Day | None = None
    start_by: Day | None = None
    waiting_since: Day | None = None
    deadline: _Deadline | None = None
    consent: _Consent | None = None
