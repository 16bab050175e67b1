"""Danish writes its compounds as one word; here they come apart: aktivitetstilbud is aktivitet and tilbud."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from services.intake.search.words import Token, known_words, regular, tokens
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHORTEST: Final = 6
_SHORTEST_PART_OF_LISTS: Final = 5
_MOST_PARTS: Final = 4


@lru_cache(maxsize=65536)
def split(word: str) -> tuple[str, ...]:
    """Take a compound apart into the fewest parts that are known; a word that is no compound has none."""
    if len(word) < _SHORTEST:
        return ()
    found = min(_splits(regular(word), _MOST_PARTS), key=len, default=())
    return found if len(found) > 1 else ()


def completed(text: str) -> list[str]:
    """Give the words of a text without stop words; a suspended one is completed: `aktivitets- og samværstilbud` has aktivitetstilbud."""
    stop = known_words().stop
    found = tokens(text)
    return [whole(found, at) for at, token in enumerate(found) if token.word not in stop]


def whole(found: Sequence[Token], at: int) -> str:
    """Give one word of a text in its regular form, completed where it is suspended."""
    token = found[at]
    return regular(_complete(token, found[at + 1 :]) if token.suspended else token.word)


def _complete(token: Token, following: Sequence[Token]) -> str:
    stop = known_words().stop
    head = next((other.word for other in following if other.word not in stop and not other.suspended), None)
    parts = split(head) if head else ()
    return token.word + parts[-1] if parts else token.word


def _splits(word: str, most: int) -> Iterator[tuple[str, ...]]:
    """Find every way to read a word as known parts with links between them and an ending behind the last."""
    parts, rules = _parts(), known_words()
    for end in range(2, len(word) + 1):
        head = word[:end]
        if head not in parts:
            continue
        if word[end:] in rules.last:
            yield (head,)
        if most > 1:
            for link in rules.links:
                if word.startswith(link, end) and end + len(link) < len(word):
                    for rest in _splits(word[end + len(link) :], most - 1):
                        yield (head, *rest)


@cache
def _parts() -> frozenset[str]:
    """The parts of `words.yaml`, and the words of the lists and of the aliases that are long enough to mean something."""
    texts = [label for one in reference.code_lists().values() for label in (item.label_da for item in one.items.values())]
    texts += [word for alias in reference.aliases() for word in alias.words]
    listed = {token.word for text in texts for token in tokens(text) if not token.suspended}
    known = known_words()
    own = {word for word in listed if len(word) >= _SHORTEST_PART_OF_LISTS and word.isalpha() and word not in known.stop}
    return known.parts | {word for word in own if not _is_compound_of(word, known.parts)}


def _is_compound_of(word: str, parts: frozenset[str]) -> bool:
    return any(word.startswith(part) and len(word) - len(part) > 2 for part in parts if len(part) > 2)  # noqa: PLR2004 - a link and an ending
