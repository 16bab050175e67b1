"""The words of closed lists as people write them in a cell: codes, labels in Danish and English, and everyday words beside them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.contracts.reference.items import Municipality, OfferType

Words = dict[str, tuple[str, ...]]
"""By code: what may be written instead; the first is what a sheet of ours shows."""

# By code, or by Danish label where a code says nothing to people. Only what means the very same: a word for something narrower would
# let "modtager ikke" shut out more people than was said.
_EVERYDAY: Final[dict[str, Words]] = {
    "access": {
        "visitation": ("visitation",),
        "referral": ("henvisning",),
        "self_referral": ("kom selv", "selv"),
    },
    "accessibility": {
        "step_free": ("trinfri adgang", "trinfrit", "uden trin", "rampe"),
        "wheelchair": ("kørestol",),
        "accessible_bathroom": ("handicapbadeværelse", "handicaptoilet"),
        "tactile_guidance": ("ledelinjer",),
    },
    "activities": {
        "creative": ("kreativt",),
        "physical": ("fysisk", "motion"),
        "social": ("socialt", "samvær"),
        "learning": ("læring", "undervisning"),
        "self_help_group": ("selvhjælpsgruppe",),
    },
    "approval-authorities": {"oest": ("øst",)},
    "gender-rules": {"women": ("kvinder",), "men": ("mænd",)},
    "night-staff": {"awake": ("vågen",), "asleep": ("sovende",), "none": ("ingen",)},
    "ownership": {
        "municipal": ("kommunalt",),
        "regional": ("regionalt",),
        "self_governing": ("selvejende",),
        "private": ("privat",),
        "voluntary": ("frivillig", "frivilligt"),
    },
    "target-groups": {
        "Autismespektrum": ("autisme", "asperger"),
        "Demens": ("dement", "demente"),
        "Erhvervet hjerneskade": ("senhjerneskade",),
        "Hjemløshed": ("hjemløs", "hjemløse"),
        "Multipel funktionsnedsættelse": ("multihandicap",),
        "Opmærksomhedsforstyrrelse": ("ADHD", "ADD"),
        "Udviklingshæmning": ("udviklingshæmmet", "udviklingshæmmede"),
    },
    "transport": {"own": ("selv",), "public": ("bus", "offentlig"), "arranged": ("kørsel", "befordring")},
    "work-tasks": {
        "packing": ("pakning",),
        "assembly": ("montage", "montering"),
        "administration": ("kontor",),
        "creative": ("kreativt",),
    },
}

GENDERS: Final[Words] = {"woman": ("Kvinde",), "man": ("Mand",)}
PRICE_UNITS: Final[Words] = {
    "calendar_day": ("kalenderdag", "døgn", "calendar day"),
    "opening_day": ("åbningsdag", "dag", "opening day"),
    "month": ("måned", "md", "mdr"),
    "hour": ("time",),
}
PRICE_KINDS: Final[Words] = {"base": ("grundpris",), "supplement": ("tillæg",)}
BASES: Final[Words] = {"expected": ("forventet",), "decided": ("besluttet", "bevilget")}
URGENCIES: Final[Words] = {"normal": ("normal",), "soon": ("snart",), "acute": ("akut",)}
POINT_KINDS: Final[Words] = {
    "home": ("hjem", "bopæl"),
    "relatives": ("pårørende",),
    "school": ("skole",),
    "other": ("andet",),
}
CONSENT: Final[Words] = {"consent": ("samtykke",), "law": ("lov", "lovhjemmel")}
STRENGTHS: Final[Words] = {"absolute": ("aldrig",), "ask_first": ("spørg først", "ask first")}
HALVES: Final[Words] = {"morning": ("fm", "formiddag", "am"), "afternoon": ("em", "eftermiddag", "pm")}
WEEKDAYS: Final[Words] = {
    "1": ("man", "mandag", "mon", "monday"),
    "2": ("tir", "tirsdag", "tue", "tuesday"),
    "3": ("ons", "onsdag", "wed", "wednesday"),
    "4": ("tor", "torsdag", "thu", "thursday"),
    "5": ("fre", "fredag", "fri", "friday"),
    "6": ("lør", "lørdag", "sat", "saturday"),
    "7": ("søn", "søndag", "sun", "sunday"),
}


@cache
def of_list(name: str) -> Mapping[str, tuple[str, ...]]:
    """Give the words of one of the project's code lists."""
    everyday = _EVERYDAY.get(name, {})
    return {
        code: (item.label_da, item.label_en, *everyday.get(code, ()), *everyday.get(item.label_da, ()))
        for code, item in reference.code_lists()[name].items.items()
    }


@cache
def municipalities() -> Mapping[str, tuple[str, ...]]:
    """By name in either language, with å or aa, with or without "Kommune": Århus, Københavns Kommune."""
    return {code: tuple(dict.fromkeys(_called(item))) for code, item in reference.municipalities().items()}


def _called(municipality: Municipality) -> Iterator[str]:
    name = municipality.name
    yield name
    yield municipality.label_en
    for spelt in (name, name.replace("Aa", "Å").replace("aa", "å"), name.replace("Å", "Aa").replace("å", "aa")):
        yield from (spelt, f"{spelt} Kommune", f"{spelt}s Kommune")


@cache
def sections() -> Mapping[str, tuple[str, ...]]:
    """By the number alone where it is one of the Serviceloven: § 105, say, is taken for that law's by many, and is another's."""
    return {code: (item.label_da, item.label_en, *_numbers(item)) for code, item in reference.sections().items()}


@cache
def offer_kinds() -> Mapping[str, tuple[str, ...]]:
    """By label, and those that are a section as sections are."""
    return {
        code: (item.label_da, item.label_en, *(_numbers(item) if item.is_section else ()))
        for code, item in reference.offer_types().items()
    }


def _numbers(item: OfferType) -> Iterator[str]:
    """As the law writes it, alone and in front of its name: § 103 Beskyttet beskæftigelse, Barnets lov § 43."""
    if item.section is None:
        return
    numbers = [f"{item.law} § {item.section}"]
    if item.code.startswith("SEL-"):
        numbers = [f"§ {item.section}", f"§{item.section}", item.section, *numbers]
    for number in numbers:
        yield from (number, f"{number} {item.label_da}", f"{number} {item.label_en}")
