"""What a place is: whom it is reserved for, registration and approval, the building, its equipment and its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts
from services.matching.domain.changes import on_vacancy
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import place as words

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def reserved(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """Tell of the residents first; where other municipalities are kept out too, both are to end."""
    reserve = vacancy.reserved_for_municipalities
    for_others = bool(reserve) and facts.payers(need).isdisjoint(reserve)
    shared = tuple(sorted({*reserve, need.handlekommune}))
    let_in = on_vacancy(reserved_for_municipalities=shared) if for_others else ()
    if vacancy.reserved_for_residents:
        return Fails(words.reserved_for_residents().by(*on_vacancy(reserved_for_residents=False), *let_in))
    return Fails(words.reserved_for_others(reserve).by(*let_in)) if for_others else Holds()


def registered(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that the two share asks for it."""
    common = facts.common_sections(need, vacancy)
    if not common or not common <= terms.registered_sections or vacancy.registered:
        return Holds()
    if vacancy.registered is None:
        return NotKnown(words.registration_unknown())
    return Fails(words.not_registered(common).by(*on_vacancy(registered=True)))


def approved(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that the two share asks for it."""
    common = facts.common_sections(need, vacancy)
    if not common or not common <= terms.approved_sections or vacancy.approved:
        return Holds()
    if vacancy.approved is None:
        return NotKnown(words.approval_unknown())
    return Fails(words.not_approved(common).by(*on_vacancy(approved=True)))


def access(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """What the place has not said of its building, or what this build does not know, is unknown."""
    said: dict[str, bool | None] = {code: getattr(vacancy.accessibility, code, None) for code in need.access_needs}
    lacks = [code for code, has in said.items() if has is False]
    if lacks:
        with_them = vacancy.accessibility.model_copy(update=dict.fromkeys(lacks, True))
        return Fails(words.building_lacks(lacks).by(*on_vacancy(accessibility=with_them)))
    unsaid = [code for code, has in said.items() if has is None]
    return NotKnown(words.building_unknown(unsaid)) if unsaid else Holds()


def equipment(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if not need.equipment_needs:
        return Holds()
    if not vacancy.equipment:
        return NotKnown(words.equipment_unknown())
    lacks = [code for code in need.equipment_needs if code not in vacancy.equipment]
    if not lacks:
        return Holds()
    with_them = tuple(sorted({*vacancy.equipment, *lacks}))
    return Fails(words.equipment_lacks(lacks).by(*on_vacancy(equipment=with_them)))


def company(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    said: dict[str, bool | None] = {name: getattr(vacancy, name) for name in facts.companions(need)}
    lacks = [name for name, has in said.items() if has is False]
    if lacks:
        return Fails(words.no_room_for(lacks).by(*on_vacancy(**dict.fromkeys(lacks, True))))
    unsaid = [name for name, has in said.items() if has is None]
    return NotKnown(words.room_unknown(unsaid)) if unsaid else Holds()
