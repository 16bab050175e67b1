"""Street addresses in text: any at all, where none has any business; or the one that is protected, however it is spelt."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from services.intake.domain import word_lists
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Endings of street names. The first kind is nearly always one; the second is also an ordinary word, and must be capital.
_STREETS: Final = "gade|gaden|vej|vejen|stræde|strædet|allé|alléen|boulevard|boulevarden|vænge|vænget|torv|torvet"
_OR_WORDS: Final = (
    "alle|bakken|bakke|bro|brinken|dalen|engen|gården|haven|have|højen|kajen|kaj|krogen|lunden|løkken|marken|parken|park|"
    "passagen|pladsen|skrænten|stien|sti|svinget|toften|vangen|vang"
)
_UNITS: Final = (
    r"\s*(?:[.:,]\s?\d|%|pct|procent|kr\b|dkk|kroner|dag|døgn|uge|måned|år|time|minut|km|meter|m\b|plads|person|beboer|børn|barn|"
    r"voksne|borger|bolig|værelse|lejlighed|gang|hold|medarbejder|kolleg|stk)"
)
_NUMBER: Final = rf"(?:nr\.?\s*|nummer\s+)?\d{{1,3}}(?!\d)\s?(?:[A-Za-z](?![^\W_]))?(?!{_UNITS})"
_STREET: Final = (
    # Vestergade 12, vestergade12, VESTERGADE NR. 12
    re.compile(rf"(?<![^\W_])([^\W\d_]{{2,}}(?:{_STREETS}))[\s._-]*{_NUMBER}", re.IGNORECASE),
    re.compile(rf"(?<![^\W_])([A-ZÆØÅ][^\W\d_]+(?:{_OR_WORDS}|{_OR_WORDS.upper()}))[\s._-]*{_NUMBER}"),
    # H.C. Andersens Boulevard 5, Gammel Kongevej 10, Enghave Plads 3
    re.compile(
        r"(?<![^\W_])([A-ZÆØÅ][\w.]*\s+(?:Gade|Vej|Allé|Alle|Boulevard|Plads|Torv|Stræde|Park|Have|Kaj|Bro|Vænge|Sti|Vang))\s*"
        rf"{_NUMBER}"
    ),
    # Ved Åen 12, 3. tv
    re.compile(
        r"(?<![^\W_])([^\W\d_]{2,})\s+\d{1,3}\s?[A-Za-z]?\s*,?\s*(?:\d{1,2}\.?|st\.?|stuen|kl\.?)\s*(?:sal\b\s*)?(?:tv|th|mf)\b",
        re.IGNORECASE,
    ),
)
_POSTCODE: Final = re.compile(r"(?<![\w.,])(?:DK[ -]?)?([1-9]\d{3})[ ,]{1,2}([^\W\d_]{2,})")
_NO_POSTCODE: Final = re.compile(r"(?:kl|nr|lov|§|side|ca)\.?\s*$", re.IGNORECASE)
_YEARS: Final = range(1900, 2100)
"""Four digits in front of a capital that are sooner a year; Frederiksberg and København are among them by name."""

_BEFORE_A_TOWN: Final = frozenset({"i", "til", "ved", "naer", "fra", "omkring", "udenfor", "midt", "in", "near", "from"})
_TOWNS_THAT_ARE_WORDS: Final = frozenset({"vejen", "skive", "greve", "faxe", "ry", "koege", "odder"})
_LIKE: Final = 0.8
"""Two street names with the same number are the same from here on: "Vestergd. 12" and "Vestergarde 12" are "Vestergade 12"."""
_LONG_ENOUGH: Final = 6
_LONG_ENOUGH_FOR_A_TOWN: Final = 5
"""Shorter parts of a double name are words: Høje-Taastrup."""


@lru_cache(maxsize=4096)
def holds_street_address(text: str) -> bool:
    """Say whether the text holds a street with a number, or a postcode with a town."""
    streets = (found[1] for pattern in _STREET for found in pattern.finditer(text))
    # `xkVej7` is a stretch of a random id.
    if any(street.islower() or street.istitle() or street.isupper() or " " in street for street in streets):
        return True
    return any(_is_town(found) for found in _POSTCODE.finditer(text))


def _is_town(found: re.Match[str]) -> bool:
    number, word = int(found[1]), found[2]
    if _squeezed(word) in _towns():
        return True
    before = found.string[: found.start()]
    return (
        word[0].isupper() and number not in _YEARS and not _NO_POSTCODE.search(before) and not re.match(_UNITS, word.casefold())
    )


@cache
def _towns() -> frozenset[str]:
    names = {item.name for item in reference.municipalities().values()} | word_lists.towns()
    return frozenset(_squeezed(name.split(maxsplit=1)[0]) for name in names)


@dataclass(frozen=True, slots=True)
class HiddenPlace:
    """What is known in intake of a place whose address is protected."""

    addresses: frozenset[str]
    municipalities: frozenset[str]
    """Names, as people write them."""

    def is_addressed_in(self, text: str) -> bool:
        """Say whether the text names the place's street, or any street with a number, or a postcode with a town."""
        return holds_street_address(text) or any(_names_street(tuple(_words(text)), address) for address in self.addresses)

    def is_betrayed_by(self, text: str) -> bool:
        """Say whether the text leads to the place: by an address, or by its town behind a preposition."""
        if self.is_addressed_in(text):
            return True
        words = tuple(_words(text))
        towns = {town for name in self.municipalities for town in _towns_of_municipality(name)} | {
            town for address in self.addresses for town in _town_of(address)
        }
        return any(_names_town(words, town) for town in towns if town)


@dataclass(frozen=True, slots=True)
class _Word:
    plain: str
    capital: bool


def hidden_place(addresses: Iterable[str | None], municipalities: Iterable[str | None]) -> HiddenPlace:
    """Gather what must not be said; municipalities by their four digits."""
    known = reference.municipalities()
    return HiddenPlace(
        frozenset(address for address in addresses if address),
        frozenset(known[code].name for code in municipalities if code is not None and code in known),
    )


def _names_street(words: tuple[_Word, ...], address: str) -> bool:
    street, number = _street_of(address)
    if not street:
        return False
    squeezed, length = "".join(street), len(street)
    for start in range(len(words)):
        if words[start].plain.isdigit():
            continue
        for end in range(start + 1, min(start + length + 1, len(words)) + 1):
            said = "".join(word.plain for word in words[start:end])
            if len(squeezed) >= _LONG_ENOUGH and said.startswith(squeezed) and (_is_street(squeezed) or not number):
                return True
            follows = words[end].plain if end < len(words) else ""
            if number and follows == number and SequenceMatcher(None, said, squeezed).ratio() >= _LIKE:
                return True
    return False


def _is_street(squeezed: str) -> bool:
    """Say whether the name is one by itself; "Parken" is a word, and counts with its number only."""
    return re.search(rf"(?:{_spelt_all(_STREETS)})$", squeezed) is not None


@cache
def _spelt_all(alternatives: str) -> str:
    return "|".join(_spelt(word) for word in alternatives.split("|"))


def _street_of(address: str) -> tuple[tuple[str, ...], str]:
    """Give the words of a street and its number; what stands behind it is floor, postcode and town."""
    street: list[str] = []
    for word in _words(address.split(",", maxsplit=1)[0]):
        if word.plain.isdigit():
            return tuple(street), word.plain
        street.append(word.plain)
    return tuple(street), ""


def _town_of(address: str) -> Iterator[str]:
    if found := re.search(r"(?<!\d)[1-9]\d{3}[ ,]+([^\W\d_]{3,}(?: [^\W\d_]{3,})?)", address):
        yield _spelt(found[1])


def _towns_of_municipality(name: str) -> Iterator[str]:
    """Give the municipality, and each of the towns that a double name is made of: Ikast-Brande is Ikast too."""
    yield _spelt(name)
    if "-" in name:
        yield from (_spelt(part) for part in name.split("-") if len(part) >= _LONG_ENOUGH_FOR_A_TOWN)


def _names_town(words: tuple[_Word, ...], town: str) -> bool:
    parts = tuple(re.findall(r"[^\W\d_]+", town))
    for at in range(1, len(words) - len(parts) + 1):
        said = words[at : at + len(parts)]
        if not all(_is_or_genitive(word.plain, part) for word, part in zip(said, parts, strict=True)):
            continue
        if parts[0] in _TOWNS_THAT_ARE_WORDS and not said[0].capital:
            continue
        if words[at - 1].plain in _BEFORE_A_TOWN:
            return True
    return False


def _is_or_genitive(word: str, name: str) -> bool:
    return word in {name, f"{name}s"}


def _words(text: str) -> Iterator[_Word]:
    """Split into words and numbers, spelt plainly; abbreviations are written out."""
    for found in re.finditer(r"[^\W\d_]+|\d+", text):
        plain = _spelt(found[0])
        if plain not in {"nr", "nummer"}:
            yield _Word(_WRITTEN_OUT.get(plain, plain), found[0][0].isupper())


_WRITTEN_OUT: Final = {
    "gl": "gammel",
    "ndr": "noerre",
    "sdr": "soender",
    "skt": "sankt",
    "sct": "sankt",
    "blvd": "boulevard",
    "gd": "gade",
    "v": "vej",
    "vj": "vej",
}


def _spelt(text: str) -> str:
    """Write å as aa, æ as ae, ø as oe, without accents and in lower case."""
    folded = text.casefold().replace("å", "aa").replace("æ", "ae").replace("ä", "ae").replace("ø", "oe").replace("ö", "oe")
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def _squeezed(text: str) -> str:
    return _spelt(text).replace(" ", "").replace("-", "")
