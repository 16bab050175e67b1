"""Who the citizen is: age, target group, gender, and what a place cannot take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from services.matching.domain import facts
from services.matching.domain.changes import on_need, on_vacancy, sections_to_add
from services.matching.domain.facts import PensionAge
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import person as words
from shared.contracts.need import WantedSection
from shared.contracts.vacancy import Exclusion

if TYPE_CHECKING:
    from services.matching.domain.changes import Step
    from services.matching.domain.facts import AgeRange
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


_OLDEST_LIMIT: Final = 120


def age(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Fails only where every age that the person may have lies outside the place's limits."""
    if vacancy.age_from is None and vacancy.age_to is None:
        return NotKnown(words.age_not_stated())
    age = facts.age_range(need, terms.today)
    too_young = vacancy.age_from is not None and age.oldest < vacancy.age_from
    too_old = vacancy.age_to is not None and age.youngest > vacancy.age_to
    if too_young or too_old:
        return Fails(words.age_outside(age, vacancy).by(*_ages_let_in(age, too_young=too_young, too_old=too_old)))
    at_lower_edge = vacancy.age_from is not None and age.youngest < vacancy.age_from
    at_upper_edge = vacancy.age_to is not None and age.oldest > vacancy.age_to
    return NotKnown(words.age_at_the_edge(age, vacancy)) if at_lower_edge or at_upper_edge else Holds()


def _ages_let_in(age: AgeRange, *, too_young: bool, too_old: bool) -> tuple[Step, ...]:
    """Move the place's limits to the nearest age that the person may have; a limit may be any age from 0 to 120."""
    if age.oldest < 0 or age.youngest > _OLDEST_LIMIT:
        return ()
    lower = on_vacancy(age_from=age.oldest) if too_young else ()
    upper = on_vacancy(age_to=age.youngest) if too_old else ()
    return (*lower, *upper)


def pension_age(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
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
            others = [code for code in sections_to_add(need, vacancy, terms) if code not in terms.pension_age_sections]
            return Fails(words.pension_age_reached(need, common).by(*_first_added(need, others)))
        case never:
            assert_never(never)


def _first_added(need: NeedProfile, sections: list[str]) -> tuple[Step, ...]:
    """Name another section of the place in the need; nothing where the place has none that helps."""
    if not sections:
        return ()
    return on_need(sections=(*need.sections, WantedSection(section=sections[0])))


def target_group(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if not vacancy.target_groups:
        return NotKnown(words.target_groups_not_stated())
    wanted = facts.target_groups(need)
    if not wanted.isdisjoint(vacancy.target_groups):
        return Holds()
    never = {one.code for one in vacancy.cannot_take if one.strength == "absolute"}
    # Not one that the place says it cannot take: that would only exchange one rule for another.
    added = next((code for code in vacancy.target_groups if code not in never), None)
    if added is None:
        return Fails(words.other_target_group(need, vacancy, None))
    further = tuple(sorted({*need.further_target_groups, added}))
    return Fails(words.other_target_group(need, vacancy, added).by(*on_need(further_target_groups=further)))


def gender(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """Unknown only where it could matter: the place takes one gender, or the need states one and the place no rule."""
    match vacancy.gender_rule:
        case "everyone":
            return Holds()
        case "women" | "men" as rule:
            taken = "woman" if rule == "women" else "man"
            if need.gender is None:
                return NotKnown(words.gender_of_need_unknown(rule))
            return Holds() if need.gender == taken else Fails(words.other_gender(rule).by(*on_vacancy(gender_rule="everyone")))
        case _:  # none stated, or a code that this build does not know
            return Holds() if need.gender is None else NotKnown(words.gender_rule_unknown())


def section_age(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Hold if any of the sections that the two share is for every age that the person may have; fail if none is for any."""
    common = facts.common_sections(need, vacancy)
    age = facts.age_range(need, terms.today)
    limits = [terms.section_age(section) for section in sorted(common)]
    if not limits or any(least <= age.youngest and age.oldest <= most for least, most in limits):
        return Holds()
    if any(least <= age.oldest and age.youngest <= most for least, most in limits):
        return NotKnown(words.section_age_at_the_edge(age, common))
    ages = {code: terms.section_age(code) for code in sections_to_add(need, vacancy, terms)}
    others = [code for code, (least, most) in ages.items() if least <= age.oldest and age.youngest <= most]
    return Fails(words.section_age_outside(age, common, limits).by(*_first_added(need, others)))


def cannot_take(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """An absolute no to any of the citizen's target groups excludes; "ask first" is a reservation that is shown."""
    groups = facts.target_groups(need)
    hit = [exclusion for exclusion in vacancy.cannot_take if exclusion.code in groups]
    never = sorted({exclusion.code for exclusion in hit if exclusion.strength == "absolute"})
    if never:
        asking = (Exclusion(code=one.code, strength="ask_first") if one.code in never else one for one in vacancy.cannot_take)
        return Fails(words.never_taken(never).by(*on_vacancy(cannot_take=tuple(asking))))
    return NotKnown(words.taken_after_asking(sorted({exclusion.code for exclusion in hit}))) if hit else Holds()
