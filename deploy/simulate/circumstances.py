"""What a simulated caseworker knows of a citizen beside what is wanted: levels, half-days, who comes along, the ground to share it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from deploy.simulate.chance import Chance
from deploy.simulate.market import SectionMarket, market
from deploy.simulate.offers import population

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.simulate.market import Profile

_MOST_REDUCED = 4
_MONTHS_AHEAD = 24
_A_YEAR = 12
_DAYS_A_MONTH = 30
_BIRTHDAYS = {"turns_18": 18, "turns_36": 36}
_CHOOSES = "SEL-108"
"""The section under which the citizen may choose another place than the kommune's."""


def circumstances(
    seed: int, number: int, profile: Profile, birth_year: int, *, sections: Sequence[str], day: date
) -> dict[str, Any]:
    """Say the rest of a need.

    Args:
        seed: of the market.
        number: of the need.
        profile: of the citizen.
        birth_year: of the citizen.
        sections: that are wanted, the first first.
        day: what dates are reckoned from.
    """
    chance = Chance(seed, f"need/{number}/circumstances")
    habits = market().habits
    words = [market().sections[section] for section in sections]
    residence = not words[0].day_offer
    return {
        "betalingskommune": chance.weighted(population()) if chance.percent(habits.need_paid_by_another_municipality) else None,
        "levels": {} if chance.percent(habits.need_levels_not_assessed) else _levels(profile, chance),
        **_half_days(chance, day_offer=all(one.day_offer for one in words)),
        "transport": chance.weighted(habits.need_transport),
        "partner_comes_along": _rarely(habits.need_brings_partner, chance) if residence else None,
        "children_come_along": 1 if residence and chance.percent(habits.need_brings_children) else None,
        "pets_come_along": _rarely(habits.need_brings_pets, chance) if residence else None,
        "access_needs": profile.access_needs if chance.percent(habits.need_access_needs_stated) else (),
        "equipment_needs": chance.some(profile.equipment, 1, 1) if chance.percent(habits.need_equipment_needs_stated) else (),
        "languages": ("da", *(profile.languages if chance.percent(30) else ())),
        "deadline": _deadline(day, chance) if chance.percent(habits.need_with_deadline) else None,
        "reference_price_dkk_per_month": _reference_price(market().sections[_CHOOSES], chance)
        if _CHOOSES in sections and chance.percent(habits.need_with_reference_price)
        else None,
        "consent": _consent(day, chance),
        "note_da": chance.one(market().notes.words) if chance.percent(habits.need_with_note) else None,
        **_months(birth_year, day, chance),
    }


def _levels(profile: Profile, chance: Chance) -> dict[str, int]:
    """Assess some of what is typical; the rest stays ikke vurderet."""
    assessed = chance.some(tuple(profile.levels), 2, len(profile.levels))
    return {theme: max(0, min(_MOST_REDUCED, profile.levels[theme] + chance.between(-1, 1))) for theme in assessed}


def _half_days(chance: Chance, *, day_offer: bool) -> dict[str, Any]:
    if not day_offer or not chance.percent(market().habits.need_half_days_stated):
        return {}
    days = chance.some(range(1, 6), 3, 5)
    halves = chance.one((("morning",), ("morning", "afternoon")))
    would_do = [{"weekday": day, "half": half} for day in sorted(days) for half in halves]
    return {"half_days": would_do, "half_days_a_week": chance.between(2, min(4, len(would_do)))}


def _rarely(percent: int, chance: Chance) -> bool | None:
    """Say yes rarely, no sometimes, and mostly nothing."""
    return chance.weighted(((True, percent), (False, 30), (None, 70 - percent)))


def _deadline(day: date, chance: Chance) -> dict[str, Any]:
    return {"date": day + timedelta(days=chance.between(14, 120)), "source": chance.one(market().deadline_sources.words)}


def _reference_price(words: SectionMarket, chance: Chance) -> int:
    """Give what the kommune's own place costs a month, in whole hundreds."""
    return min(chance.log_normal(words.price), words.price.p90) * _DAYS_A_MONTH // 100 * 100


def _consent(day: date, chance: Chance) -> dict[str, Any] | None:
    basis = chance.weighted(market().habits.need_consent)
    if basis is None:
        return None
    return {"basis": basis, "given_on": day - timedelta(days=chance.between(1, 200)) if basis == "consent" else None}


def _months(birth_year: int, day: date, chance: Chance) -> dict[str, str]:
    """Tell the month of a birthday that matters within two years, as a case system would that knows the date."""
    month = chance.between(1, _A_YEAR)
    ages = dict(_BIRTHDAYS)
    ages["reaches_pension_age"] = max((born, years) for born, years in market().pension_ages.items() if born <= birth_year)[1]
    now = day.year * _A_YEAR + day.month
    return {
        name: f"{birth_year + years}-{month:02d}"
        for name, years in ages.items()
        if now <= (birth_year + years) * _A_YEAR + month <= now + _MONTHS_AHEAD
    }
