"""Names of persons in what should be a code or an opaque id.

`holds_person_name` is strict on purpose: it is only used where a name has no business at all (what is published of a need).
`end_of_name` looks at one place of a text, where something else says already that somebody is meant. Both know common names, so they
are a net under people's attention and not a proof of anonymity.
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
_MONTHS_TOO: Final = frozenset({"april", "august", "maj", "may", "mai"})
_OF_A_PLACE: Final = (
    "plads", "vej", "gade", "allé", "torv", "skole", "skolen", "hus", "huset", "gård", "gården", "kollegium", "kollegiet", "hjem",
    "hjemmet", "center", "centret", "centeret", "fond", "fonden", "stiftelse", "kirke", "sogn", "park", "parken", "have",
)  # fmt: skip
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


def end_of_name(text: str, start: int) -> int | None:
    """Say where the name ends that begins right there; None where none does.

    A first name that is a word too counts by its capital, in front of anything but a number ("beboer Bo", never "elev Maj 2027").
    """
    first = _WORD.match(text, start)
    if first is None or not _has_the_case_of_a_word(first[0]):
        return None
    end, is_name = first.end(), _is_first_name(first[0])
    if not is_name and (other := _next_word(text, end)) is not None and _are_a_name(first, other, text):
        is_name = True
    while is_name and (other := _next_word(text, end)) is not None and other[0][0].isupper():
        if _names_a_place(other[0].casefold()):
            return None  # Hans Knudsens Plads
        end = other.end()
    return end if is_name else None


def _names_a_place(word: str) -> bool:
    return word.endswith(_OF_A_PLACE) and word not in _unmistakable() | word_lists.surnames_that_are_words()


def _next_word(text: str, end: int) -> re.Match[str] | None:
    between = _BETWEEN.match(text, end)
    return _WORD.match(text, between.end()) if between else None


def _is_first_name(word: str) -> bool:
    """Take a genitive too where it has a capital: Mettes."""
    plain = word.casefold()
    forms = {plain, plain[:-1]} if word[0].isupper() and plain.endswith("s") else {plain}
    if not forms.isdisjoint(_unmistakable()):
        return True
    return word.istitle() and plain not in _MONTHS_TOO and plain in word_lists.first_names_that_are_words()


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
