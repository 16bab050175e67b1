"""The words of closed lists as people write them in a cell: codes, labels in Danish and English, and everyday words beside them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

Words = dict[str, tuple[str, ...]]
"""By code: what may be written instead; the first is what a sheet of ours shows."""

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
        code: (item.label_da, item.label_en, *everyday.get(code, ())) for code, item in reference.code_lists()[name].items.items()
    }


@cache
def municipalities() -> Mapping[str, tuple[str, ...]]:
    """By name, with or without "Kommune"."""
    return {code: (item.name, f"{item.name} Kommune") for code, item in reference.municipalities().items()}


@cache
def sections() -> Mapping[str, tuple[str, ...]]:
    """By the number alone where it is one of the Serviceloven: § 105, say, is taken for that law's by many, and is another's."""
    numbers = {code: (f"§ {item.section}", f"§{item.section}", item.section) for code, item in reference.sections().items()
               if code.startswith("SEL-") and item.section}  # fmt: skip
    return {code: (item.label_da, item.label_en, *numbers.get(code, ())) for code, item in reference.sections().items()}
