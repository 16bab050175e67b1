"""What the citizen wants and the place has: services, activities and tasks, target group, languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain.verdicts import Points
from services.matching.domain.words import fit as words
from services.matching.domain.words.person import target_groups_not_stated

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def services(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """The share of the wanted services that the place gives, rounded down: 2 of 3 at most 40 points are 26."""
    part = terms.parts["services"]
    if not need.services or not vacancy.services:
        return Points(part.points_when_unknown, known=False, words=words.services_unknown(need))
    given = [code for code in need.services if code in vacancy.services]
    missing = [code for code in need.services if code not in vacancy.services]
    return Points(part.max_points * len(given) // len(need.services), known=True, words=words.services_given(given, missing))


def target_group(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    part = terms.parts["target_group"]
    if not vacancy.target_groups:
        return Points(part.points_when_unknown, known=False, words=target_groups_not_stated())
    if need.primary_target_group in vacancy.target_groups:
        return Points(part.max_points, known=True, words=words.primary_target_group(need))
    further = [code for code in need.further_target_groups if code in vacancy.target_groups]
    if not further:
        return Points(0, known=True, words=words.no_target_group())
    points = part.max_points * terms.policy.further_target_group_percent // 100
    return Points(points, known=True, words=words.further_target_group(further))


def activities(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """The share of the wished activities and tasks that the place has, rounded down; all where nothing is wished for."""
    part = terms.parts["activities"]
    wished = len(need.activities) + len(need.work_tasks)
    if not wished:
        return Points(part.max_points, known=True, words=words.wishes_not_stated())
    if not vacancy.activities and not vacancy.work_tasks:
        return Points(part.points_when_unknown, known=False, words=words.wishes_unknown())
    activity, task = _split(need.activities, vacancy.activities), _split(need.work_tasks, vacancy.work_tasks)
    met = len(activity[0]) + len(task[0])
    return Points(part.max_points * met // wished, known=True, words=words.wishes_met(activity, task))


def languages(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Points:
    """All or nothing: a language in common, where every place is taken to speak those that the policy names."""
    part = terms.parts["languages"]
    if not need.languages:
        return Points(part.max_points, known=True, words=words.languages_not_stated())
    common = (terms.assumed_languages | set(vacancy.languages)).intersection(need.languages)
    if common:
        return Points(part.max_points, known=True, words=words.languages_in_common(common))
    if not vacancy.languages:
        return Points(part.points_when_unknown, known=False, words=words.languages_unknown())
    return Points(0, known=True, words=words.no_language_in_common())


def _split(wanted: tuple[str, ...], given: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return [code for code in wanted if code in given], [code for code in wanted if code not in given]
