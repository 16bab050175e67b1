"""Vacancies of the simulated market: free places of one offer, with prices, days and whom they are for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from deploy.simulate.chance import Chance
from deploy.simulate.houses import hours, house_of, with_supplements
from deploy.simulate.market import SectionMarket, market
from deploy.simulate.offers import contact
from shared.contracts.drafts import VacancyDraft
from shared.contracts.vacancy import PriceLine

if TYPE_CHECKING:
    from deploy.simulate.offers import Offer

_VAT_PERCENT = 125
_WORKDAYS = range(1, 6)
_HALVES = ("morning", "afternoon")


def make_vacancy(seed: int, prefix: str, number: int, offer: Offer, day: date) -> VacancyDraft:
    """Make one vacancy of an offer, as it stood when it was first posted.

    Args:
        seed: of the market.
        prefix: of ids and references.
        number: of the vacancy.
        offer: whose places these are.
        day: what its dates are reckoned from.
    """
    chance = Chance(seed, f"vacancy/{number}")
    reference = f"{prefix}-v{number:06d}"
    words = offer.market
    if not isinstance(words, SectionMarket):
        return _open_door(reference, number, chance, offer)
    habits = market().habits
    total = chance.log_normal(words.places_total)
    free = min(total, chance.weighted(habits.places_free))
    age_from, age_to = chance.one(words.age_ranges)
    stated = {
        "offer_id": offer.offer_id,
        "reference": reference,
        "title_da": chance.one(words.titles),
        "text_da": chance.one(words.texts).format(total=total),
        "kinds": offer.draft.kinds,
        "sections": offer.draft.sections,
        "places_free": free,
        "places_total": total,
        "target_groups": () if chance.percent(habits.target_groups_not_stated) else _target_groups(offer, chance),
        "age_from": age_from,
        "age_to": age_to,
        "gender_rule": chance.one(words.gender_rules) if words.gender_rules else None,
        "services": (*words.services, *chance.some(words.further_services, 1, 4)),
        "activities": chance.some(words.activities, 2, 4),
        "work_tasks": chance.some(words.work_tasks, 1, 3),
        "access": chance.one(words.access),
        "day_capacity": _day_capacity(free, chance) if words.day_offer else (),
        "price_lines": with_supplements(seed, number, words, _price_list(words, offer, chance), day),
        "available_from": None if chance.percent(habits.free_now) else day + timedelta(days=chance.between(7, 120)),
        "contact": contact(offer.offer_id, number),
    }
    return VacancyDraft.model_validate(stated | house_of(seed, number, offer, words, stated))


def change_vacancy(seed: int, number: int, draft: VacancyDraft, revision: int) -> VacancyDraft:
    """Make what an offer says of the same vacancy later: other places free, another price, another date."""
    chance = Chance(seed, f"vacancy/{number}/revision/{revision}")
    total = draft.places_total
    if total is None:
        return draft.model_copy(update={"text_da": f"{draft.text_da} Nyt i uge {revision % 52 + 1}."})
    free = chance.between(0, min(3, total - draft.places_held))
    changes: dict[str, object] = {"places_free": free}
    for kind in ("places_sheltered", "places_flexible"):
        if getattr(draft, kind) is not None:
            changes[kind] = min(free, getattr(draft, kind))
    if draft.price_lines and chance.percent(25):
        changes["price_lines"] = tuple(
            line.model_copy(update={"amount_dkk": line.amount_dkk * 102 // 100}) for line in draft.price_lines
        )
    if draft.available_from is not None and chance.percent(50):
        changes["available_from"] = draft.available_from + timedelta(days=chance.between(1, 14))
    return draft.model_copy(update=changes)


def _target_groups(offer: Offer, chance: Chance) -> tuple[str, ...]:
    if offer.profile is None:
        return ()
    return (*offer.profile.primary, *chance.some(offer.profile.further, 0, 3))


def _day_capacity(free: int, chance: Chance) -> tuple[dict[str, object], ...]:
    return tuple(
        {"weekday": weekday, "half": half, "places_free": chance.between(0, free)} for weekday in _WORKDAYS for half in _HALVES
    )


def _price_list(words: SectionMarket, offer: Offer, chance: Chance) -> tuple[PriceLine, ...]:
    return () if chance.percent(market().habits.price_not_stated) else _price_lines(words, offer, chance)


def _price_lines(words: SectionMarket, offer: Offer, chance: Chance) -> tuple[PriceLine, ...]:
    """Write a price list: a residence has one line, a day offer sells its days, dearer by the day the fewer they are."""
    net = chance.log_normal(words.price)
    if not words.day_offer:
        return (PriceLine(label_da="Døgntakst", amount_dkk=net, unit=words.price.unit),)
    habits = market().habits
    month = net * habits.opening_days_a_month
    three, two = month * habits.days_three_percent_of_full // 100, month * habits.days_one_to_two_percent_of_full // 100
    lines = (
        PriceLine(label_da="Fuld plads, pr. åbningsdag", amount_dkk=net, unit=words.price.unit),
        PriceLine(label_da="3 dage om ugen", days_a_week=3, amount_dkk=three, unit="month"),
        PriceLine(label_da="1-2 dage om ugen", days_a_week=2, amount_dkk=two, unit="month"),
    )
    return tuple(_with_vat(line) for line in lines) if offer.private else lines


def _with_vat(line: PriceLine) -> PriceLine:
    return line.model_copy(update={"amount_dkk": round(line.amount_dkk * _VAT_PERCENT / 100), "vat_included": True})


def _open_door(reference: str, number: int, chance: Chance, offer: Offer) -> VacancyDraft:
    """State an open door: no section, nothing counted, come as you are."""
    words = market().open_doors
    return VacancyDraft.model_validate(
        {
            "offer_id": offer.offer_id,
            "reference": reference,
            "title_da": chance.one(words.titles),
            "text_da": chance.one(words.texts),
            "kinds": offer.draft.kinds,
            "services": words.services,
            "activities": chance.some(words.activities, 2, 5),
            "access": ("self_referral",),
            "day_capacity": [{"weekday": weekday, "half": "afternoon"} for weekday in _WORKDAYS],
            "opening_hours": hours(words.opening_hours, chance),
            "languages": ("da",),
            "contact": contact(offer.offer_id, number),
        }
    )
