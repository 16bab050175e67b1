"""Needs of the simulated market: what a caseworker would register, coherent in section, age, target group and wishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from deploy.simulate import people
from deploy.simulate.chance import Chance
from deploy.simulate.circumstances import circumstances
from deploy.simulate.market import Profile, SectionMarket, market
from deploy.simulate.offers import point_in, population, profiles_for
from shared.contracts.drafts import NeedDraft

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHER_WAY = {"SEL-103": "SEL-104", "SEL-104": "SEL-103", "SEL-107": "SEL-108", "SEL-108": "SEL-107"}
"""What may do instead of what."""
_DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class _Case:
    """Who it is about, as far as chance has said."""

    section: str
    alternative: str | None
    profile: Profile
    birth_year: int


@cache
def _sections() -> Mapping[str, int]:
    return {section: part.needs.weight for section, part in market().sections.items()}


def make_need(seed: int, prefix: str, number: int, day: date) -> NeedDraft:
    """Make one need, as it was registered.

    Args:
        seed: of the market.
        prefix: of references.
        number: of the need.
        day: what its dates are reckoned from.
    """
    chance = Chance(seed, f"need/{number}")
    habits = market().habits
    municipality = chance.weighted(population())
    case = _case(chance, day)
    words = market().sections[case.section]
    caseworker = people.caseworker_for(municipality, number)
    more = circumstances(
        seed,
        number,
        case.profile,
        case.birth_year,
        sections=[name for name in (case.section, case.alternative) if name],
        day=day,
    )
    start = day + timedelta(days=chance.between(7, 90)) if chance.percent(50) else None
    return NeedDraft.model_validate(
        {
            "source_reference": f"{prefix}-n{number:06d}",
            "handlekommune": municipality,
            "team": caseworker.team,
            "caseworker": caseworker.person_id,
            "sections": _wanted(case, chance),
            "primary_target_group": chance.weighted(case.profile.primary),
            "further_target_groups": chance.some(case.profile.further, 0, 2),
            "birth_year": case.birth_year,
            "services": () if chance.percent(habits.need_services_not_stated) else _services(words, chance),
            "activities": chance.some(words.activities, 0, 2),
            "work_tasks": chance.some(words.work_tasks, 0, 2),
            "gender": chance.one(("woman", "man")) if words.gender_rules else None,
            "points_of_reference": [{"kind": "home", **point_in(municipality, chance)}],
            "max_distance_km": None
            if chance.percent(habits.need_without_distance_limit)
            else chance.weighted(habits.need_distances_km),
            "start_from": start,
            "start_by": start + timedelta(days=chance.between(14, 90)) if start and chance.percent(60) else None,
            "urgency": chance.weighted(habits.need_urgency),
            "waiting_since": day - timedelta(days=chance.between(0, 400)),
            "price_ceiling_dkk_per_month": _ceiling(words) if chance.percent(habits.need_with_price_ceiling) else None,
        }
        | more
    )


def change_need(seed: int, number: int, draft: NeedDraft, revision: int) -> NeedDraft:
    """Make what a caseworker says of the same need later."""
    chance = Chance(seed, f"need/{number}/revision/{revision}")
    habits = market().habits
    return draft.model_copy(
        update={
            "urgency": chance.weighted(habits.need_urgency),
            "max_distance_km": chance.weighted(habits.need_distances_km),
        }
    )


def _case(chance: Chance, day: date) -> _Case:
    section = chance.weighted(_sections())
    profile = chance.weighted(profiles_for(section))
    other = _OTHER_WAY.get(section)
    alternative = other if other in profile.sections and chance.percent(market().habits.need_has_alternative) else None
    ages = [market().sections[name].need_ages for name in (section, alternative) if name]
    youngest = max(profile.ages[0], *(low for low, _ in ages))
    oldest = min(profile.ages[1], *(high for _, high in ages))
    return _Case(section, alternative, profile, day.year - chance.between(youngest + 1, oldest))


def _wanted(case: _Case, chance: Chance) -> list[dict[str, str]]:
    decided = chance.percent(market().habits.need_decided)
    first = {"section": case.section, "basis": "decided" if decided else "expected"}
    return [first] if case.alternative is None else [first, {"section": case.alternative}]


def _services(words: SectionMarket, chance: Chance) -> tuple[str, ...]:
    return (*chance.some(words.services, 1, 2), *chance.some(words.further_services, 0, 2))


def _ceiling(words: SectionMarket) -> int:
    """Set a ceiling that half of the places pass."""
    days = market().habits.opening_days_a_month if words.price.unit == "opening_day" else _DAYS_A_MONTH
    return words.price.p50 * days
