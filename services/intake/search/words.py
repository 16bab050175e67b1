"""Danish words as the search compares them: folded letters, tokens, and the forms that a stemmer cannot know."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = Path(__file__).with_name("words.yaml")
_LETTERS: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})  # codespell:ignore
_TOKEN: Final = re.compile(r"([^\W_]+)(-(?!\w))?")
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]")
_LONGEST: Final = 60


class Words(BaseModel):
    """What `words.yaml` says, all of it folded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stop: frozenset[str]
    light: frozenset[str]
    vacant: frozenset[str]
    years: frozenset[str]
    words_too: frozenset[str]
    no_place: frozenset[str]
    wide: dict[str, tuple[str, ...]]
    towns: dict[str, str]
    quarters: frozenset[str]
    postcodes: tuple[tuple[int, int, str], ...]
    endings: dict[str, str]
    parts: frozenset[str]
    links: tuple[str, ...]
    last: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text.

    Attributes:
        word: folded.
        typed: as it stood.
        suspended: it ends in a hyphen, as the first of "aktivitets- og samværstilbud" does.
    """

    word: str
    typed: str
    suspended: bool = False


@cache
def known_words() -> Words:
    """Read the file, once."""
    return Words.model_validate(yaml.safe_load(file_text()))


def file_text() -> str:
    """Give the file as it is."""
    return _FILE.read_text(encoding="utf-8")


def fold(text: str) -> str:
    """Write a text with the letters a to z: `værested`, `vaerested` and `VÆRESTED` are the same, and so are Århus and Aarhus."""
    lowered = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    return "".join(sign for sign in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(sign))


@lru_cache(maxsize=8192)
def tokens(text: str) -> tuple[Token, ...]:
    """Split a text into its words, stop words too."""
    found = (
        Token(_NO_LETTERS.sub("", fold(typed))[:_LONGEST], typed, bool(hyphen))
        for typed, hyphen in _TOKEN.findall(unicodedata.normalize("NFC", text))
    )
    return tuple(token for token in found if token.word)


@lru_cache(maxsize=65536)
def regular(word: str) -> str:
    """Put a stem-proof form in place of the ones that Danish makes by changing the word itself: `dagcentret` is dagcenter."""
    endings: Mapping[str, str] = known_words().endings
    for start in range(max(0, len(word) - _longest_ending()), len(word)):
        if (ending := word[start:]) in endings:
            return word[:start] + endings[ending]
    return word


@cache
def _longest_ending() -> int:
    return max(map(len, known_words().endings))
