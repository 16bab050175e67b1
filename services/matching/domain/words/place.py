"""What is said of what a place is: whom it is reserved for, registration and approval, the building, its equipment and its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.matching.domain.words.saying import Reason, Words, coded, municipalities, reason, sections

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_COMPANY: Final = {
    "room_for_two": ("en partner", "a partner"),
    "room_for_children": ("børn", "children"),
    "pets": ("kæledyr", "pets"),
}


def reserved_for_others(codes: Collection[str]) -> Reason:
    names = municipalities(codes)
    return reason(
        f"Pladsen er forbeholdt {names}.",
        f"The place is reserved for {names}.",
        "Stedet åbner pladsen for andre kommuner",
        "The place lets other municipalities in",
    )


def reserved_for_residents() -> Reason:
    return reason(
        "Pladsen er kun for stedets egne beboere.",
        "The place is only for people who live at the offer already.",
        "Ring til stedet, hvis borgeren bor der",
        "Ring the place if the citizen lives there",
    )


def not_registered(common: Collection[str]) -> Reason:
    return reason(
        f"Tilbuddet er ikke registreret i Tilbudsportalen, og {sections(common)} kræver det.",
        f"The offer is not registered in Tilbudsportalen, and {sections(common)} asks for it.",
        "Tilbuddet lader sig registrere",
        "The offer has itself registered",
    )


def registration_unknown() -> Words:
    return Words(
        "Det er ikke oplyst, om tilbuddet er registreret i Tilbudsportalen.",
        "Whether the offer is registered in Tilbudsportalen is not stated.",
    )


def not_approved(common: Collection[str]) -> Reason:
    return reason(
        f"Tilbuddet er ikke godkendt af socialtilsynet, og {sections(common)} kræver det.",
        f"The offer is not approved by socialtilsynet, and {sections(common)} asks for it.",
        "Tilbuddet bliver godkendt",
        "The offer is approved",
    )


def approval_unknown() -> Words:
    return Words(
        "Det er ikke oplyst, om tilbuddet er godkendt af socialtilsynet.",
        "Whether the offer is approved by socialtilsynet is not stated.",
    )


def building_lacks(codes: Iterable[str]) -> Reason:
    lacks = coded("accessibility", codes)
    return reason(
        f"Bygningen har ikke: {lacks.da}.", f"The building does not have: {lacks.en}.", "Stedet får det", "The place gets it"
    )


def building_unknown(codes: Iterable[str]) -> Words:
    unsaid = coded("accessibility", codes)
    return Words(f"Ikke oplyst om bygningen: {unsaid.da}.", f"Not stated of the building: {unsaid.en}.")


def equipment_lacks(codes: Iterable[str]) -> Reason:
    lacks = coded("equipment", codes)
    return reason(f"Stedet har ikke: {lacks.da}.", f"The place does not have: {lacks.en}.", "Stedet får det", "The place gets it")


def equipment_unknown() -> Words:
    return Words("Stedet har ikke oplyst sit udstyr.", "The place has not stated its equipment.")


def no_room_for(names: Iterable[str]) -> Reason:
    da, en = _company(names)
    return reason(f"Der er ikke plads til {da}.", f"There is no room for {en}.", "Stedet giver plads", "The place makes room")


def room_unknown(names: Iterable[str]) -> Words:
    da, en = _company(names)
    return Words(f"Det er ikke oplyst, om der er plads til {da}.", f"Whether there is room for {en} is not stated.")


def _company(names: Iterable[str]) -> tuple[str, str]:
    told = [_COMPANY[name] for name in names]
    return " og ".join(da for da, _ in told), " and ".join(en for _, en in told)
