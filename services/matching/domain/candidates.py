"""Which places would be proposed to which needs, and with how many points: every pair, by the reference's own rules and parts."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Final

from services.matching.domain import facts
from services.matching.domain.assigning import Contest
from services.matching.domain.fit import MEASURES
from services.matching.domain.rules import JUDGES
from services.matching.domain.terms import RULES
from services.matching.domain.verdicts import Fails
from shared.priority import priority

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


_ANY: Final = ""
"""In place of a target group: places that state none; all places, where the policy does not ask for one in common."""

UNCOUNTED: Final = 1
"""So many people a place counts for that does not say how many it can take: it can be asked for one."""


def contest(needs: Collection[NeedProfile], vacancies: Collection[Vacancy], terms: Terms) -> Contest:
    """Put the needs in the order of the queue on the day, and count the places that are free.

    Each need counts by itself, also where two are one person's: they may compete, and both may be given a place.
    """
    queue = sorted(needs, key=lambda need: priority(need, terms.today, terms.policy.priority).key)
    free = {place.vacancy_id: UNCOUNTED if place.places_free is None else place.places_free for place in vacancies}
    return Contest(tuple(need.need_id for need in queue), candidates(needs, vacancies, terms), free)


def candidates(needs: Collection[NeedProfile], vacancies: Collection[Vacancy], terms: Terms) -> dict[str, dict[str, int]]:
    """Give by need the points of each place that would be proposed to it, however many: not only the best K.

    Only pairs that share a section, and may share a target group, are looked at: the others fail those rules, and are nearly all.
    """
    shelves: defaultdict[tuple[str, str], list[Vacancy]] = defaultdict(list)
    by_group = terms.applies("target_group")
    for vacancy in vacancies:
        for shelf in product(vacancy.sections, (by_group and vacancy.target_groups) or (_ANY,)):
            shelves[shelf].append(vacancy)
    found: dict[str, dict[str, int]] = {}
    for need in needs:
        wanted = product(facts.sections(need), (_ANY, *(facts.target_groups(need) if by_group else ())))
        places = {place.vacancy_id: place for shelf in wanted for place in shelves.get(shelf, ())}
        scored = {vacancy_id: proposed_points(need, place, terms) for vacancy_id, place in places.items()}
        found[need.need_id] = {vacancy_id: points for vacancy_id, points in scored.items() if points is not None}
    return found


def proposed_points(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> int | None:
    """Give the score of a pair; None where a rule fails, at the first that does, or where it is below the threshold."""
    if any(isinstance(JUDGES[code](need, vacancy, terms), Fails) for code in RULES if terms.applies(code)):
        return None
    points = sum(MEASURES[code](need, vacancy, terms).points for code in terms.parts)
    return points if points >= terms.policy.threshold else None
