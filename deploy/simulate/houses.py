"""What a simulated place can do beside giving help: its house, its staff, whom it cannot take, where it lies, what comes on top."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from deploy.simulate.chance import Chance
from deploy.simulate.market import SectionMarket, Supplement, market
from deploy.simulate.offers import point_in, street_address
from shared.contracts import reference
from shared.contracts.vacancy import PriceLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy.simulate.offers import Offer

_WORKDAYS = range(1, 6)
_MOST_REDUCED = 4


def house_of(seed: int, number: int, offer: Offer, words: SectionMarket, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Say the rest of a vacancy.

    Args:
        seed: of the market.
        number: of the vacancy.
        offer: whose place it is.
        words: of its section.
        stated: what is said of the vacancy already.
    """
    chance = Chance(seed, f"vacancy/{number}/house")
    habits = market().habits
    building = words.building
    residence = not words.day_offer
    return {
        "places_sheltered": 1 if residence and stated["places_free"] and chance.percent(habits.vacancy_sheltered) else None,
        "places_flexible": stated["places_free"]
        if len(stated["sections"]) > 1 and chance.percent(habits.vacancy_flexible)
        else None,
        "reserved_for_municipalities": _neighbours(offer.draft.municipality, chance)
        if chance.percent(habits.vacancy_reserved_for_municipalities) and not words.protected
        else (),
        "reserved_for_residents": residence and chance.percent(habits.vacancy_reserved_for_residents),
        "staffed_levels": {} if chance.percent(habits.vacancy_levels_not_stated) else _staffed(offer, chance),
        "cannot_take": ()
        if chance.percent(habits.vacancy_exclusions_not_stated)
        else _exclusions(words, stated["target_groups"], chance),
        "night_staff": chance.weighted(_or_nothing(words.night_staff)) if words.night_staff else None,
        "room_for_two": _said(building.room_for_two, chance),
        "room_for_children": _said(building.room_for_children, chance),
        "pets": _said(building.pets, chance),
        "accessibility": {name: _said(shares, chance) for name, shares in building.accessibility.items()},
        "equipment": chance.some(offer.profile.equipment, 0, 3) if offer.profile else (),
        "languages": _languages(offer, chance),
        "opening_hours": hours(words.opening_hours, chance),
        **_site(offer, words, chance),
    }


def with_supplements(
    seed: int, number: int, words: SectionMarket, lines: Sequence[PriceLine], day: date
) -> list[dict[str, object]]:
    """Give a price list that is valid this year, with what comes on top."""
    if not lines:
        return []
    chance = Chance(seed, f"vacancy/{number}/supplements")
    vat = lines[0].vat_included
    more = [_supplement(one, chance, vat_included=vat) for one in words.supplements if chance.percent(one.percent)]
    year: dict[str, object] = {"valid_from": date(day.year, 1, 1), "valid_to": date(day.year, 12, 31)}
    dated = chance.percent(60)
    return [line.model_dump() | (year if dated else {}) for line in (*lines, *more)]


def hours(choices: Sequence[tuple[str, str]], chance: Chance) -> list[dict[str, object]]:
    """Give the opening hours of a week, Monday to Friday; none where nothing is known."""
    if not choices:
        return []
    opens, closes = chance.one(choices)
    return [{"weekday": weekday, "opens": opens, "closes": closes} for weekday in _WORKDAYS]


def _supplement(one: Supplement, chance: Chance, *, vat_included: bool) -> PriceLine:
    return PriceLine(
        label_da=one.label_da, kind="supplement", amount_dkk=chance.between(*one.dkk), unit=one.unit, vat_included=vat_included
    )


def _staffed(offer: Offer, chance: Chance) -> dict[str, int]:
    """Staff a place for what its people typically need, or somewhat more."""
    if offer.profile is None:
        return {}
    return {theme: min(_MOST_REDUCED, level + chance.between(0, 1)) for theme, level in offer.profile.levels.items()}


def _exclusions(words: SectionMarket, target_groups: Sequence[str], chance: Chance) -> list[dict[str, str]]:
    """Name whom the place does not take, each once, and nobody whom it is for."""
    found: dict[str, str] = {}
    for one in words.cannot_take:
        if chance.percent(one.percent) and one.group not in target_groups:
            found.setdefault(one.group, one.strength)
    return [{"code": code, "strength": strength} for code, strength in found.items()]


def _said(shares: tuple[int, int], chance: Chance) -> bool | None:
    yes, no = shares
    drawn = chance.between(1, 100)
    return True if drawn <= yes else False if drawn <= yes + no else None


def _or_nothing(weights: Sequence[tuple[str, int]]) -> list[tuple[str | None, int]]:
    return [*weights, (None, max(0, 100 - sum(weight for _, weight in weights)))]


def _languages(offer: Offer, chance: Chance) -> tuple[str, ...]:
    own = offer.profile.languages if offer.profile and chance.percent(60) else ()
    return ("da", *own, *(code for code, percent in market().habits.languages if chance.percent(percent)))


def _neighbours(municipality: str, chance: Chance) -> tuple[str, ...]:
    """Give a kommune and one or two that lie next to it, by their centroids."""
    here = reference.municipalities()[municipality]
    by_distance = sorted(
        reference.municipalities().values(),
        key=lambda other: (other.easting_m - here.easting_m) ** 2 + (other.northing_m - here.northing_m) ** 2,
    )
    return tuple(other.code for other in by_distance[: chance.between(2, 3)])


def _site(offer: Offer, words: SectionMarket, chance: Chance) -> dict[str, Any]:
    if words.protected or not chance.percent(market().habits.vacancy_on_a_site_of_its_own):
        return {}
    municipality = offer.draft.municipality
    return {"municipality": municipality, "address": street_address(chance), "location": point_in(municipality, chance)}
