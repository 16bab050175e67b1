"""Which known word was meant: letters left out, put in, changed or swapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SHORTEST: Final = 6
_LETTERS_PER_MISTAKE: Final = 5
_MOST_MISTAKES: Final = 3
_DANISH: Final = (("ae", "æ"), ("oe", "ø"), ("aa", "å"))


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word that the index or the lists have, its stem, and a spelling to show."""

    word: str
    stem: str
    shown: str


def nearest(word: str, candidates: Sequence[KnownWord], listed: Collection[str]) -> KnownWord | None:
    """Choose among known words, the likest first; none when all are too far.

    A word of ten letters may have two mistakes, one of five none: `table` is no mistyped tale. An æ is one letter. A mistyped word may be another form
    than the one that is known, so stems count as well. Of equals, a word of the lists comes first: texts have mistakes, too.
    """
    typed = _danish(word)
    if len(typed) < _SHORTEST:
        return None
    allowed = min(_MOST_MISTAKES, len(typed) // _LETTERS_PER_MISTAKE)
    judged = [
        (min(mistakes(typed, _danish(known.word)), mistakes(typed, _danish(known.stem))), known.word not in listed, order)
        for order, known in enumerate(candidates)
    ]
    near = [one for one in judged if one[0] <= allowed]
    return candidates[min(near)[2]] if near else None


def _danish(folded: str) -> str:
    for two, one in _DANISH:
        folded = folded.replace(two, one)
    return folded


def mistakes(one: str, other: str) -> int:
    """Count the letters to leave out, put in, change or swap with the next to get from one word to the other (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]
