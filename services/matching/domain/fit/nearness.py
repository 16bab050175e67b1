"""How near in space and time: travel, start, and opening hours on the half-days that are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts, half_days
from services.matching.domain.verdicts import Points
from services.matching.domain.words import days as day_words
from services.matching.domain.words import fit as words
from services.matching.domain.words.saying import METRES_A_KM

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def travel(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """Evenly fewer with each metre of the way between the two distances, rounded down; the way is whole metres, rounded down."""
    part, policy = terms.parts["travel"], terms.policy
    way = facts.shortest_way(need, vacancy, terms)
    if way is None:
        return Points(part.points_when_unknown, known=False, words=words.travel_unknown(need))
    metres = way.metres
    full, none = policy.travel_full_points_km * METRES_A_KM, policy.travel_no_points_km * METRES_A_KM
    if metres <= full:
        points = part.max_points
    elif metres >= none:
        points = 0
    else:
        points = part.max_points * (none - metres) // (none - full)
    return Points(points, known=True, words=words.travel(way))


def start(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """Evenly fewer for each day after the wanted start, rounded down."""
    part, days = terms.parts["start"], terms.policy.start_no_points_days
    start = facts.first_possible_start(need, vacancy, terms.today)
    late = max(0, (start - facts.wanted_start(need, terms.today)).days)
    return Points(part.max_points * (days - min(late, days)) // days, known=True, words=words.start(start, late))


def opening_hours(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """The share of the half-days named on which the place is open, rounded down; all where none is named."""
    part = terms.parts["opening_hours"]
    named = half_days.named(need)
    if not named:
        return Points(part.max_points, known=True, words=day_words.no_half_day_named())
    if not vacancy.opening_hours:
        return Points(part.points_when_unknown, known=False, words=day_words.hours_not_stated())
    covered = named & half_days.open_on(vacancy, terms.policy.half_day_minutes)
    points = part.max_points * covered.bit_count() // named.bit_count()
    return Points(points, known=True, words=day_words.open_on(covered, named))
