"""What is said of each rule and part, in Danish and English, with the numbers that decide.

`Reason.change` is the smallest change that would make the rule hold, Danish first; None where nobody can change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from services.matching.domain.facts import AgeRange
    from shared.contracts.need import NeedProfile, RuledOut
    from shared.contracts.vacancy import Vacancy

_METRES_A_KM: Final = 1000
_SIXTIETHS_A_KRONE: Final = 60
_GENDERS: Final = {"women": ("kvinder", "women"), "men": ("mænd", "men")}
_CLOSED: Final = {
    "withdrawn": ("trukket tilbage", "withdrawn"),
    "filled": ("besat", "filled"),
    "expired": ("udløbet uden at være bekræftet", "expired without being confirmed"),
    None: ("lukket", "closed"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """One statement in both languages."""

    da: str
    en: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule fails, and the smallest change that would make it hold."""

    words: Words
    change: str | None


def _reason(da: str, en: str, change_da: str | None = None, change_en: str | None = None) -> Reason:
    return Reason(Words(da, en), f"{change_da} · {change_en}" if change_da else None)


# --- how single things are written ------------------------------------------------------------------------------------


def section_name(code: str) -> str:
    """`SEL-104` as people write it: § 104; other laws with their name; an unknown code as it is."""
    offer_type = reference.offer_types().get(code)
    if offer_type is None or offer_type.section is None:
        return code
    return f"§ {offer_type.section}" if code.startswith("SEL-") else f"{offer_type.law} § {offer_type.section}"


def _sections(codes: Iterable[str]) -> str:
    return ", ".join(section_name(code) for code in sorted(codes))


def _concepts(codes: Iterable[str]) -> str:
    """FFB's own Danish names; they have no official English."""
    known = reference.concepts()
    return ", ".join(known[code].label_da if code in known else code for code in codes)


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


def _km(metres: int) -> Words:
    tenths = metres // 100
    return Words(f"{tenths // 10},{tenths % 10} km", f"{tenths // 10}.{tenths % 10} km")


def _up_to_whole(amount: int, unit: int) -> int:
    return -(-amount // unit)


# --- the hard rules ---------------------------------------------------------------------------------------------------


def need_closed() -> Reason:
    return _reason("Behovet er lukket.", "The need is closed.", "Åbn behovet igen", "Open the need again")


def vacancy_closed(vacancy: Vacancy) -> Reason:
    da, en = _CLOSED[vacancy.closed_reason]
    return _reason(
        f"Pladsen er {da}.", f"The place is {en}.", "Tilbuddet melder pladsen ledig igen", "The offer announces it again"
    )


def never_matched(vacancy: Vacancy) -> Reason:
    if vacancy.open_door:
        return _reason("Åbent tilbud: kom, som du er; ingen visitation.", "An open door: come as you are; no referral is needed.")
    return _reason(
        "Pladsen foreslås aldrig (beskyttet adresse eller krisecenter): ring til stedet.",
        "The place is never proposed (protected address or crisis centre): ring the place.",
    )


def other_section(wanted: Collection[str], offered: Collection[str]) -> Reason:
    if not offered:
        return _reason(
            "Pladsen tilbydes ikke efter nogen paragraf.",
            "The place is not offered under any section.",
            "Tilbuddet oplyser pladsens paragraf",
            "The offer states the section of the place",
        )
    return _reason(
        f"Behovet er efter {_sections(wanted)}; pladsen tilbydes efter {_sections(offered)}.",
        f"The need is for {_sections(wanted)}; the place is offered under {_sections(offered)}.",
        f"Tilføj {section_name(min(offered))} til behovet",
        f"Add {section_name(min(offered))} to the need",
    )


def age_not_stated() -> Words:
    return Words("Pladsen har ikke oplyst aldersgrænser.", "The place has not stated age limits.")


def age_outside(age: AgeRange, vacancy: Vacancy) -> Reason:
    limits, years = _limits(vacancy), _age(age)
    if vacancy.age_from is not None and age.oldest < vacancy.age_from:
        change = (f"Pladsen tager fra {age.oldest} år", f"The place takes people from {age.oldest}")
    else:
        change = (f"Pladsen tager til {age.youngest} år", f"The place takes people up to {age.youngest}")
    return _reason(
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
        f"{_sections(common)} er for personer under folkepensionsalderen, og fødselsåret alene afgør det ikke.",
        f"{_sections(common)} is for people under the state pension age, and the year of birth alone does not decide.",
    )


def pension_age_reached(need: NeedProfile, common: Collection[str]) -> Reason:
    return _reason(
        f"{_sections(common)} er kun for personer under folkepensionsalderen; født {need.birth_year} har nået den.",
        f"{_sections(common)} is only for people under the state pension age; born in {need.birth_year} has reached it.",
        "Søg efter en anden paragraf, f.eks. § 104",
        "Look under another section, e.g. § 104",
    )


def target_groups_not_stated() -> Words:
    return Words("Pladsen har ikke oplyst målgrupper.", "The place has not stated its target groups.")


def other_target_group(need: NeedProfile, vacancy: Vacancy) -> Reason:
    wanted = _concepts((need.primary_target_group, *need.further_target_groups))
    offered = _concepts(vacancy.target_groups)
    first = _concepts(vacancy.target_groups[:1])
    return _reason(
        f"Borgerens målgruppe er {wanted}; pladsen er for {offered}.",
        f"The citizen's target group is {wanted}; the place is for {offered}.",
        f"Tilføj {first} som yderligere målgruppe, hvis den passer",
        f"Add {first} as a further target group, if it fits",
    )


def gender_of_need_unknown(rule: str) -> Words:
    da, en = _GENDERS[rule]
    return Words(f"Pladsen er kun for {da}; behovet oplyser ikke køn.", f"The place is for {en} only; the need states no gender.")


def gender_rule_unknown() -> Words:
    return Words(
        "Pladsen har ikke oplyst, om den kun tager ét køn.", "The place has not stated whether it takes one gender only."
    )


def other_gender(rule: str) -> Reason:
    da, en = _GENDERS[rule]
    return _reason(
        f"Pladsen er kun for {da}.", f"The place is for {en} only.", "Pladsen tager alle køn", "The place takes every gender"
    )


def places_uncounted() -> Words:
    return Words(
        "Antallet af ledige pladser er ikke oplyst: spørg stedet.", "The number of free places is not stated: ask the place."
    )


def no_place_free() -> Reason:
    return _reason("0 ledige pladser.", "0 places are free.", "Mindst 1 plads bliver ledig", "At least 1 place becomes free")


def ends_before_start(start: date, until: date) -> Reason:
    return _reason(
        f"Pladsen ophører {until}; borgeren kan tidligst begynde {start}.",
        f"The place ends on {until}; the citizen can begin on {start} at the earliest.",
        f"Pladsen er til rådighed til mindst {start}",
        f"The place is available until {start} at least",
    )


def distance_unknown(limit_km: int) -> Words:
    return Words(
        f"Afstanden kan ikke regnes ud (et punkt mangler); grænsen er {limit_km} km.",
        f"The distance cannot be worked out (a point is missing); the limit is {limit_km} km.",
    )


def too_far(metres: int, limit_km: int) -> Reason:
    """`metres` is rounded up, so that the limit that is proposed lets the place in."""
    enough, distance = _up_to_whole(metres, _METRES_A_KM), _km(metres)
    return _reason(
        f"{distance.da} i luftlinje; grænsen er {limit_km} km.",
        f"{distance.en} in a straight line; the limit is {limit_km} km.",
        f"Sæt afstandsgrænsen op til {enough} km",
        f"Raise the distance limit to {enough} km",
    )


def ruled_out(entry: RuledOut) -> Reason:
    until = ("", "") if entry.until is None else (f" til og med {entry.until}", f" until {entry.until}")
    return _reason(
        f"Pladsen er udelukket for behovet{until[0]} ({entry.reason}).",
        f"The place is ruled out for the need{until[1]} ({entry.reason}).",
        "Ophæv udelukkelsen",
        "Lift the exclusion",
    )


def price_unknown(ceiling_dkk: int) -> Words:
    return Words(
        f"Prisen pr. måned er ikke oplyst entydigt; loftet er {ceiling_dkk} kr.",
        f"What a month costs is not stated without doubt; the ceiling is DKK {ceiling_dkk}.",
    )


def too_dear(sixtieths: int, ceiling_dkk: int) -> Reason:
    enough = _up_to_whole(sixtieths, _SIXTIETHS_A_KRONE)
    return _reason(
        f"{enough} kr. pr. måned uden moms; loftet er {ceiling_dkk} kr.",
        f"DKK {enough} a month net of VAT; the ceiling is DKK {ceiling_dkk}.",
        f"Sæt loftet op til {enough} kr.",
        f"Raise the ceiling to DKK {enough}",
    )


# --- the parts of the fit ---------------------------------------------------------------------------------------------


def services_unknown(need: NeedProfile) -> Words:
    if not need.services:
        return Words("Behovet nævner ingen ydelser.", "The need names no services.")
    return Words("Pladsen har ikke oplyst sine ydelser.", "The place has not stated its services.")


def services_given(given: list[str], missing: list[str]) -> Words:
    wanted = len(given) + len(missing)
    lacks_da = f"; mangler {_concepts(missing)}" if missing else ""
    lacks_en = f"; missing {_concepts(missing)}" if missing else ""
    named = f" ({_concepts(given)})" if given else ""
    return Words(
        f"{len(given)} af {wanted} ønskede ydelser{named}{lacks_da}.",
        f"{len(given)} of {wanted} wanted services{named}{lacks_en}.",
    )


def primary_target_group(need: NeedProfile) -> Words:
    name = _concepts((need.primary_target_group,))
    return Words(f"Primær målgruppe: {name}.", f"Primary target group: {name}.")


def further_target_group(codes: list[str]) -> Words:
    return Words(f"Kun yderligere målgruppe: {_concepts(codes)}.", f"A further target group only: {_concepts(codes)}.")


def no_target_group() -> Words:
    return Words("Ingen fælles målgruppe.", "No target group in common.")


def travel_unknown(need: NeedProfile) -> Words:
    if not need.points_of_reference:
        return Words("Behovet nævner intet sted at regne afstand fra.", "The need names no point to measure from.")
    return Words("Pladsens beliggenhed er ikke oplyst.", "Where the place lies is not stated.")


def travel(metres: int) -> Words:
    distance = _km(metres)
    return Words(f"{distance.da} i luftlinje.", f"{distance.en} in a straight line.")


def start(first: date, late_days: int) -> Words:
    if not late_days:
        return Words(f"Kan begynde {first}, som ønsket.", f"Can begin on {first}, as wanted.")
    return Words(f"Kan begynde {first}, {late_days} dage efter ønsket.", f"Can begin on {first}, {late_days} days after wanted.")
