"""What a place is: whom it is reserved for, registration and approval, the building, its equipment and its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.matching.domain import facts
from services.matching.domain.verdicts import Fails, Holds, NotKnown
from services.matching.domain.words import place as words

if TYPE_CHECKING:
    from services.matching.domain.terms import Terms
    from services.matching.domain.verdicts import Verdict
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy


def reserved(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if vacancy.reserved_for_residents:
        return Fails(words.reserved_for_residents())
    reserve = vacancy.reserved_for_municipalities
    if reserve and facts.payers(need).isdisjoint(reserve):
        return Fails(words.reserved_for_others(reserve))
    return Holds()


def registered(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that the two share asks for it."""
    common = facts.common_sections(need, vacancy)
    if not common or not common <= terms.registered_sections or vacancy.registered:
        return Holds()
    if vacancy.registered is None:
        return NotKnown(words.registration_unknown())
    return Fails(words.not_registered(common))


def approved(need: NeedProfile, vacancy: Vacancy, terms: Terms) -> Verdict:
    """Matters only where every section that the two share asks for it."""
    common = facts.common_sections(need, vacancy)
    if not common or not common <= terms.approved_sections or vacancy.approved:
        return Holds()
    if vacancy.approved is None:
        return NotKnown(words.approval_unknown())
    return Fails(words.not_approved(common))


def access(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    """What the place has not said of its building, or what this build does not know, is unknown."""
    said: dict[str, bool | None] = {code: getattr(vacancy.accessibility, code, None) for code in need.access_needs}
    lacks = [code for code, has in said.items() if has is False]
    if lacks:
        return Fails(words.building_lacks(lacks))
    unsaid = [code for code, has in said.items() if has is None]
    return NotKnown(words.building_unknown(unsaid)) if unsaid else Holds()


def equipment(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    if not need.equipment_needs:
        return Holds()
    if not vacancy.equipment:
        return NotKnown(words.equipment_unknown())
    lacks = [code for code in need.equipment_needs if code not in vacancy.equipment]
    return Fails(words.equipment_lacks(lacks)) if lacks else Holds()


def company(need: NeedProfile, vacancy: Vacancy, _terms: Terms) -> Verdict:
    said: dict[str, bool | None] = {name: getattr(vacancy, name) for name in facts.companions(need)}
    lacks = [name for name, has in said.items() if has is False]
    if lacks:
        return Fails(words.no_room_for(lacks))
    unsaid = [name for name, has in said.items() if has is None]
    return NotKnown(words.room_unknown(unsaid)) if unsaid else Holds()
