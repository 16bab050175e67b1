"""Codes as bits of three masks, so that a hundred thousand rows are filtered and counted at the speed of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MASK_OF: Final[Mapping[str, str]] = {
    "section": "offer_mask",
    "kind": "offer_mask",
    "target_group": "for_mask",
    "activity": "doing_mask",
    "work_task": "doing_mask",
    "access": "doing_mask",
}
"""The mask of each dimension; a mask has 63 bits."""

MASKS: Final = ("offer_mask", "for_mask", "doing_mask")
PLACES: Final = 10_000
"""A place is the number of its landsdel times this, plus the number of its kommune."""


def every_code() -> list[tuple[str, str]]:
    """List every (dimension, code) that can be filtered by and counted."""
    lists = {
        "section": reference.sections(),
        "kind": reference.offer_types(),
        "target_group": reference.target_groups(),
        "activity": reference.words("activities"),
        "work_task": reference.words("work-tasks"),
        "access": reference.words("access"),
    }
    return [(dimension, code) for dimension, codes in lists.items() for code in codes]


@dataclass(frozen=True, slots=True)
class Bits:
    """Which bit stands for which code, as `search_code` has it."""

    of_code: Mapping[tuple[str, str], int]
    of_bit: Mapping[tuple[str, int], tuple[str, str]]

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, int]]) -> Bits:
        """Take rows of (dimension, code, bit)."""
        listed = list(rows)
        return cls(
            {(dimension, code): bit for dimension, code, bit in listed},
            {(MASK_OF[dimension], bit): (dimension, code) for dimension, code, bit in listed},
        )

    def mask(self, dimension: str, codes: Iterable[str]) -> int:
        """Give the bits of codes; a code that no list has any more has none."""
        mask = 0
        for code in codes:
            bit = self.of_code.get((dimension, code))
            if bit is not None:
                mask |= 1 << bit
        return mask

    def codes(self, mask_name: str, mask: int) -> Iterator[tuple[str, str]]:
        """Give (dimension, code) of each bit."""
        while mask:
            low = mask & -mask
            if found := self.of_bit.get((mask_name, low.bit_length() - 1)):
                yield found
            mask ^= low


def landsdel_numbers() -> Mapping[str, int]:
    """Number the landsdele, by the order of their list; 0 is none."""
    return {name: number for number, name in enumerate(reference.words("landsdele"), start=1)}


def place_number(landsdel: str, kommune: str) -> int:
    """Give the number of a place; the kommune is empty where the address is protected."""
    return landsdel_numbers().get(landsdel, 0) * PLACES + (int(kommune) if kommune.isdigit() else 0)


@cache
def code_lexeme(dimension: str, code: str) -> str:
    """Write a code as a short word of the index that nobody can type; the first eight signs of FFB's UUIDs are unlike each other."""
    return f"x_{_SHORT[dimension]}_{code[:8] if len(code) == _UUID else code}".lower()


_UUID: Final = 36
_SHORT: Final[Mapping[str, str]] = {
    "section": "s",
    "kind": "k",
    "target_group": "t",
    "service": "y",
    "activity": "a",
    "work_task": "w",
    "access": "c",
}
