"""Codes become bits of masks.

The codes that found no bit of their own share the last one, and whoever carries one is odd: two odd sides are left to the reference
scorer, so that no number of codes makes an answer wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WORD: Final = 64
_HALF: Final = 32
_BYTE: Final = 8
ALL_BITS: Final = 2**WORD - 1
_THEMES: Final = 31
_LEVELS: Final = 5


class Codebook:
    """Gives each code a bit: those that are known first, in their order, others as they come."""

    def __init__(self, known: Iterable[str] = (), *, width: int = WORD) -> None:
        self._last = width - 1
        self._bits = {code: bit for bit, code in enumerate(sorted(known)) if bit < self._last}

    def mask(self, codes: Iterable[str]) -> int:
        """Give the bits of a set of codes; the last bit stands for any that found no bit of their own."""
        mask = 0
        for code in codes:
            mask |= 1 << self.bit(code)
        return mask

    def bit(self, code: str) -> int:
        """Give the number of a code's bit."""
        bit = self._bits.get(code)
        if bit is None:
            bit = min(self._last, len(self._bits))
            if bit < self._last:
                self._bits[code] = bit
        return bit

    def codes(self, mask: int) -> tuple[str, ...]:
        """Give the codes of a mask, sorted; the last bit is some code that found none of its own, and comes back as `other`."""
        named = [code for code, bit in self._bits.items() if mask >> bit & 1]
        return tuple(sorted([*named, "other"] if self.is_odd(mask) else named))

    def is_odd(self, mask: int) -> bool:
        return bool(mask >> self._last)


class LevelBook:
    """Writes levels 0-4 of the levelled subthemes as thermometers: two words, a bit for each level that is reached.

    The sum of min(one, other) over the subthemes is then a few counts of bits.
    """

    def __init__(self) -> None:
        self._bits = {code: bit for bit, code in enumerate(sorted(reference.themes())) if bit < _THEMES}
        self._reached = {code: tuple(_reached(bit, level) for level in range(_LEVELS)) for code, bit in self._bits.items()}

    def words(self, levels: Mapping[str, int]) -> tuple[int, int, int]:
        """Give (low, high, stated).

        The words of the levels 1 (lower half) and 2, of the levels 3 and 4, and the subthemes that are spoken of, level 0 too, in both
        halves.
        """
        packed = 0
        for code, level in levels.items():
            reached = self._reached.get(code)
            if reached is not None:
                packed |= reached[level]
        return packed & ALL_BITS, packed >> WORD & ALL_BITS, packed >> 2 * WORD

    def read(self, low: int, high: int, stated: int) -> dict[str, int]:
        """Give the levels that the three words tell."""
        return {
            code: sum(word >> (bit + half) & 1 for word in (low, high) for half in (0, WORD // 2))
            for code, bit in self._bits.items()
            if stated >> bit & 1
        }

    def is_odd(self, levels: Mapping[str, int]) -> bool:
        """Say whether there is a subtheme that this build does not know."""
        return not levels.keys() <= self._bits.keys()


def _reached(bit: int, level: int) -> int:
    """Give what one level adds to the three words, packed."""
    low, high = ((level >= lower) << bit | (level >= lower + 1) << (bit + WORD // 2) for lower in (1, 3))
    return low | high << WORD | (1 << bit | 1 << (bit + WORD // 2)) << 2 * WORD


class Codebooks:
    """All codes that pairs are compared by."""

    def __init__(self) -> None:
        self.sections = Codebook(reference.sections(), width=_HALF)
        self.target_groups = Codebook(reference.target_groups())
        self.services = Codebook(reference.services())
        self.wishes = Codebook()
        self.languages = Codebook(("da",), width=_HALF)
        self.accessibility = Codebook(reference.words("accessibility"), width=_BYTE)
        self.equipment = Codebook(reference.words("equipment"), width=_HALF)
        self.municipalities = Codebook(reference.municipalities(), width=2 * WORD)
        self.levels = LevelBook()

    def wish_mask(self, activities: Iterable[str], work_tasks: Iterable[str]) -> int:
        """Give the bits of activities and work tasks, of which some have the same code."""
        return self.wishes.mask((*(f"activity {code}" for code in activities), *(f"task {code}" for code in work_tasks)))
