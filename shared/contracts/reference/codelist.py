"""A list of codes: its items, and where they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.contracts.reference.items import Coded, is_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_Item_co = TypeVar("_Item_co", bound=Coded, covariant=True)
_Item = TypeVar("_Item", bound=Coded)


@dataclass(frozen=True, slots=True)
class CodeList(Generic[_Item_co]):
    """One list.

    Attributes:
        name: its name in `GET /codes/{name}` and in error messages.
        source: who says so.
        version: as the source names it.
        version_date: the day of that version.
        valid_from: the list as a whole is valid from this day; None: from before anybody asks.
        valid_to: its last day; None: until further notice.
        items: by code.
    """

    name: str
    title_da: str
    title_en: str
    source: str
    version: str
    version_date: date
    valid_from: date | None
    valid_to: date | None
    items: Mapping[str, _Item_co]

    def valid_on(self, day: date) -> dict[str, _Item_co]:
        """Give the items in use on a day."""
        return {code: item for code, item in self.items.items() if is_valid(item, day)}

    def part(self, name: str, titles: tuple[str, str], which: Callable[[_Item_co], bool]) -> CodeList[_Item_co]:
        """Make a list of some of the items."""
        return self.with_items(name, titles, [item for item in self.items.values() if which(item)])

    def with_items(self, name: str, titles: tuple[str, str], items: Iterable[_Item]) -> CodeList[_Item]:
        """Make a list of other items that come from the same source."""
        return CodeList(
            name, *titles, self.source, self.version, self.version_date, self.valid_from, self.valid_to, _by_code(items)
        )


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    title_da: str
    title_en: str
    source: str
    version: str
    version_date: date
    valid_from: date | None
    valid_to: date | None


def read_text(file_name: str) -> bytes:
    """Read a file that lies beside this module."""
    return resources.files(__package__).joinpath(file_name).read_bytes()


def load(file_name: str, item_type: type[_Item]) -> CodeList[_Item]:
    """Read a list from the JSON file beside this module.

    Raises:
        pydantic.ValidationError: the file is not as declared.
        ValueError: a code stands in it twice.
    """
    document = json.loads(read_text(file_name))
    items = TypeAdapter(tuple[item_type, ...]).validate_python(document.pop("items"))  # type: ignore[valid-type] # given at run time
    head = _Head.model_validate(document)
    return CodeList(**dict(head), items=_by_code(items))


def _by_code(items: Iterable[_Item]) -> Mapping[str, _Item]:
    by_code: dict[str, _Item] = {}
    for item in items:
        if item.code in by_code:
            raise ValueError(f"The code {item.code} stands twice.")
        by_code[item.code] = item
    return MappingProxyType(by_code)
