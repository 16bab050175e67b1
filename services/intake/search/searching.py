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
from services.intake.search.understanding import Note, corrected, taken_apart, typed_words, understand
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
_SHORTEST_CORRECTED: Final = 4
_AROUND_KM: Final = 50
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
class _Widening:
    """A question as it is asked, and what is said of it."""

    asked: Asked
    note: Note | None


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
        widenings = self._widenings(question, understood, now, limit + 1)
        if place:
            widening = widenings[min(place.widened, len(widenings) - 1)]
            asked = replace(widening.asked, generation=place.generation, after=After(place.points, place.key), facets=False)
            at, found = place.widened, await self._store.search(asked)
        else:
            at, found = await self._first_that_finds(widenings)
        ended = _Ended(key, at, now, place, limit)
        return _page(found, widenings[at], understood, notes, ended)

    async def standing(self, question: Question, offer_id: str) -> Standing:
        """Say where an offer stands among the answers to a question, or what keeps it from being one."""
        now = self._clock()
        understood, notes = await self._understand(question)
        widenings = self._widenings(question, understood, now, _MOST_OF_AN_OFFER)
        at, _ = await self._first_that_finds([replace(one, asked=replace(one.asked, limit=1, facets=False)) for one in widenings])
        asked = widenings[at].asked
        hits, total = await self._store.standing(asked, offer_id)
        failing = [] if hits else await self._store.failing(asked, offer_id)
        said = widenings[at].note
        return Standing(
            tuple(hits),
            total,
            tuple((key, tuple(names)) for key, names in failing),
            replace(understood, groups=asked.groups),
            (*notes, said) if said else notes,
            _point(asked.near),
            now,
        )

    async def _first_that_finds(self, widenings: Sequence[_Widening]) -> tuple[int, Answer]:
        first = await self._store.search(widenings[0].asked)
        found = first
        for at, widening in enumerate(widenings):
            if at:
                found = await self._store.search(widening.asked)
            if found.total:
                return at, found
        return 0, first

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
        found = {word: nearest(word, candidates.get(word, ()), self._lexicon.words) for word in unknown}
        return {word: meant for word, meant in found.items() if meant is not None}

    # --- asking ----------------------------------------------------------------------------------------------------

    def _widenings(self, question: Question, understood: Understood, now: datetime, limit: int) -> list[_Widening]:
        """The question itself; then, of a place that was named in words, its surroundings; then any of the words instead of all."""
        exact = self._asked(question, understood, now, limit)
        widenings = [_Widening(exact, None)]
        if understood.kommuner and not question.kommune:
            names = ", ".join(reference.municipalities()[code].name for code in understood.kommuner)
            around = replace(exact, places=(), within_m=exact.within_m or _AROUND_KM * _METRES)
            anywhere = replace(exact, places=())
            widenings += [
                _Widening(around, _said(names, _AROUND)),
                _Widening(anywhere, _said(names, _ANYWHERE)),
            ]
        apart = taken_apart(understood.groups)
        if len(apart) > 1:
            some = Note(
                " ".join(group.shown for group in understood.groups),
                "Intet har alle ordene; her er, hvad der har nogle af dem",
                "Nothing has all the words; here is what has some of them",
            )
            widenings += [_Widening(replace(one.asked, groups=apart, together=False), some) for one in tuple(widenings)]
        return widenings

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
_AROUND: Final = (
    "Intet i {names}; her er, hvad der er inden for {km} km",
    "Nothing in {names}; here is what there is within {km} km",
)
_ANYWHERE: Final = (
    "Intet inden for {km} km af {names}; her er, hvad der er i resten af landet",
    "Nothing within {km} km of {names}; here is what there is elsewhere",
)


def _said(names: str, texts: tuple[str, str]) -> Note:
    text_da, text_en = (text.format(names=names, km=_AROUND_KM) for text in texts)
    return Note(names, text_da, text_en)


@dataclass(frozen=True, slots=True)
class _Ended:
    """What the cursor of the next page is made of, beside the last hit."""

    key: str
    at: int
    now: datetime
    place: Cursor | None
    limit: int


def _page(found: Answer, widening: _Widening, understood: Understood, notes: tuple[Note, ...], ended: _Ended) -> Page:
    cursor = None
    if len(found.hits) > ended.limit:
        found = replace(found, hits=found.hits[: ended.limit])
        last = found.hits[-1]
        generation = ended.place.generation if ended.place else found.generation or 0
        cursor = Cursor(ended.key, generation, int(ended.now.timestamp()), ended.at, last.points, last.key).text()
    said = (*notes, widening.note) if widening.note else notes
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
