"""What is said of the frame of a match: both open, a section in common, a place free, the dates, nothing ruled out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.words.saying import Reason, Words, reason, section_name, sections

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from shared.contracts.need import RuledOut
    from shared.contracts.vacancy import Vacancy

_CLOSED: Final = {
    "withdrawn": ("trukket tilbage", "withdrawn"),
    "filled": ("besat", "filled"),
    "expired": ("udløbet uden at være bekræftet", "expired without being confirmed"),
    None: ("lukket", "closed"),
}


def need_closed() -> Reason:
    return reason("Behovet er lukket.", "The need is closed.", "Åbn behovet igen", "Open the need again")


def vacancy_closed(vacancy: Vacancy) -> Reason:
    da, en = _CLOSED[vacancy.closed_reason]
    return reason(
        f"Pladsen er {da}.", f"The place is {en}.", "Tilbuddet melder pladsen ledig igen", "The offer announces it again"
    )


def never_matched(vacancy: Vacancy) -> Reason:
    if vacancy.open_door:
        return reason("Åbent tilbud: kom, som du er; ingen visitation.", "An open door: come as you are; no referral is needed.")
    return reason(
        "Pladsen foreslås aldrig (beskyttet adresse eller krisecenter): ring til stedet.",
        "The place is never proposed (protected address or crisis centre): ring the place.",
    )


def other_section(wanted: Collection[str], offered: Collection[str], never_matched: Collection[str]) -> Reason:
    """Say which sections are wanted and offered; a section that no need is registered for is advised to nobody."""
    if not offered:
        return reason(
            "Pladsen tilbydes ikke efter nogen paragraf.",
            "The place is not offered under any section.",
            "Tilbuddet oplyser pladsens paragraf",
            "The offer states the section of the place",
        )
    da = f"Behovet er efter {sections(wanted)}; pladsen tilbydes efter {sections(offered)}."
    en = f"The need is for {sections(wanted)}; the place is offered under {sections(offered)}."
    possible = [section_name(code) for code in sorted(offered) if code not in never_matched]
    if not possible:
        return reason(da, en)
    return reason(da, en, f"Tilføj {possible[0]} til behovet", f"Add {possible[0]} to the need")


def places_uncounted() -> Words:
    return Words(
        "Antallet af ledige pladser er ikke oplyst: spørg stedet.", "The number of free places is not stated: ask the place."
    )


def no_place_free() -> Reason:
    return reason("0 ledige pladser.", "0 places are free.", "Mindst 1 plads bliver ledig", "At least 1 place becomes free")


def ends_before_start(start: date, until: date) -> Reason:
    return reason(
        f"Pladsen ophører {until}; borgeren kan tidligst begynde {start}.",
        f"The place ends on {until}; the citizen can begin on {start} at the earliest.",
        f"Pladsen er til rådighed til mindst {start}",
        f"The place is available until {start} at least",
    )


def ruled_out(entry: RuledOut) -> Reason:
    until = ("", "") if entry.until is None else (f" til og med {entry.until}", f" until {entry.until}")
    return reason(
        f"Pladsen er udelukket for behovet{until[0]} ({entry.reason}).",
        f"The place is ruled out for the need{until[1]} ({entry.reason}).",
        "Ophæv udelukkelsen",
        "Lift the exclusion",
    )
