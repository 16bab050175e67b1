"""The stems of words, from PostgreSQL's Danish stemmer; each word is asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

_MOST_REMEMBERED: Final = 200_000


class Stems:
    """Remembers; what was not learned has no stem yet."""

    def __init__(self, ask: Callable[[Collection[str]], Awaitable[Mapping[str, str]]]) -> None:
        self._ask = ask
        self._known: dict[str, str] = {}

    async def learn(self, words: Iterable[str]) -> None:
        """Find the stems of those words that are new."""
        new = {word for word in words if word not in self._known}
        if not new:
            return
        if len(self._known) + len(new) > _MOST_REMEMBERED:
            self._known.clear()
            new = set(words) | new
        self._known.update(await self._ask(new))

    def __getitem__(self, word: str) -> str:
        return self._known[word]
