"""What is said of labels: they inform, and exclude nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain.words.saying import Words, sections

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date


def section_decided(codes: Collection[str]) -> Words:
    return Words(f"Afgørelsen er truffet efter {sections(codes)}.", f"Decided under {sections(codes)}.")


def section_expected(codes: Collection[str]) -> Words:
    return Words(f"Forventet efter {sections(codes)}; ikke afgjort endnu.", f"Expected under {sections(codes)}; not decided yet.")


def inside_free_choice(limit_dkk: int) -> Words:
    return Words(
        f"Inden for frit valg: højst {limit_dkk} kr. pr. måned.", f"Inside free choice: at most DKK {limit_dkk} a month."
    )


def outside_free_choice(lowest_dkk: int, limit_dkk: int) -> Words:
    return Words(
        f"Uden for frit valg: mindst {lowest_dkk} kr. pr. måned; grænsen er {limit_dkk} kr.",
        f"Outside free choice: at least DKK {lowest_dkk} a month; the limit is DKK {limit_dkk}.",
    )


def free_choice_unknown(*, reference_known: bool) -> Words:
    if not reference_known:
        return Words(
            "Frit valg: referencestedets pris er ikke oplyst.", "Free choice: the price of the reference place is not stated."
        )
    return Words("Frit valg: prisen er ikke oplyst entydigt.", "Free choice: the price is not stated without doubt.")


def own_municipality() -> Words:
    return Words("Pladsen ligger i borgerens egen kommune.", "The place lies in the citizen's own municipality.")


def coming(day: date) -> Words:
    return Words(f"Bliver ledig {day}.", f"Becomes free on {day}.")
