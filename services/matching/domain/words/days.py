"""What is said of half-days: those that are wanted, and those on which the place has room or is open."""

from __future__ import annotations

from typing import Final

from services.matching.domain.words.saying import Reason, Words, reason

_DAYS: Final = (
    ("mandag", "Monday"), ("tirsdag", "Tuesday"), ("onsdag", "Wednesday"), ("torsdag", "Thursday"), ("fredag", "Friday"),
    ("lørdag", "Saturday"), ("søndag", "Sunday"),
)  # fmt: skip
_HALVES: Final = (("formiddag", "morning"), ("eftermiddag", "afternoon"))


def _named(mask: int) -> Words:
    """Half-days by name, bit 0 Monday morning."""
    places = [divmod(bit, 2) for bit in range(14) if mask >> bit & 1]
    if not places:
        return Words("ingen", "none")
    return Words(
        ", ".join(f"{_DAYS[day][0]} {_HALVES[half][0]}" for day, half in places),
        ", ".join(f"{_DAYS[day][1]} {_HALVES[half][1]}" for day, half in places),
    )


def half_days_not_stated() -> Words:
    return Words("Stedet har ikke oplyst ledige halve dage.", "The place has not stated on which half-days there is room.")


def half_days_uncounted(free: int, needed: int) -> Words:
    return Words(
        f"Ledige halve dage er kun talt på {free} af de {needed}, der skal bruges: spørg stedet.",
        f"Room is counted on {free} of the {needed} half-days that are needed only: ask the place.",
    )


def too_few_half_days(usable: int, elsewhere: int, needed: int) -> Reason:
    """Say on which half-days there is room: `usable` of those that would do, `elsewhere` of any."""
    free, count = _named(usable), usable.bit_count()
    if count:
        change = (f"Nøjes med {count} halve dage", f"Make do with {count} half-days")
    elif elsewhere:
        change = ("Andre halve dage kan bruges", "Other half-days would do")
    else:
        change = ("Stedet får plads på de ønskede halve dage", "The place gets room on the wanted half-days")
    return reason(
        f"Ledige halve dage, der passer: {free.da} ({count} af {needed}).",
        f"Half-days that suit and have room: {free.en} ({count} of {needed}).",
        *change,
    )


def no_half_day_named() -> Words:
    return Words("Behovet nævner ingen halve dage.", "The need names no half-days.")


def hours_not_stated() -> Words:
    return Words("Stedet har ikke oplyst sin åbningstid.", "The place has not stated its opening hours.")


def open_on(covered: int, wanted: int) -> Words:
    return Words(
        f"Åbent på {covered.bit_count()} af {wanted.bit_count()} ønskede halve dage.",
        f"Open on {covered.bit_count()} of {wanted.bit_count()} wanted half-days.",
    )
