"""Names of persons in what should be a code or an opaque id.

Strict on purpose: it is only used where a name has no business at all (what is published of a need). It knows common names,
so it is a net under people's attention and not a proof of anonymity.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from services.intake.domain import word_lists

# A stretch with a digit in it is no name: ids are full of such.
_WORD: Final = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")
_BETWEEN: Final = re.compile(r"[ ._'-]{1,3}")
_PATRONYMIC: Final = re.compile(r"[^\W\d_]{3,}(?:sen|gaard|dottir|sson)")
_NO_PATRONYMIC: Final = (
    "voksen",
    "adressen",
    "processen",
    "klassen",
    "kassen",
    "massen",
    "prisen",
    "krisen",
    "pausen",
    "rejsen",
    "bussen",
)


@lru_cache(maxsize=4096)
def holds_person_name(text: str) -> bool:
    """Say whether the text holds what is most likely a person's name, in any case, between any separators."""
    words = [found for found in _WORD.finditer(text) if _has_the_case_of_a_word(found[0])]
    if any(found[0].casefold() in _unmistakable() for found in words):
        return True
    return any(_are_a_name(one, other, text) for one, other in pairwise(words))


def _are_a_name(one: re.Match[str], other: re.Match[str], text: str) -> bool:
    """Judge two words in a row: a first name and a surname that may both be words, or two capitals that end as a patronymic."""
    if not _BETWEEN.fullmatch(text, one.end(), other.start()):
        return False
    first, second = one[0].casefold(), other[0].casefold()
    capitals = one[0][0].isupper() and other[0][0].isupper()
    if first in word_lists.first_names_that_are_words() and second in word_lists.surnames_that_are_words():
        return True
    return capitals and _PATRONYMIC.fullmatch(second) is not None and not second.endswith(_NO_PATRONYMIC)


@cache
def _unmistakable() -> frozenset[str]:
    return word_lists.first_names() | word_lists.surnames()


def _has_the_case_of_a_word(word: str) -> bool:
    """Leave out `mYt`: a stretch of a random id."""
    return word.islower() or word.istitle() or word.isupper()
