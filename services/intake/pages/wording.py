"""Codes, days, places and prices in words: Danish, and English beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.intake.timers import DENMARK
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from shared.contracts.vacancy import PriceLine, Vacancy

_MONTHS_DA: Final = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december",  # codespell:ignore
)  # fmt: skip
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """The same in both languages."""

    da: str
    en: str


NOT_STATED: Final = Said("ikke oplyst", "not stated")
_YES: Final = Said("ja", "yes")
_NO: Final = Said("nej", "no")
_NOTHING_FREE: Final = Said("Ingen ledige", "Nothing free")
WEEKDAYS: Final = (
    Said("Mandag", "Monday"),
    Said("Tirsdag", "Tuesday"),
    Said("Onsdag", "Wednesday"),
    Said("Torsdag", "Thursday"),
    Said("Fredag", "Friday"),
    Said("Lørdag", "Saturday"),
    Said("Søndag", "Sunday"),
)
_UNITS: Final = {
    "calendar_day": Said("pr. kalenderdag", "per calendar day"),
    "opening_day": Said("pr. åbningsdag", "per opening day"),
    "month": Said("pr. måned", "per month"),
    "hour": Said("pr. time", "per hour"),
}
_PRICE_KINDS: Final = {"base": Said("Grundtakst", "Base price"), "supplement": Said("Tillæg", "Supplement")}


def same(text: str) -> Said:
    """What is not translated: a name, a number, what a place has written."""
    return Said(text, text)


def label(list_name: str, code: str) -> Said:
    """Give the words of a code; one that no list has stands as it is."""
    item = reference.code_lists()[list_name].items.get(code)
    return same(code) if item is None else Said(item.label_da, item.label_en)


def labels(list_name: str, codes: Iterable[str]) -> tuple[Said, ...]:
    """Give the words of codes; none: nothing was stated."""
    return tuple(label(list_name, code) for code in codes)


def kinds(codes: Iterable[str], *, with_law: bool = True) -> tuple[Said, ...]:
    """Give sections and kinds, each once, with their § and, where there is room, the law."""
    return tuple(dict.fromkeys(_kind(code, with_law=with_law) for code in codes))


def _kind(code: str, *, with_law: bool) -> Said:
    known = reference.offer_types().get(code)
    if known is None:
        return same(code)
    if not known.section:
        return Said(known.label_da, known.label_en)
    law = f" ({known.law})" if known.law and with_law else ""
    return Said(f"§ {known.section} {known.label_da}{law}", f"§ {known.section} {known.label_en}")


def answer(stated: bool) -> Said:
    """Say yes or no."""
    return _YES if stated else _NO


def day(given: date) -> Said:
    """Write a day."""
    return Said(
        f"{given.day}. {_MONTHS_DA[given.month - 1]} {given.year}", f"{given.day} {_MONTHS_EN[given.month - 1]} {given.year}"
    )


def moment(given: datetime) -> Said:
    """Write a moment as the clock in Denmark shows it."""
    local = given.astimezone(DENMARK)
    said = day(local.date())
    return Said(f"{said.da} kl. {local:%H.%M}", f"{said.en} at {local:%H:%M}")


def where(municipality: str, landsdel: str) -> Said:
    """Say in which kommune and part of the country; of a protected address only the latter is known."""
    part = label("landsdele", landsdel) if landsdel else NOT_STATED
    kommune = reference.municipalities().get(municipality)
    if kommune is None:
        return part
    return Said(f"{kommune.label_da}, {part.da}", f"{kommune.label_en}, {part.en}")


def price(line: PriceLine) -> tuple[Said, tuple[Said, ...]]:
    """Give a line of a price list: what it is for, and the amount as Danes write it with what it depends on."""
    kind, unit = _PRICE_KINDS[line.kind], _UNITS[line.unit]
    amount = f"{line.amount_dkk:,}".replace(",", ".")
    parts = [
        Said(
            f"{amount} kr. {unit.da}, {'inkl.' if line.vat_included else 'ekskl.'} moms",
            f"DKK {line.amount_dkk:,} {unit.en}, {'incl.' if line.vat_included else 'excl.'} VAT",
        )
    ]
    if line.level is not None:
        parts.append(Said(f"niveau {line.level}", f"level {line.level}"))
    if line.days_a_week is not None:
        many = line.days_a_week > 1
        parts.append(
            Said(
                f"{line.days_a_week} {'dage' if many else 'dag'} om ugen",
                f"{line.days_a_week} {'days' if many else 'day'} a week",
            )
        )
    if line.valid_from:
        parts.append(Said(f"fra {day(line.valid_from).da}", f"from {day(line.valid_from).en}"))
    if line.valid_to:
        parts.append(Said(f"til {day(line.valid_to).da}", f"until {day(line.valid_to).en}"))
    return Said(f"{kind.da}: {line.label_da}" if line.label_da else kind.da, kind.en), tuple(parts)


def free(vacancy: Vacancy, today: date) -> Said:
    """Say what is free, and from when where that is still to come."""
    if vacancy.available_until is not None and vacancy.available_until < today:
        return _NOTHING_FREE
    said = _count(vacancy)
    if vacancy.available_from is None or vacancy.available_from <= today:
        return said
    first = day(vacancy.available_from)
    if vacancy.places_free == 0:
        return Said(f"Ingen ledige nu, men fra {first.da}", f"Nothing free now, but from {first.en}")
    return Said(f"{said.da} fra {first.da}", f"{said.en} from {first.en}")


def _count(vacancy: Vacancy) -> Said:
    match vacancy.places_free:
        case None:
            return Said("Åbent for alle", "Open to all") if vacancy.open_door else Said("Ledige pladser", "Free places")
        case 0:
            return _NOTHING_FREE
        case 1:
            return Said("1 ledig plads", "1 free place")
        case count:
            return Said(f"{count} ledige pladser", f"{count} free places")
