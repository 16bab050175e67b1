"""The words that people use: the seed portal's own, everyday Danish, and numbers of sections that are not the law's."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from shared.contracts.reference.codelist import read_text
from shared.contracts.reference.items import Alias

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD_OF_LIST: Final = {
    "offer-types": "kinds",
    "sections": "sections",
    "target-groups": "target_groups",
    "services": "services",
    "activities": "activities",
    "work-tasks": "work_tasks",
    "access": "access",
}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str
    version_date: date
    items: tuple[Alias, ...]


@cache
def aliases() -> tuple[Alias, ...]:
    """All aliases, in the order of the file."""
    return _File.model_validate_json(read_text("aliases.json")).items


@cache
def aliases_by_word() -> Mapping[str, tuple[Alias, ...]]:
    """The aliases of each word or phrase, by `plain(word)`."""
    found: defaultdict[str, list[Alias]] = defaultdict(list)
    for alias in aliases():
        for word in alias.words:
            found[plain(word)].append(alias)
    return {word: tuple(meant) for word, meant in found.items()}


def plain(text: str) -> str:
    """Write a text as aliases are compared: small letters, one space between words, no sign of a paragraph."""
    return " ".join(text.casefold().replace("§", " ").split())


def meanings(text: str, list_name: str) -> tuple[str, ...]:
    """Give the codes of one list that a whole text means."""
    field = _FIELD_OF_LIST.get(list_name)
    if field is None:
        return ()
    found = aliases_by_word().get(plain(text), ())
    return tuple(dict.fromkeys(code for alias in found for code in getattr(alias, field)))
