"""Two policies side by side over the same needs and places, in the state that a worker would hold."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from services.matching.domain.policy_effects import Effects, causes
from services.matching.state import MatchingState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.matching.domain.policy_effects import Scores
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

_NEEDS_AT_ONCE: Final = 1000


def replay(
    needs: Mapping[str, NeedProfile],
    vacancies: Mapping[str, Vacancy],
    old: Terms,
    new: Terms,
    progress: Callable[[int], None] = lambda _done: None,
) -> Effects:
    """Count what each need's list is under the old terms and under the new.

    Args:
        needs: open ones by id.
        vacancies: open ones by id.
        old: the terms to compare with.
        new: the terms to try.
        progress: told how many needs are done, now and then.
    """
    effects = Effects()
    before, after = MatchingState(old), MatchingState(new)
    for state in (before, after):
        state.change_vacancies(vacancies)
    done, left = 0, iter(needs.values())
    while some := list(islice(left, _NEEDS_AT_ONCE)):
        # The needs of one batch at a time: the columns need not hold a million of them twice.
        for state in (before, after):
            state.put_needs(some, live=True)
        for need in some:
            had, has = _scores(before, need.need_id), _scores(after, need.need_id)
            effects.add(need, had, has)
            for vacancy_id in had.keys() - has.keys():
                effects.lost_by.update(causes(need, vacancies[vacancy_id], new))
            for vacancy_id in has.keys() - had.keys():
                effects.gained_by.update(causes(need, vacancies[vacancy_id], old))
        for state in (before, after):
            state.remove_needs([need.need_id for need in some])
        done += len(some)
        progress(done)
    return effects


def _scores(state: MatchingState, need_id: str) -> Scores:
    return {place.vacancy_id: place.score for place in state.places(need_id)}
