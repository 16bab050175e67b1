"""What words mean here: aliases by their stems, and names of kommuner and landsdele."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Final

from services.intake.search.compounds import completed
from services.intake.search.words import known_words, regular, tokens
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.intake.search.stems import Stems
    from shared.contracts.reference import Alias

_SHORTEST_PART: Final = 4


class Lexicon:
    """Made once, when the stems of its words are known."""

    def __init__(self, stems: Stems) -> None:
        self.stems = stems
        aliases: defaultdict[tuple[str, ...], list[Alias]] = defaultdict(list)
        for alias in reference.aliases():
            for key in {tuple(stems[word] for word in completed(text)) for text in alias.words}:
                if key:
                    aliases[key].append(alias)
        self.aliases: Mapping[tuple[str, ...], tuple[Alias, ...]] = {key: tuple(found) for key, found in aliases.items()}
        self.longest_alias = max(map(len, self.aliases))
        self.landsdele = {_key(name): (name,) for name in reference.words("landsdele")} | {
            (word,): names for word, names in known_words().wide.items()
        }
        self.kommuner = _kommuner()
        self.place_words = frozenset(word for key in (*self.kommuner, *self.landsdele) for word in key)
        """Words that names of places are made of: an ordinary word is not corrected into one."""
        self.longest_place = max(map(len, (*self.kommuner, *self.landsdele)))

        self.words = frozenset(listed_words())
        """Words that are never taken for a mistyped one."""


async def make_lexicon(stems: Stems) -> Lexicon:
    """Learn the stems of everything the lists say, and make the lexicon."""
    await stems.learn(_listed_words())
    return Lexicon(stems)


def listed_words() -> dict[str, str]:
    """Give every word of the lists, folded, with its spelling."""
    return _listed_words() | _place_spellings()


@cache
def _listed_words() -> dict[str, str]:
    texts = [word for alias in reference.aliases() for word in alias.words]
    for name in ("offer-types", "target-groups", "services", "activities", "work-tasks", "access", "languages"):
        texts += [label for item in reference.code_lists()[name].items.values() for label in (item.label_da, item.label_en)]
    found: dict[str, str] = {}
    for text in texts:
        found |= spellings(text)
    return found


def spellings(text: str) -> dict[str, str]:
    """Give the words of a text in their regular form, each with a spelling to show."""
    stop = known_words().stop
    found = {regular(token.word): token.typed.lower() for token in tokens(text) if token.word not in stop}
    return found | {word: found.get(word, word) for word in completed(text)}


def _key(name: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens(name) if token.word != "og")


def _kommuner() -> Mapping[tuple[str, ...], str]:
    """Names of kommuner, whole and, of a double name, each half: Taastrup is Høje-Taastrup, but Nord is nobody's."""
    halves: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    whole: dict[tuple[str, ...], str] = {}
    for code, kommune in reference.municipalities().items():
        key = _key(kommune.name)
        whole[key] = code
        for word in _own_words(key):
            halves[word,].add(code)
    return {key: next(iter(codes)) for key, codes in halves.items() if len(codes) == 1} | whole | _towns()


def _towns() -> dict[tuple[str, ...], str]:
    return {(word,): code for word, code in known_words().towns.items()}


def _own_words(key: tuple[str, ...]) -> Iterable[str]:
    return (word for word in key if len(key) > 1 and len(word) >= _SHORTEST_PART and word not in known_words().no_place)


def _place_spellings() -> dict[str, str]:
    names = [one.name for one in reference.municipalities().values()] + list(reference.words("landsdele"))
    return {token.word: token.typed for name in names for token in tokens(name)} | {
        word: word for word in (*known_words().wide, *known_words().towns)
    }
