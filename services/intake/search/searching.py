"""Searching: what was typed is understood, asked, and where nothing is found asked again more widely; and an offer is told where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from services.intake.search.asking import After, Asked, Near
from services.intake.search.codes import PLACES, landsdel_numbers, place_number
from services.intake.search.compounds import split
from services.intake.search.cursors import Cursor, digest, read_cursor
from services.intake.search.mistyping import nearest
from services.intake.search.understanding import Note, corrected, typed_words, understand
from services.intake.search.widening import Widening, by_place, by_words, nothing_found
from services.intake.timers import danish_day
from shared.contracts import reference
from shared.contracts.common import Point

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.intake.search.codes import Bits
    from services.intake.search.lexicon import Lexicon
    from services.intake.search.mistyping import KnownWord
    from services.intake.search.question import Question
    from services.intake.search.store import Answer, Found, SearchStore
    from services.intake.search.understanding import Typed, Understood

_EPOCH: Final = date(1970, 1, 1)
_SHORTEST_CORRECTED: Final = 5
_METRES: Final = 1000
_MOST_OF_AN_OFFER: Final = 10


class EndedCursor(Exception):  # noqa: N818 - reads as what it is
    """The cursor is older than what is kept; search again."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results.

    Attributes:
        found: what the index answered, without the hit that only says that there are more.
        understood: what the words were taken for, with everything that was done to find something.
        notes: the same in words.
        near: where distance was counted from.
        as_of: the moment that it is true of.
        cursor: where the next page begins; None: this is the last.
    """

    found: Answer
    understood: Understood
    notes: tuple[Note, ...]
    near: Point | None
    as_of: datetime
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an offer stands in a search.

    Attributes:
        hits: of the offer, each with how many stand above.
        total: hits in all.
        failing: of each of its rows, by key, the conditions that it does not meet; when there is no hit.
    """

    hits: tuple[Found, ...]
    total: int
    failing: tuple[tuple[str, tuple[str, ...]], ...]
    understood: Understood
    notes: tuple[Note, ...]
    near: Point | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Settled:
    """The way of asking that found something, or the first one; and its number among all ways."""

    at: int
    widening: Widening
    found: Answer


class Searching:
    """Answers questions from the index."""

    def __init__(self, store: SearchStore, lexicon: Lexicon, bits: Bits, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._lexicon = lexicon
        self._bits = bits
        self._clock = clock
        self._known: set[str] = set()

    @property
    def bits(self) -> Bits:
        """Which bit stands for which code."""
        return self._bits

    async def search(self, question: Question, *, limit: int, cursor: str | None = None) -> Page:
        """Answer a question, a page at a time.

        Raises:
            UnreadableCursor: it is none, or belongs to another question.
            EndedCursor: it has lived too long.
        """
        key = digest(question.canonical())
        place = read_cursor(cursor, key) if cursor else None
        if place and place.generation < await self._store.oldest_generation():
            raise EndedCursor
        now = datetime.fromtimestamp(place.now_s, UTC) if place else self._clock()
        understood, notes = await self._understand(question)
        exact = self._asked(question, understood, now, limit + 1)
        if place:
            settled = await self._again(replace(exact, generation=place.generation), question, understood, place)
        else:
            settled = await self._settle(exact, question, understood)
        ended = _Ended(key, settled.at, now, place, limit)
        return _page(settled.found, settled.widening, understood, notes, ended)

    async def standing(self, question: Question, offer_id: str) -> Standing:
        """Say where an offer stands among the answers to a question, or what keeps it from being one."""
        now = self._clock()
        understood, notes = await self._understand(question)
        settled = await self._settle(self._asked(question, understood, now, 1), question, understood)
        asked = replace(settled.widening.asked, limit=_MOST_OF_AN_OFFER, facets=False)
        hits, total = await self._store.standing(asked, offer_id)
        failing = [] if hits else await self._store.failing(asked, offer_id)
        return Standing(
            tuple(hits),
            total,
            tuple((key, tuple(names)) for key, names in failing),
            replace(understood, groups=asked.groups),
            (*notes, *settled.widening.notes),
            _point(asked.near),
            now,
        )

    async def _settle(self, exact: Asked, question: Question, understood: Understood) -> _Settled:
        """Ask, and ask more widely until something is found; else give the question itself, with what was not found."""
        strict = by_place(exact, question, understood)
        at, nothing = await self._first_that_finds(strict)
        if nothing.total:
            return _Settled(at, strict[at], nothing)
        before = len(strict)
        missing = await self._store.missing(exact.groups, exact.generation)
        for stage in by_words(exact, question, understood, missing):
            at, found = await self._first_that_finds(stage)
            if found.total:
                return _Settled(before + at, stage[at], found)
            before += len(stage)
        return _Settled(0, Widening(exact, (nothing_found(question, missing),)), nothing)

    async def _again(self, exact: Asked, question: Question, understood: Understood, place: Cursor) -> _Settled:
        """Ask for the next page in the way that found the first."""
        ways = by_place(exact, question, understood)
        if place.widened >= len(ways):
            missing = await self._store.missing(exact.groups, exact.generation)
            ways += [way for stage in by_words(exact, question, understood, missing) for way in stage]
        at = min(place.widened, len(ways) - 1)
        asked = replace(ways[at].asked, after=After(place.points, place.key), facets=False)
        return _Settled(at, ways[at], await self._store.search(asked))

    async def _first_that_finds(self, stage: Sequence[Widening]) -> tuple[int, Answer]:
        """Ask in the order of a stage; where protected addresses alone are found, near the place counts, and the whole country does not."""
        found: list[tuple[int, Answer]] = []
        for at, widening in enumerate(stage):
            if widening.everywhere and any(answer.total for _, answer in found):
                break
            answer = await self._store.search(widening.asked)
            if answer.total and not (widening.open_only and _all_protected(answer)):
                return at, answer
            found.append((at, answer))
        return next((one for one in found if one[1].total), found[0])

    # --- understanding ---------------------------------------------------------------------------------------------

    async def _understand(self, question: Question) -> tuple[Understood, tuple[Note, ...]]:
        words = typed_words(question.q)
        stems = self._lexicon.stems
        await stems.learn({word for typed in words for word in (typed.word, *split(typed.word))})
        words, notes = corrected(words, await self._corrections(words))
        await stems.learn({word for typed in words for word in (typed.word, *split(typed.word))})
        understood = understand(words, self._lexicon)
        if question.distance_km is not None and not (question.near or question.kommune or understood.kommuner):
            notes.append(_FROM_NOWHERE)
        return understood, (*notes, *understood.notes)

    async def _corrections(self, words: Sequence[Typed]) -> dict[str, KnownWord]:
        """Find the known word that was meant, for each that neither the lists nor any text has."""
        stems = self._lexicon.stems
        doubtful = {
            typed.word
            for typed in words
            if len(typed.word) >= _SHORTEST_CORRECTED
            and not typed.word.isdecimal()
            and typed.word not in self._lexicon.words
            and typed.word.removesuffix("s") not in self._lexicon.words
            and not split(typed.word)
            and stems[typed.word] not in self._known
        }
        if not doubtful:
            return {}
        self._known |= await self._store.known_stems({stems[word] for word in doubtful})
        unknown = {word for word in doubtful if stems[word] not in self._known}
        if not unknown:
            return {}
        candidates = await self._store.nearest_words(unknown)
        named = {typed.word for typed in words if _may_be_a_place(typed)}
        places = self._lexicon.place_words
        found = {
            word: nearest(
                word, [one for one in candidates.get(word, ()) if word in named or one.word not in places], self._lexicon.words
            )
            for word in unknown
        }
        return {word: meant for word, meant in found.items() if meant is not None}

    # --- asking ----------------------------------------------------------------------------------------------------

    def _asked(self, question: Question, understood: Understood, now: datetime, limit: int) -> Asked:
        numbers = landsdel_numbers()
        kommuner = question.kommune or understood.kommuner
        landsdele = question.landsdel or (() if kommuner else understood.landsdele)
        masks = [
            (name, self._bits.mask(name, getattr(question, name)))
            for name in ("section", "kind", "target_group", "activity", "work_task")
            if getattr(question, name)
        ]
        if question.self_referral:
            masks.append(("access", self._bits.mask("access", ("self_referral",))))
        return Asked(
            now_s=int(now.timestamp()),
            today=(danish_day(now) - _EPOCH).days,
            limit=limit,
            groups=understood.groups,
            masks=tuple(masks),
            places=_places(kommuner),
            landsdele=tuple(numbers[name] for name in landsdele),
            ages=(question.age, question.age) if question.age is not None else understood.ages,
            free_day=(question.free_from - _EPOCH).days if question.free_from else None,
            with_vacancy=question.with_vacancy or understood.with_vacancy,
            language=question.language,
            near=_near(question.near or _centre(kommuner)),
            within_m=question.distance_km * _METRES if question.distance_km is not None else None,
        )


_FROM_NOWHERE: Final = Note(
    "distance_km",
    "Afstanden bruges ikke: sig, hvorfra den regnes, med near",
    "The distance is not used: say from where, with near",
)


def _may_be_a_place(typed: Typed) -> bool:
    """Say whether a word that nothing has may be a mistyped name: nobody means the kommune Høje by `højt`."""
    return typed.shown[:1].isupper() or typed.after in _BEFORE_PLACES


_BEFORE_PLACES: Final = frozenset({"i", "paa", "ved", "naer", "fra"})


def _all_protected(answer: Answer) -> bool:
    return not any(place % PLACES for place in answer.counts["place"])


@dataclass(frozen=True, slots=True)
class _Ended:
    """What the cursor of the next page is made of, beside the last hit."""

    key: str
    at: int
    now: datetime
    place: Cursor | None
    limit: int


def _page(found: Answer, widening: Widening, understood: Understood, notes: tuple[Note, ...], ended: _Ended) -> Page:
    cursor = None
    if len(found.hits) > ended.limit:
        found = replace(found, hits=found.hits[: ended.limit])
        last = found.hits[-1]
        generation = ended.place.generation if ended.place else found.generation or 0
        cursor = Cursor(ended.key, generation, int(ended.now.timestamp()), ended.at, last.points, last.key).text()
    said = (*notes, *widening.notes)
    return Page(found, replace(understood, groups=widening.asked.groups), said, _point(widening.asked.near), ended.now, cursor)


def _places(kommuner: Sequence[str]) -> tuple[int, ...]:
    """Give the numbers of kommuner, and with each the places of its landsdel whose address is protected: they may lie there, or not."""
    places: list[int] = []
    for code in kommuner:
        landsdel = reference.municipalities()[code].landsdel
        places += [place_number(landsdel, code), place_number(landsdel, "")]
    return tuple(dict.fromkeys(places))


def _centre(kommuner: Sequence[str]) -> Point | None:
    if not kommuner:
        return None
    kommune = reference.municipalities()[kommuner[0]]
    return Point(easting_m=kommune.easting_m, northing_m=kommune.northing_m)


def _near(point: Point | None) -> Near | None:
    return None if point is None else Near(point.easting_m, point.northing_m, _landsdel_of(point.easting_m, point.northing_m))


@cache
def _centres() -> tuple[tuple[int, int, int], ...]:
    return tuple(
        (one.easting_m, one.northing_m, place_number(one.landsdel, "") // PLACES) for one in reference.municipalities().values()
    )


def _landsdel_of(easting_m: int, northing_m: int) -> int:
    """Give the landsdel of the kommune whose middle is nearest."""
    return min(_centres(), key=lambda one: (one[0] - easting_m) ** 2 + (one[1] - northing_m) ** 2)[2]


def _point(near: Near | None) -> Point | None:
    return None if near is None else Point(easting_m=near.easting_m, northing_m=near.northing_m)
