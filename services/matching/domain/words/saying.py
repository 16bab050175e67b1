"""How things are written in both languages, and the two shapes that words come in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.matching.domain.changes import Step

METRES_A_KM: Final = 1000


@dataclass(frozen=True, slots=True)
class Words:
    """One statement in both languages."""

    da: str
    en: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule fails, and the smallest change that would make it hold; None where nobody can change it.

    Attributes:
        words: why it fails.
        change: what would help, to be read.
        steps: the same, to be made by a program; none where it is advice that no field holds.
    """

    words: Words
    change: Words | None
    steps: tuple[Step, ...] = ()

    def by(self, *steps: Step) -> Reason:
        """Give the same reason with what would make the rule hold."""
        return replace(self, steps=steps)


def reason(da: str, en: str, change_da: str | None = None, change_en: str | None = None) -> Reason:
    return Reason(Words(da, en), Words(change_da, change_en) if change_da and change_en else None)


def section_name(code: str) -> str:
    """`SEL-104` as people write it: § 104; other laws with their name; an unknown code as it is."""
    offer_type = reference.offer_types().get(code)
    if offer_type is None or offer_type.section is None:
        return code
    return f"§ {offer_type.section}" if code.startswith("SEL-") else f"{offer_type.law} § {offer_type.section}"


def sections(codes: Iterable[str]) -> str:
    return ", ".join(section_name(code) for code in sorted(codes))


def concepts(codes: Iterable[str]) -> Words:
    """FFB concepts by name; a code that this build does not know as it is."""
    known, wanted = reference.concepts(), list(codes)
    return Words(
        ", ".join(known[code].label_da if code in known else code for code in wanted),
        ", ".join((known[code].label_en or known[code].label_da) if code in known else code for code in wanted),
    )


def coded(list_name: str, codes: Iterable[str]) -> Words:
    """Codes of one of the lists of words by name; a code that this build does not know as it is."""
    known, wanted = reference.words(list_name), list(codes)
    return Words(
        ", ".join(known[code].label_da if code in known else code for code in wanted),
        ", ".join(known[code].label_en if code in known else code for code in wanted),
    )


def municipalities(codes: Collection[str]) -> str:
    known = reference.municipalities()
    return ", ".join(known[code].name if code in known else code for code in sorted(codes))


def side_by_side(parts: Iterable[Words]) -> Words:
    """Put statements of the same kind beside each other."""
    kept = [part for part in parts if part.da]
    return Words(", ".join(part.da for part in kept), ", ".join(part.en for part in kept))


def km(metres: int) -> Words:
    tenths = metres // 100
    return Words(f"{tenths // 10},{tenths % 10} km", f"{tenths // 10}.{tenths % 10} km")


def up_to_whole(amount: int, unit: int) -> int:
    return -(-amount // unit)
