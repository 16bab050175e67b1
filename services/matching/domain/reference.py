"""The reference scorer: slow, obvious, and read beside the policy. The columns of `state.py` are proven equal to it.

First every hard rule, each by itself; then every part of the fit. Integers only: distances in whole metres, prices in
sixtieths of a krone, ages in whole years, so that every machine and PostgreSQL come to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Final, assert_never

from services.matching.domain import facts, words
from services.matching.domain.facts import PensionAge
from services.matching.domain.terms import PARTS, RULES, UNKNOWN_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.matching.domain.terms import Terms
    from services.matching.domain.words import Reason, Words
    from shared.contracts.need import NeedProfile
    from shared.contracts.settings import PartCode, RuleCode
    from shared.contracts.vacancy import Vacancy

METRES_A_KM: Final = 1000


@dataclass(frozen=True, slots=True)
class Holds:
    """The rule is met."""


@dataclass(frozen=True, slots=True)
class Fails:
    """The rule is not met, and this is why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The rule cannot be judged: it does not exclude, it is shown."""

    words: Words


Verdict = Holds | Fails | NotKnown


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one part. `known` False: they are the policy's points for missing information."""

    points: int
    known: bool
    words: Words


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that can be said of one pair. The score is the sum of the parts, whether the pair is eligible or not."""

    failed: Mapping[RuleCode, Reason]
    unknown: Mapping[str, Words]
    parts: Mapping[PartCode, Points]

    @property
    def eligible(self) -> bool:
        return not self.failed

    @property
    def score(self) -> int:
        return sum(part.points for part in self.parts.values())


def assess(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Assessment:
    """Judge one pair by every rule and give the points of every part."""
    verdicts = {code: _JUDGES[code](need, vacancy, terms) for code in RULES if terms.applies(code)}
    parts = {code: _MEASURES[code](need, vacancy, terms) for code in PARTS if code in terms.parts}
    unknown: dict[str, Words] = {code: verdict.words for code, verdict in verdicts.items() if isinstance(verdict, NotKnown)}
    for code, part in parts.items():
        if not part.known:
            unknown.setdefault(code, part.words)
    unknown = {code: unknown[code] for code in UNKNOWN_CODES if code in unknown}
    return Assessment(
        failed={code: verdict.reason for code, verdict in verdicts.items() if isinstance(verdict, Fails)},
        unknown=unknown,
        parts=parts,
    )


# --- the hard rules ---------------------------------------------------------------------------------------------------


def _status(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if need.status != "open":
        return Fails(words.need_closed())
    return Holds() if vacancy.status == "open" else Fails(words.vacancy_closed(vacancy))


def _not_matched(_need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    return Fails(words.never_matched(vacancy)) if facts.never_matched(vacancy, terms.never_matched_sections) else Holds()


def _section(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    wanted = facts.sections(need)
    return Fails(words.other_section(wanted, vacancy.sections)) if wanted.isdisjoint(vacancy.sections) else Holds()


def _age(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Fails only where every age that the person may have lies outside the place's limits."""
    if vacancy.age_from is None and vacancy.age_to is None:
        return NotKnown(words.age_not_stated())
    age = facts.age_range(need, terms.today)
    too_young = vacancy.age_from is not None and age.oldest < vacancy.age_from
    too_old = vacancy.age_to is not None and age.youngest > vacancy.age_to
    if too_young or too_old:
        return Fails(words.age_outside(age, vacancy))
    at_lower_edge = vacancy.age_from is not None and age.youngest < vacancy.age_from
    at_upper_edge = vacancy.age_to is not None and age.oldest > vacancy.age_to
    return NotKnown(words.age_at_the_edge(age, vacancy)) if at_lower_edge or at_upper_edge else Holds()


def _pension_age(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that need and place share is one for people under the pension age."""
    common = facts.sections(need).intersection(vacancy.sections)
    if not common or not common <= terms.pension_age_sections:
        return Holds()
    match facts.pension_age(need, terms):
        case PensionAge.NOT_REACHED:
            return Holds()
        case PensionAge.UNKNOWN:
            return NotKnown(words.pension_age_unknown(common))
        case PensionAge.REACHED:
            return Fails(words.pension_age_reached(need, common))
        case never:
            assert_never(never)


def _target_group(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if not vacancy.target_groups:
        return NotKnown(words.target_groups_not_stated())
    wanted = facts.target_groups(need)
    return Fails(words.other_target_group(need, vacancy)) if wanted.isdisjoint(vacancy.target_groups) else Holds()


def _gender(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """Unknown only where it could matter: the place takes one gender, or the need states one and the place no rule."""
    match vacancy.gender_rule:
        case "everyone":
            return Holds()
        case "women" | "men" as rule:
            taken = "woman" if rule == "women" else "man"
            if need.gender is None:
                return NotKnown(words.gender_of_need_unknown(rule))
            return Holds() if need.gender == taken else Fails(words.other_gender(rule))
        case _:  # none stated, or a code that this build does not know
            return Holds() if need.gender is None else NotKnown(words.gender_rule_unknown())


def _capacity(_need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if vacancy.places_free is None:
        return NotKnown(words.places_uncounted())
    return Holds() if vacancy.places_free > 0 else Fails(words.no_place_free())


def _dates(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    start = facts.first_possible_start(need, vacancy, terms.today)
    if vacancy.available_until is not None and vacancy.available_until < start:
        return Fails(words.ends_before_start(start, vacancy.available_until))
    return Holds()


def _distance(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if need.max_distance_km is None:
        return Holds()
    square_m2 = facts.nearest_square_m2(need, vacancy)
    if square_m2 is None:
        return NotKnown(words.distance_unknown(need.max_distance_km))
    if square_m2 <= (need.max_distance_km * METRES_A_KM) ** 2:
        return Holds()
    return Fails(words.too_far(_ceil_sqrt(square_m2), need.max_distance_km))


def _ruled_out(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    for entry in need.ruled_out:
        this_opening = entry.opening is None or entry.opening == vacancy.opening
        still = entry.until is None or entry.until >= terms.today
        if entry.vacancy_id == vacancy.vacancy_id and this_opening and still:
            return Fails(words.ruled_out(entry))
    return Holds()


def _price(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Fails only where every line that holds on the day is above the ceiling."""
    if need.price_ceiling_dkk_per_month is None:
        return Holds()
    ceiling = need.price_ceiling_dkk_per_month * facts.PRICE_UNIT
    price = facts.price_range(vacancy, terms.today)
    if price.lowest is not None and price.highest is not None and not price.open_ended:
        if price.highest <= ceiling:
            return Holds()
        if price.lowest > ceiling:
            return Fails(words.too_dear(price.lowest, need.price_ceiling_dkk_per_month))
    return NotKnown(words.price_unknown(need.price_ceiling_dkk_per_month))


_JUDGES: Final[Mapping[RuleCode, Callable[[NeedProfile, Vacancy, Terms], Verdict]]] = {
    "status": _status,
    "not_matched": _not_matched,
    "section": _section,
    "age": _age,
    "pension_age": _pension_age,
    "target_group": _target_group,
    "gender": _gender,
    "capacity": _capacity,
    "dates": _dates,
    "distance": _distance,
    "ruled_out": _ruled_out,
    "price": _price,
}


# --- the parts of the fit ---------------------------------------------------------------------------------------------


def _services(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """The share of the wanted services that the place gives, rounded down: 2 of 3 at most 40 points are 26."""
    part = terms.parts["services"]
    if not need.services or not vacancy.services:
        return Points(part.points_when_unknown, known=False, words=words.services_unknown(need))
    given = [code for code in need.services if code in vacancy.services]
    missing = [code for code in need.services if code not in vacancy.services]
    return Points(part.max_points * len(given) // len(need.services), known=True, words=words.services_given(given, missing))


def _target_group_points(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    part = terms.parts["target_group"]
    if not vacancy.target_groups:
        return Points(part.points_when_unknown, known=False, words=words.target_groups_not_stated())
    if need.primary_target_group in vacancy.target_groups:
        return Points(part.max_points, known=True, words=words.primary_target_group(need))
    further = [code for code in need.further_target_groups if code in vacancy.target_groups]
    if not further:
        return Points(0, known=True, words=words.no_target_group())
    points = part.max_points * terms.policy.further_target_group_percent // 100
    return Points(points, known=True, words=words.further_target_group(further))


def _travel(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """Evenly fewer with each metre between the two distances, rounded down; the distance is whole metres, rounded down."""
    part, policy = terms.parts["travel"], terms.policy
    square_m2 = facts.nearest_square_m2(need, vacancy)
    if square_m2 is None:
        return Points(part.points_when_unknown, known=False, words=words.travel_unknown(need))
    metres = isqrt(square_m2)
    full, none = policy.travel_full_points_km * METRES_A_KM, policy.travel_no_points_km * METRES_A_KM
    if metres <= full:
        points = part.max_points
    elif metres >= none:
        points = 0
    else:
        points = part.max_points * (none - metres) // (none - full)
    return Points(points, known=True, words=words.travel(metres))


def _start(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """Evenly fewer for each day after the wanted start, rounded down."""
    part, days = terms.parts["start"], terms.policy.start_no_points_days
    start = facts.first_possible_start(need, vacancy, terms.today)
    late = max(0, (start - facts.wanted_start(need, terms.today)).days)
    return Points(part.max_points * (days - min(late, days)) // days, known=True, words=words.start(start, late))


_MEASURES: Final[Mapping[PartCode, Callable[[NeedProfile, Vacancy, Terms], Points]]] = {
    "services": _services,
    "target_group": _target_group_points,
    "travel": _travel,
    "start": _start,
}


def _ceil_sqrt(square: int) -> int:
    root = isqrt(square)
    return root if root * root == square else root + 1
