"""The words of `tests/cases/sager.yaml`, each with what it is in the contracts. Named as a caseworker would name it."""

from collections.abc import Callable, Mapping
from functools import cache

from services.intake.domain.geography import to_cell
from services.matching.domain.words.saying import section_name
from shared.contracts import reference
from shared.contracts.common import Point
from shared.contracts.need import ReferencePoint
from shared.contracts.settings import Policy
from tests.support.written_cases_reading import Entry, Fields

NOT_STATED = "ikke oplyst"
_WEEKDAYS = {
    name: number for number, name in enumerate(("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"), 1)
}
_HALVES = {"formiddag": "morning", "eftermiddag": "afternoon"}
_HALF_DAYS = {
    f"{weekday} {half}": {"weekday": number, "half": code}
    for weekday, number in _WEEKDAYS.items()
    for half, code in _HALVES.items()
}
_GENDERS = {"kvinde": "woman", "mand": "man"}
_GENDER_RULES = {"kvinder": "women", "mænd": "men", "alle": "everyone"}

RULES = {
    "åben": "status", "foreslås aldrig": "not_matched", "paragraf": "section", "alder": "age", "paragraffens alder": "section_age",
    "pensionsalder": "pension_age", "målgruppe": "target_group", "kan ikke tage": "cannot_take", "køn": "gender",
    "ledige pladser": "capacity", "halve dage": "half_days", "datoer": "dates", "afstand": "distance", "udelukket": "ruled_out",
    "pris": "price", "forbeholdt": "reserved", "registreret": "registered", "godkendt": "approved", "bygning": "access",
    "udstyr": "equipment", "følgeskab": "company",
}  # fmt: skip
"""Rules by their names in the file."""

PARTS = {
    "ydelser": "services", "niveauer": "levels", "aktiviteter": "activities", "rejse": "travel", "start": "start",
    "sprog": "languages", "åbningstid": "opening_hours",
}  # fmt: skip

REFUSALS = {"borgeren sagde nej": "declined_by_citizen", "stedet sagde nej": "declined_by_offer"}
"""Why a place is ruled out."""

UNKNOWNS = RULES | PARTS
"""What may be unknown: a rule, or a part of the points."""


@cache
def sections() -> Mapping[str, str]:
    return {section_name(code): code for code in reference.sections()}


@cache
def _codes(list_name: str) -> Mapping[str, str]:
    return {one.label_da: code for code, one in reference.code_lists()[list_name].items.items()}


def places_on_the_map(policy: Policy) -> Mapping[str, Point]:
    """Give the towns that the policy's table of water knows by name."""
    zones = policy.water.zones if policy.water else ()
    return {one.name: Point(easting_m=one.easting_m, northing_m=one.northing_m) for zone in zones for one in zone.points}


def codes_of(entry: Entry, list_name: str, what: str) -> tuple[str, ...]:
    return () if entry.is_text(NOT_STATED) else tuple(one.one_of(_codes(list_name), what) for one in entry.each())


_Read = Callable[[Entry], object]


def _one(field: str, read: _Read) -> Callable[[Entry], Mapping[str, object]]:
    return lambda entry: {field: None if entry.is_text(NOT_STATED) else read(entry)}


def _codes_in(field: str, list_name: str, what: str) -> Callable[[Entry], Mapping[str, object]]:
    return lambda entry: {field: codes_of(entry, list_name, what)}


def _levels(field: str) -> Callable[[Entry], Mapping[str, object]]:
    def read(entry: Entry) -> Mapping[str, object]:
        if entry.is_text(NOT_STATED):
            return {field: {}}
        themes = _codes("themes")
        levels = {}
        for name, level in entry.named().items():
            if name not in themes:
                raise level.unknown(name, themes, "undertema")
            levels[themes[name]] = level.number()
        return {field: levels}

    return read


def _wanted_sections(entry: Entry) -> Mapping[str, object]:
    wanted = []
    for one in entry.each():
        decided = {f"{name} (afgjort)": {"section": code, "basis": "decided"} for name, code in sections().items()}
        wanted.append(one.one_of({name: {"section": code} for name, code in sections().items()} | decided, "paragraf"))
    return {"sections": tuple(wanted)}


def _offered_sections(entry: Entry) -> Mapping[str, object]:
    return {"sections": tuple(one.one_of(sections(), "paragraf") for one in entry.each())}


def _ages(entry: Entry) -> Mapping[str, object]:
    if entry.is_text(NOT_STATED):
        return {"age_from": None, "age_to": None}
    youngest, dash, oldest = entry.text().partition("-")
    if not (dash and youngest.isdigit() and oldest.isdigit()):
        raise entry.wrong("skriv alder som 18-65.", "write ages like 18-65.")
    return {"age_from": int(youngest), "age_to": int(oldest)}


def _half_days(entry: Entry) -> Mapping[str, object]:
    return {"half_days": tuple(one.one_of(_HALF_DAYS, "halv dag, f.eks. mandag formiddag") for one in entry.each())}


def _room_on(entry: Entry) -> Mapping[str, object]:
    """One place is free on each of these half-days, and on no other."""
    if entry.is_text(NOT_STATED):
        return {"day_capacity": ()}
    named = [one.one_of(_HALF_DAYS, "halv dag, f.eks. mandag formiddag") for one in entry.each()]
    return {"day_capacity": tuple({**one, "places_free": int(one in named)} for one in _HALF_DAYS.values())}


def _hours(entry: Entry) -> Mapping[str, object]:
    if entry.is_text(NOT_STATED):
        return {"opening_hours": ()}
    lines = []
    for name, hours in entry.named().items():
        if name not in _WEEKDAYS:
            raise hours.unknown(name, _WEEKDAYS, "ugedag")
        opens, _, closes = hours.text().partition("-")
        if not (opens.isdigit() and closes.isdigit()):
            raise hours.wrong("skriv åbningstid som 8-16.", "write opening hours like 8-16.")
        lines.append({"weekday": _WEEKDAYS[name], "opens": f"{int(opens):02}:00", "closes": f"{int(closes):02}:00"})
    return {"opening_hours": tuple(lines)}


def _building(entry: Entry) -> Mapping[str, object]:
    names = _codes("accessibility")
    has = {}
    for name, value in entry.named().items():
        if name not in names:
            raise value.unknown(name, names, "træk ved bygningen")
        has[names[name]] = None if value.is_text(NOT_STATED) else value.yes()
    return {"accessibility": has}


def _price(entry: Entry) -> Mapping[str, object]:
    if entry.is_text(NOT_STATED):
        return {"price_lines": ()}
    return {"price_lines": ({"amount_dkk": entry.number(), "unit": "month"},)}


def citizen_fields(towns: Mapping[str, Point]) -> Fields:
    """What may be said of a citizen's need. Where the citizen lives is rounded to a 5 km cell, as intake does."""

    def lives(entry: Entry) -> Mapping[str, object]:
        points = [] if entry.is_text(NOT_STATED) else [one.one_of(towns, "by") for one in entry.each()]
        return {"points_of_reference": tuple(to_cell(ReferencePoint(**point.model_dump())).model_dump() for point in points)}

    return {
        "paragraf": _wanted_sections,
        "målgruppe": _one("primary_target_group", lambda entry: entry.one_of(_codes("target-groups"), "målgruppe")),
        "yderligere målgrupper": _codes_in("further_target_groups", "target-groups", "målgruppe"),
        "født": _one("birth_year", Entry.number),
        "fylder 18": _one("turns_18", Entry.text),
        "fylder 36": _one("turns_36", Entry.text),
        "når pensionsalderen": _one("reaches_pension_age", Entry.text),
        "kommune": _one("handlekommune", lambda entry: entry.one_of(_codes("municipalities"), "kommune")),
        "betalende kommune": _one("betalingskommune", lambda entry: entry.one_of(_codes("municipalities"), "kommune")),
        "bor": lives,
        "højst km": _one("max_distance_km", Entry.number),
        "ydelser": _codes_in("services", "services", "ydelse"),
        "aktiviteter": _codes_in("activities", "activities", "aktivitet"),
        "arbejdsopgaver": _codes_in("work_tasks", "work-tasks", "arbejdsopgave"),
        "niveauer": _levels("levels"),
        "halve dage": _half_days,
        "halve dage om ugen": _one("half_days_a_week", Entry.number),
        "køn": _one("gender", lambda entry: entry.one_of(_GENDERS, "køn")),
        "sprog": _codes_in("languages", "languages", "sprog"),
        "bygning": _codes_in("access_needs", "accessibility", "træk ved bygningen"),
        "udstyr": _codes_in("equipment_needs", "equipment", "udstyr"),
        "partner flytter med": _one("partner_comes_along", Entry.yes),
        "børn flytter med": _one("children_come_along", Entry.number),
        "kæledyr flytter med": _one("pets_come_along", Entry.yes),
        "tidligst": _one("start_from", Entry.day),
        "senest": _one("start_by", Entry.day),
        "loft kr. pr. måned": _one("price_ceiling_dkk_per_month", Entry.number),
        "referencepris kr. pr. måned": _one("reference_price_dkk_per_month", Entry.number),
    }


def place_fields(towns: Mapping[str, Point]) -> Fields:
    """What may be said of a place."""
    return {
        "paragraf": _offered_sections,
        "målgrupper": _codes_in("target_groups", "target-groups", "målgruppe"),
        "kan ikke tage": lambda entry: _exclusions(entry, "absolute"),
        "spørg først om": lambda entry: _exclusions(entry, "ask_first"),
        "alder": _ages,
        "køn": _one("gender_rule", lambda entry: entry.one_of(_GENDER_RULES, "regel om køn")),
        "by": _one("location", lambda entry: entry.one_of(towns, "by").model_dump()),
        "kommune": _municipality,
        "ledige": _one("places_free", Entry.number),
        "ydelser": _codes_in("services", "services", "ydelse"),
        "aktiviteter": _codes_in("activities", "activities", "aktivitet"),
        "arbejdsopgaver": _codes_in("work_tasks", "work-tasks", "arbejdsopgave"),
        "niveauer": _levels("staffed_levels"),
        "ledige halve dage": _room_on,
        "åbent": _hours,
        "ledig fra": _one("available_from", Entry.day),
        "ledig til": _one("available_until", Entry.day),
        "pris kr. pr. måned": _price,
        "forbeholdt": _codes_in("reserved_for_municipalities", "municipalities", "kommune"),
        "kun egne beboere": _one("reserved_for_residents", Entry.yes),
        "registreret": _one("registered", Entry.yes),
        "godkendt": _one("approved", Entry.yes),
        "bygning": _building,
        "udstyr": _codes_in("equipment", "equipment", "udstyr"),
        "sprog": _codes_in("languages", "languages", "sprog"),
        "plads til to": _one("room_for_two", Entry.yes),
        "plads til børn": _one("room_for_children", Entry.yes),
        "kæledyr": _one("pets", Entry.yes),
        "åben dør": _one("open_door", Entry.yes),
        "beskyttet adresse": _one("address_protected", Entry.yes),
        "åbning nr.": _one("opening", Entry.number),
    }


def _exclusions(entry: Entry, strength: str) -> Mapping[str, object]:
    return {"cannot_take": tuple({"code": code, "strength": strength} for code in codes_of(entry, "target-groups", "målgruppe"))}


def _municipality(entry: Entry) -> Mapping[str, object]:
    code = entry.one_of(_codes("municipalities"), "kommune")
    return {"municipality": code, "landsdel": reference.municipalities()[code].landsdel}
