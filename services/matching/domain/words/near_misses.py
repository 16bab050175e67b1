"""What is said of the places that a need just misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.words.saying import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.contracts.settings import RuleCode

_IN_SHORT: Final[Mapping[RuleCode, tuple[str, str]]] = {
    "status": ("lukket", "closed"),
    "not_matched": ("foreslås aldrig", "never proposed"),
    "section": ("paragraf", "section"),
    "age": ("alder", "age"),
    "section_age": ("paragraffens alder", "the section's age"),
    "pension_age": ("folkepensionsalder", "state pension age"),
    "target_group": ("målgruppe", "target group"),
    "cannot_take": ("hvad stedet kan rumme", "what the place can take"),
    "gender": ("køn", "gender"),
    "capacity": ("ledige pladser", "free places"),
    "half_days": ("halve dage", "half-days"),
    "dates": ("datoer", "dates"),
    "distance": ("afstand", "distance"),
    "ruled_out": ("udelukkelse", "being ruled out"),
    "price": ("pris", "price"),
    "reserved": ("forbehold for andre", "being reserved for others"),
    "registered": ("registreringen i Tilbudsportalen", "registration in Tilbudsportalen"),
    "approved": ("godkendelse", "approval"),
    "access": ("tilgængelighed", "accessibility"),
    "equipment": ("udstyr", "equipment"),
    "company": ("plads til dem, der flytter med", "room for those who come along"),
}


def in_short(codes: Sequence[RuleCode]) -> Words:
    """Name rules in a word or two each."""
    return Words(" og ".join(_IN_SHORT[code][0] for code in codes), " and ".join(_IN_SHORT[code][1] for code in codes))


def only_on(codes: Sequence[RuleCode], count: int) -> Words:
    """Say how many places fail on exactly these rules."""
    names = in_short(codes)
    return Words(f"{count} falder kun på {names.da}", f"{count} {'fails' if count == 1 else 'fail'} only on {names.en}")


def summary(proposed: int, alone: Sequence[tuple[RuleCode, int]], unknown: int, below: int) -> Words:
    """Say it all in one sentence: "12 fail only on distance, 4 on price; 3 are unknown: ask them"."""
    da, en = [f"{proposed} foreslås"], [f"{proposed} {'is' if proposed == 1 else 'are'} proposed"]
    if alone:
        (first, count), *rest = alone
        told = only_on([first], count)
        da.append(", ".join((told.da, *(f"{number} på {in_short([code]).da}" for code, number in rest))))
        en.append(", ".join((told.en, *(f"{number} on {in_short([code]).en}" for code, number in rest))))
    if unknown:
        da.append(f"{unknown} passer, så vidt det vides: spørg dem om det ukendte")
        en.append(f"{unknown} {'fits' if unknown == 1 else 'fit'} as far as is known: ask them about what is unknown")
    if below:
        da.append(f"{below} passer, men med for få point")
        en.append(f"{below} {'fits' if below == 1 else 'fit'}, with too few points")
    return Words(f"{'; '.join(da)}.", f"{'; '.join(en)}.")
