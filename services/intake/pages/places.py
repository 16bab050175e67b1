"""A place as people read it: what is published of it, in words, first what decides whether to ring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.intake.pages.contacts import ways
from services.intake.pages.facts import coded, facts, given, number, yes_or_no
from services.intake.pages.wording import (
    NOT_STATED,
    WEEKDAYS,
    Said,
    day,
    free,
    kinds,
    label,
    labels,
    moment,
    price,
    same,
    where,
)
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from services.intake.pages.facts import Facts, Row
    from shared.contracts.vacancy import Vacancy

_CLOSED: Final = {
    "withdrawn": Said("Lukket: opslaget er trukket tilbage.", "Closed: the posting was withdrawn."),
    "filled": Said("Lukket: pladsen er besat.", "Closed: the place is taken."),
    "expired": Said("Lukket: opslaget er udløbet, for ingen har bekræftet det.", "Closed: it expired, for nobody confirmed it."),
    None: Said("Opslaget er lukket.", "The posting is closed."),
}
_HOW_TO_GET_IN: Final = {
    "visitation": Said(
        "Kommunen skal visitere: tal med sagsbehandleren i kommunen.",
        "The municipality has to decide: talk to the caseworker there.",
    ),
    "referral": Said(
        "Henvisning fra læge eller anden fagperson.",
        "Referral by a doctor or another professional.",
    ),
    "self_referral": Said("Henvend dig selv: ring, skriv eller kom.", "Come yourself: ring, write or call in."),
}
_OPEN_DOOR: Final = Said("Kom, som du er: ingen skal visitere eller henvise.", "Come as you are: nobody has to decide or refer.")


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day that something is said of: when it is open, and what is free before and after noon."""

    name: Said
    hours: Said
    morning: Said
    afternoon: Said


@dataclass(frozen=True, slots=True)
class Week:
    """The days that something is said of.

    Attributes:
        days: Monday first.
        hours: opening hours are stated for one of them.
        halves: the halves of the days are worth a column each.
    """

    days: tuple[Weekday, ...]
    hours: bool
    halves: bool


def place_page(vacancy: Vacancy, others: Sequence[Vacancy], today: date, *, more: bool) -> dict[str, Any]:
    """Give the template of a place its variables.

    Args:
        vacancy: as published.
        others: the other open ones of its offer, as published.
        today: the day in Denmark.
        more: there are further open ones.
    """
    return {
        "vacancy": vacancy,
        "free": free(vacancy, today),
        "closed": _CLOSED[vacancy.closed_reason] if vacancy.status == "closed" else None,
        "where": where(vacancy.municipality, vacancy.landsdel),
        "kinds": kinds((*vacancy.sections, *vacancy.kinds)),
        "confirmed": moment(vacancy.confirmed_at),
        "expires": moment(vacancy.expires_at),
        "ways": ways(vacancy.contact),
        "how_to_get_in": _how_to_get_in(vacancy),
        "for_whom": _for_whom(vacancy),
        "week": _week(vacancy),
        "prices": facts("Pris", "Price", (price(line) for line in vacancy.price_lines)),
        "further": (
            _what(vacancy),
            *(() if vacancy.status == "closed" else (_places(vacancy),)),
            _accessibility(vacancy),
            _house(vacancy),
        ),
        "others": [(one, free(one, today), moment(one.confirmed_at)) for one in others],
        "more": more,
    }


def _how_to_get_in(vacancy: Vacancy) -> tuple[Said, ...]:
    said = tuple(_HOW_TO_GET_IN.get(code) or label("access", code) for code in vacancy.access)
    return (_OPEN_DOOR,) if vacancy.open_door and not said else said


def _for_whom(vacancy: Vacancy) -> Facts:
    reserved = [
        Said(f"borgere fra {one.da}", f"citizens of {one.en}")
        for one in labels("municipalities", vacancy.reserved_for_municipalities)
    ]
    if vacancy.reserved_for_residents:
        reserved.append(Said("folk, der bor på tilbuddet i forvejen", "people who live at the offer already"))
    return facts(
        "For hvem",
        "For whom",
        (
            *_stated((Said("Kun for", "Only for"), tuple(reserved))),
            coded("Målgrupper", "Target groups", "target-groups", vacancy.target_groups),
            (Said("Alder", "Age"), _age(vacancy)),
            coded("Køn", "Gender", "gender-rules", given(vacancy.gender_rule)),
            *_cannot_take(vacancy),
            (
                Said("Hvad stedet er bemandet til", "What it is staffed for"),
                tuple(_level(label("themes", theme), level) for theme, level in vacancy.staffed_levels.items()),
            ),
        ),
    )


def _cannot_take(vacancy: Vacancy) -> list[Row]:
    """Say whom a place cannot take, and of whom it wants to be asked; only where it says neither, is that not stated."""
    never = coded(
        "Hvem stedet ikke kan tage imod",
        "Whom it cannot take",
        "target-groups",
        [one.code for one in vacancy.cannot_take if one.strength == "absolute"],
    )
    asking = coded(
        "Hvem stedet vil spørges om først",
        "Whom it wants to be asked about first",
        "target-groups",
        [one.code for one in vacancy.cannot_take if one.strength == "ask_first"],
    )
    return _stated(never, asking) or [never]


def _what(vacancy: Vacancy) -> Facts:
    return facts(
        "Indhold",
        "What it gives",
        (
            coded("Ydelser", "Services", "services", vacancy.services),
            # Only day offers have these, so nobody misses them elsewhere.
            *_stated(
                coded("Aktiviteter", "Activities", "activities", vacancy.activities),
                coded("Arbejdsopgaver", "Work tasks", "work-tasks", vacancy.work_tasks),
            ),
            coded("Sprog", "Languages of the staff", "languages", vacancy.languages),
        ),
    )


def _places(vacancy: Vacancy) -> Facts:
    rows = [
        number("Ledige pladser", "Free places", vacancy.places_free),
        number("Skærmede pladser", "Sheltered places", vacancy.places_sheltered),
        *_stated(number("Holdt til nogen", "Held for somebody", vacancy.places_held or None)),
        number("Pladser i alt", "Places in all", vacancy.places_total),
        (Said("Ledig fra", "Free from"), (day(vacancy.available_from) if vacancy.available_from else Said("straks", "at once"),)),
    ]
    if vacancy.available_until is not None:
        rows.append((Said("Ledig til", "Free until"), (day(vacancy.available_until),)))
    if vacancy.places_flexible is not None and len(vacancy.sections) > 1:
        rows.append(
            number("Kan bruges efter enhver af paragrafferne", "Usable under any of the sections", vacancy.places_flexible)
        )
    return facts("Pladserne", "The places", rows)


def _accessibility(vacancy: Vacancy) -> Facts:
    return facts(
        "Tilgængelighed",
        "Accessibility",
        (
            *(
                yes_or_no(Said(word.label_da, word.label_en), getattr(vacancy.accessibility, code))
                for code, word in reference.words("accessibility").items()
            ),
            coded("Udstyr", "Equipment", "equipment", vacancy.equipment),
        ),
    )


def _house(vacancy: Vacancy) -> Facts:
    return facts(
        "Huset",
        "The house",
        (
            coded("Nattevagt", "Night staff", "night-staff", given(vacancy.night_staff)),
            yes_or_no(Said("Plads til par", "Room for two"), vacancy.room_for_two),
            yes_or_no(Said("Plads til børn", "Room for children"), vacancy.room_for_children),
            yes_or_no(Said("Kæledyr", "Pets"), vacancy.pets),
            yes_or_no(Said("Registreret i Tilbudsportalen", "Registered in Tilbudsportalen"), vacancy.registered),
            yes_or_no(Said("Godkendt af socialtilsynet", "Approved by socialtilsyn"), vacancy.approved),
        ),
    )


def _week(vacancy: Vacancy) -> Week:
    days = []
    for weekday, name in enumerate(WEEKDAYS, start=1):
        hours = [f"{one.opens}\u2013{one.closes}".replace(":", ".") for one in vacancy.opening_hours if one.weekday == weekday]
        halves = {
            one.half: Said("ikke talt op", "uncounted") if one.places_free is None else same(str(one.places_free))
            for one in vacancy.day_capacity
            if one.weekday == weekday
        }
        if hours or halves:
            said = same(", ".join(hours)) if hours else NOT_STATED
            days.append(Weekday(name, said, halves.get("morning", NOT_STATED), halves.get("afternoon", NOT_STATED)))
    counted = any(one.places_free is not None for one in vacancy.day_capacity)
    # Uncounted halves say on which days it is open: where the hours say so already, they would only repeat it.
    return Week(tuple(days), bool(vacancy.opening_hours), counted or not vacancy.opening_hours)


def _age(vacancy: Vacancy) -> tuple[Said, ...]:
    match vacancy.age_from, vacancy.age_to:
        case None, None:
            return ()
        case None, last:
            return (Said(f"til og med {last} år", f"up to {last} years"),)
        case first, None:
            return (Said(f"fra {first} år", f"from {first} years"),)
        case first, last:
            return (Said(f"{first}\u2013{last} år", f"{first} to {last} years"),)


def _stated(*rows: Row) -> list[Row]:
    return [row for row in rows if row[1]]


def _level(theme: Said, level: int) -> Said:
    """Say to which reduced function a place is staffed; the words of a level are the same for every theme."""
    words = next(
        (
            Said(one.label_da, one.label_en)
            for one in reference.concepts().values()
            if one.kind == "funktionsevne" and one.level == level
        ),
        same(str(level)),
    )
    return Said(f"{theme.da}: {words.da} ({level})", f"{theme.en}: {words.en} ({level})")
