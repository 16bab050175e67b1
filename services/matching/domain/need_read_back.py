"""A registered need as its row tells it: whole enough to be judged, measured and told of by the reference scorer.

A worker holds a million needs in columns and none of them whole. What no rule and no part looks at (dates of waiting, whom it
concerns) is not there; codes come back in their order, and what means the same comes back the same (a start wanted "from" a day is
one wanted "by" it).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from services.matching.domain import half_days
from services.matching.domain.prices import Payer
from services.matching.domain.terms import MONTHS_A_YEAR
from services.matching.domain.words.saying import METRES_A_KM
from shared.contracts.need import NeedProfile

if TYPE_CHECKING:
    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.need_columns import NeedColumns

_GENDERS: Final = (None, "woman", "man")
_TWO, _CHILDREN, _PETS = 1, 2, 4


def profile_at(needs: NeedColumns, slot: int, books: Codebooks, *, version: int, handlekommune: str) -> NeedProfile:
    """Give the need of a row; version and handlekommune stand beside the columns."""
    if needs.odd[slot]:
        return needs.odd_profiles[slot]
    of_row: dict[str, Any] = {
        "need_id": needs.slots.id_of(slot),
        "version": version,
        "status": "open",
        "ruled_out": needs.ruled_out.get(slot, ()),
        **_payers(needs, slot, books, handlekommune),
        **_codes(needs, slot, books),
        **_person(needs, slot),
        **_days(needs, slot),
        **_reach(needs, slot),
    }
    return NeedProfile.model_validate(of_row)


def _payers(needs: NeedColumns, slot: int, books: Codebooks, handlekommune: str) -> dict[str, Any]:
    both = sum(1 << bit for bit in set(needs.payers[slot].tolist()))
    others = [code for code in books.municipalities.codes(both) if code != handlekommune]
    return {"handlekommune": handlekommune, "betalingskommune": others[0] if others else None}


def _codes(needs: NeedColumns, slot: int, books: Codebooks) -> dict[str, Any]:
    [primary] = books.target_groups.codes(1 << int(needs.primary[slot]))
    groups = books.target_groups.codes(int(needs.target_groups[slot]))
    wishes = [code.split(" ", 1) for code in books.wishes.codes(int(needs.wishes[slot]))]
    return {
        "sections": tuple({"section": code} for code in books.sections.codes(int(needs.sections[slot]))),
        "primary_target_group": primary,
        "further_target_groups": tuple(code for code in groups if code != primary),
        "services": books.services.codes(int(needs.services[slot])),
        "activities": tuple(code for kind, code in wishes if kind == "activity"),
        "work_tasks": tuple(code for kind, code in wishes if kind == "task"),
        "languages": books.languages.codes(int(needs.languages[slot])),
        "access_needs": books.accessibility.codes(int(needs.access[slot])),
        "equipment_needs": books.equipment.codes(int(needs.equipment[slot])),
        "levels": books.levels.read(
            *(int(column[slot]) for column in (needs.levels_low, needs.levels_high, needs.levels_stated))
        ),
    }


def _person(needs: NeedColumns, slot: int) -> dict[str, Any]:
    company = int(needs.company[slot])
    return {
        "birth_year": int(needs.birth_year[slot]),
        "turns_18": _month(int(needs.turns_18[slot])),
        "turns_36": _month(int(needs.turns_36[slot])),
        "reaches_pension_age": _month(int(needs.pension_month[slot])),
        "gender": _GENDERS[needs.gender[slot]],
        "partner_comes_along": bool(company & _TWO) or None,
        "children_come_along": 1 if company & _CHILDREN else None,
        "pets_come_along": bool(company & _PETS) or None,
    }


def _days(needs: NeedColumns, slot: int) -> dict[str, Any]:
    named = half_days.listed(int(needs.half_days_named[slot]))
    return {
        "half_days": tuple({"weekday": weekday, "half": half} for weekday, half in named),
        "half_days_a_week": Payer.of_number(int(needs.payer[slot])).half_days,
        "start_from": _day(int(needs.start_from[slot])),
        "start_by": _day(int(needs.start_wanted[slot])),
    }


def _reach(needs: NeedColumns, slot: int) -> dict[str, Any]:
    limit_m, ceiling = int(needs.limit_m[slot]), int(needs.ceiling_dkk[slot])
    points = zip(needs.easting_m[slot].tolist(), needs.northing_m[slot].tolist(), strict=True)
    return {
        # A need with fewer points than the row has room for repeats its last one.
        "points_of_reference": tuple(
            {"easting_m": east, "northing_m": north} for east, north in (dict.fromkeys(points) if needs.located[slot] else ())
        ),
        "max_distance_km": None if limit_m < 0 else limit_m // METRES_A_KM,
        "price_ceiling_dkk_per_month": None if ceiling < 0 else ceiling,
    }


def _month(number: int) -> str | None:
    if not number:
        return None
    year, month = divmod(number, MONTHS_A_YEAR)
    return f"{year}-{month + 1:02}"


def _day(ordinal: int) -> date | None:
    return date.fromordinal(ordinal) if ordinal else None
