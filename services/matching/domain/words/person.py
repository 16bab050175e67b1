"""What is said of the rules about who the citizen is: age, target group, gender, and what a place cannot take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.words.saying import Reason, Words, concepts, reason, sections

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.matching.domain.facts import AgeRange
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

_GENDERS: Final = {"women": ("kvinder", "women"), "men": ("mænd", "men")}


def age_not_stated() -> Words:
    return Words("Pladsen har ikke oplyst aldersgrænser.", "The place has not stated age limits.")


def age_outside(age: AgeRange, vacancy: Vacancy) -> Reason:
    limits, years = _limits(vacancy), _age(age)
    if vacancy.age_from is not None and age.oldest < vacancy.age_from:
        change = (f"Pladsen tager fra {age.oldest} år", f"The place takes people from {age.oldest}")
    else:
        change = (f"Pladsen tager til {age.youngest} år", f"The place takes people up to {age.youngest}")
    return reason(
        f"Borgeren er {years.da}; pladsen er {limits.da}.", f"The citizen is {years.en}; the place is {limits.en}.", *change
    )


def age_at_the_edge(age: AgeRange, vacancy: Vacancy) -> Words:
    limits, years = _limits(vacancy), _age(age)
    return Words(
        f"Borgeren er {years.da}, og pladsen er {limits.da}: fødselsåret alene afgør det ikke.",
        f"The citizen is {years.en} and the place is {limits.en}: the year of birth alone does not decide.",
    )


def pension_age_unknown(common: Collection[str]) -> Words:
    return Words(
        f"{sections(common)} er for personer under folkepensionsalderen, og fødselsåret alene afgør det ikke.",
        f"{sections(common)} is for people under the state pension age, and the year of birth alone does not decide.",
    )


def pension_age_reached(need: NeedProfile, common: Collection[str]) -> Reason:
    return reason(
        f"{sections(common)} er kun for personer under folkepensionsalderen; født {need.birth_year} har nået den.",
        f"{sections(common)} is only for people under the state pension age; born in {need.birth_year} has reached it.",
        "Søg efter en anden paragraf, f.eks. § 104",
        "Look under another section, e.g. § 104",
    )


def target_groups_not_stated() -> Words:
    return Words("Pladsen har ikke oplyst målgrupper.", "The place has not stated its target groups.")


def section_age_outside(age: AgeRange, common: Collection[str], limits: Iterable[tuple[int, int]]) -> Reason:
    years, ages = _age(age), " / ".join(f"{least}-{most}" for least, most in limits)
    return reason(
        f"Borgeren er {years.da}; {sections(common)} er for {ages} år.",
        f"The citizen is {years.en}; {sections(common)} is for ages {ages}.",
        "Søg efter en paragraf, der er for borgerens alder",
        "Look under a section that is for the citizen's age",
    )


def section_age_at_the_edge(age: AgeRange, common: Collection[str]) -> Words:
    years = _age(age)
    return Words(
        f"Borgeren er {years.da}: fødselsåret alene afgør ikke, om {sections(common)} er for borgerens alder.",
        f"The citizen is {years.en}: the year of birth alone does not decide whether {sections(common)} is for that age.",
    )


def other_target_group(need: NeedProfile, vacancy: Vacancy, added: str | None) -> Reason:
    """Say whom the place is for; `added` is the target group that the need could name too, None where that would not help."""
    wanted = concepts((need.primary_target_group, *need.further_target_groups))
    offered = concepts(vacancy.target_groups)
    da = f"Borgerens målgruppe er {wanted.da}; pladsen er for {offered.da}."
    en = f"The citizen's target group is {wanted.en}; the place is for {offered.en}."
    if added is None:
        return reason(da, en)
    one = concepts((added,))
    return reason(
        da,
        en,
        f"Tilføj {one.da} som yderligere målgruppe, hvis den passer",
        f"Add {one.en} as a further target group, if it fits",
    )


def never_taken(codes: Iterable[str]) -> Reason:
    groups = concepts(codes)
    return reason(
        f"Pladsen kan ikke tage: {groups.da}.",
        f"The place cannot take: {groups.en}.",
        "Stedet ændrer, hvad det kan rumme",
        "The place changes what it can take",
    )


def taken_after_asking(codes: Iterable[str]) -> Words:
    groups = concepts(codes)
    return Words(f"Spørg stedet først om: {groups.da}.", f"Ask the place first about: {groups.en}.")


def gender_of_need_unknown(rule: str) -> Words:
    da, en = _GENDERS[rule]
    return Words(f"Pladsen er kun for {da}; behovet oplyser ikke køn.", f"The place is for {en} only; the need states no gender.")


def gender_rule_unknown() -> Words:
    return Words(
        "Pladsen har ikke oplyst, om den kun tager ét køn.", "The place has not stated whether it takes one gender only."
    )


def other_gender(rule: str) -> Reason:
    da, en = _GENDERS[rule]
    return reason(
        f"Pladsen er kun for {da}.", f"The place is for {en} only.", "Pladsen tager alle køn", "The place takes every gender"
    )


def _limits(vacancy: Vacancy) -> Words:
    if vacancy.age_to is None:
        return Words(f"fra {vacancy.age_from} år", f"from {vacancy.age_from} years")
    if vacancy.age_from is None:
        return Words(f"til {vacancy.age_to} år", f"up to {vacancy.age_to} years")
    return Words(f"{vacancy.age_from}-{vacancy.age_to} år", f"{vacancy.age_from}-{vacancy.age_to} years")


def _age(age: AgeRange) -> Words:
    if age.youngest == age.oldest:
        return Words(f"{age.oldest} år", f"{age.oldest} years old")
    return Words(f"{age.youngest} eller {age.oldest} år", f"{age.youngest} or {age.oldest} years old")
