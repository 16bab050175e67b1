"""Checking codes: what is not a code today is refused with what to use instead."""

from __future__ import annotations

import difflib
import re
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final, LiteralString
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo  # noqa: TC002 - pydantic looks at the signatures of validators
from pydantic_core import PydanticCustomError

from shared.contracts.reference.aliases import meanings
from shared.contracts.reference.items import is_valid
from shared.contracts.reference.lists import code_lists, former_codes, offer_types, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.contracts.reference.codelist import CodeList
    from shared.contracts.reference.items import Coded, Former

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")
_SUGGESTIONS: Final = 3
_ALIKE: Final = 0.6
"""Ratio of difflib from which a text is called near another; found by trying the misspellings of the tests."""
_FEW: Final = 12
"""A list of so many codes is told whole."""
_SECTION_NUMBER: Final = re.compile(r"\b(\d{1,3})\s*([a-z]?)\b")


def known(list_name: str) -> Callable[[str, ValidationInfo], str]:
    """Make a field validator for the codes of one list.

    The day is `context["today"]` of the validation where the caller gives one, else the day in Denmark.
    """

    def validate(value: str, info: ValidationInfo) -> str:
        if value in _always_valid(list_name):  # nearly every code that comes in: a sheet has a million of them
            return value
        given = (info.context or {}).get("today")
        refusal = refusal_of(value, list_name, given if isinstance(given, date) else datetime.now(_DENMARK).date())
        if refusal is not None:
            raise refusal
        return value

    return validate


@cache
def _always_valid(list_name: str) -> frozenset[str]:
    items = code_lists()[list_name].items.values()
    return frozenset(item.code for item in items if item.valid_from is None and item.valid_to is None)


def refusal_of(value: str, list_name: str, day: date) -> PydanticCustomError | None:
    """Say why a text is no code of a list on a day; None: it is one."""
    codes = code_lists()[list_name]
    item = codes.items.get(value)
    if item is not None and is_valid(item, day):
        return None
    former = _former(value, list_name)
    if former is not None:
        return _out_of_date(former, codes)
    if item is not None:
        return _not_on_this_day(item, codes, day)
    return _unknown(codes, nearest(value, list_name, day), day)


def nearest(value: str, list_name: str, day: date) -> tuple[str, ...]:
    """Give up to three codes that a text may have meant: by the words people use, by the number of a section, else by likeness."""
    items = code_lists()[list_name].valid_on(day)
    meant = [code for code in (*meanings(value, list_name), *_by_section(value, list_name)) if code in items]
    if not meant:
        meant = _alike(value, items.values())
    return tuple(dict.fromkeys(meant))[:_SUGGESTIONS]


def _former(value: str, list_name: str) -> Former | None:
    found = former_codes().items.get(value)
    return found if found is not None and list_name in found.lists else None


def _by_section(value: str, list_name: str) -> list[str]:
    """`104`, `§ 104`, `SEL 104`: the number alone says enough to suggest, not enough to accept."""
    if list_name not in {"sections", "offer-types"}:
        return []
    numbers = {" ".join(part for part in found if part) for found in _SECTION_NUMBER.findall(value.casefold())}
    return [id_ for id_, one in (sections() if list_name == "sections" else offer_types()).items() if one.section in numbers]


def _alike(value: str, items: Iterable[Coded]) -> list[str]:
    texts: dict[str, str] = {}
    for item in items:
        for text in (item.code, item.label_da, item.label_en):
            texts.setdefault(text.casefold(), item.code)
    return [texts[text] for text in difflib.get_close_matches(value.casefold(), texts, n=_SUGGESTIONS, cutoff=_ALIKE)]


def _named(codes: Iterable[str], items: Mapping[str, Coded]) -> str:
    return "; ".join(f"{code} ({items[code].label_da})" for code in codes)


def _out_of_date(former: Former, codes: CodeList[Coded]) -> PydanticCustomError:
    here = [code for code in former.replaced_by if code in codes.items]
    instead = _named(here, codes.items) if here else f"kinds: {_named(former.replaced_by, offer_types())}"
    return _error(
        "code_out_of_date",
        f"{former.why_da}; brug {instead}",
        f"{former.why_en}; use {instead}",
        instead,
    )


def _not_on_this_day(item: Coded, codes: CodeList[Coded], day: date) -> PydanticCustomError:
    near = _named(_alike(item.label_da, codes.valid_on(day).values()), codes.items)
    return _error(
        "code_out_of_date",
        f"er ikke en gyldig kode i listen {codes.title_da} den {day.isoformat()}{f'; nærmest er {near}' if near else ''}",
        f"is not a valid code of the list {codes.title_en} on {day.isoformat()}{f'; nearest: {near}' if near else ''}",
        near,
    )


def _unknown(codes: CodeList[Coded], suggested: tuple[str, ...], day: date) -> PydanticCustomError:
    near = _named(suggested, codes.items)
    valid = codes.valid_on(day)
    all_of_them = ", ".join(valid) if len(valid) <= _FEW else ""
    text_da, text_en = f"er ikke en kode i listen {codes.title_da}", f"is not a code of the list {codes.title_en}"
    if near:
        text_da, text_en = f"{text_da}; nærmest er {near}", f"{text_en}; nearest: {near}"
    if all_of_them:
        text_da, text_en = f"{text_da}; koderne er {all_of_them}", f"{text_en}; the codes are {all_of_them}"
    return _error("unknown_code", text_da, text_en, near)


def _error(code: LiteralString, text_da: str, text_en: str, near: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{text_en}", {"text_da": text_da, "text_en": text_en, "nearest": near})
