"""What is asked when a question finds nothing: near the place that was named, then in the whole country; without words that nothing has; with any word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from services.intake.search.codes import place_number
from services.intake.search.understanding import Note, taken_apart
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.intake.search.asking import Asked
    from services.intake.search.question import Question
    from services.intake.search.understanding import Group, Understood

_AROUND_KM: Final = 50
_METRES: Final = 1000


@dataclass(frozen=True, slots=True)
class Widening:
    """A question as it is asked, and what is said of it.

    Attributes:
        open_only: hits whose address is protected do not settle it: they lie somewhere in the landsdel, perhaps far from here.
        everywhere: the place that was named is given up.
    """

    asked: Asked
    notes: tuple[Note, ...] = ()
    open_only: bool = False
    everywhere: bool = False


def by_place(asked: Asked, question: Question, understood: Understood, notes: tuple[Note, ...] = ()) -> list[Widening]:
    """Ask as it is; then, of a place that was named in words, its surroundings and the country."""
    if understood.kommuner and not question.kommune:
        names = ", ".join(reference.municipalities()[code].name for code in understood.kommuner)
        around = replace(asked, places=(), within_m=asked.within_m or _AROUND_KM * _METRES)
        in_kommune = True
    elif asked.landsdele and not question.landsdel:
        names = ", ".join(understood.landsdele)
        around = replace(asked, landsdele=(), places=tuple(_around(understood.landsdele)))
        in_kommune = False
    else:
        return [Widening(asked, notes)]
    return [
        Widening(asked, notes, open_only=in_kommune),
        Widening(around, (*notes, _said(names, _AROUND)), open_only=in_kommune),
        Widening(replace(asked, places=(), landsdele=()), (*notes, _said(names, _ANYWHERE)), everywhere=True),
    ]


def by_words(exact: Asked, question: Question, understood: Understood, missing: Sequence[Group]) -> Iterator[list[Widening]]:
    """Ask without the words that nothing has, then for any of the words instead of all."""
    dropped = [group for group in missing if not group.parts]
    kept = tuple(group for group in understood.groups if group not in dropped)
    notes = (_without(dropped),) if dropped else ()
    if dropped and len(dropped) == len(missing) and (kept or exact.places or exact.landsdele):
        yield by_place(replace(exact, groups=kept), question, understood, notes)
    apart = taken_apart(kept)
    if len(apart) > 1:
        some = Note(" ".join(group.shown for group in kept), *_SOME)
        yield by_place(replace(exact, groups=apart, together=False), question, understood, (*notes, some))


def nothing_found(question: Question, missing: Sequence[Group]) -> Note:
    """Say what was not found, and what to do."""
    if missing:
        shown = _quoted(missing)
        return Note(
            " ".join(group.shown for group in missing),
            f"Intet tilbud har {shown}. Prøv et andet ord for det samme, eller vælg en paragraf eller en type i stedet",
            f"No offer has {shown}. Try another word for the same, or choose a section or a kind instead",
        )
    return Note(
        question.q,
        "Intet svarer til det hele på én gang. Prøv færre ord, eller tag et af valgene fra",
        "Nothing answers all of it at once. Try fewer words, or take one of the choices away",
    )


_SOME: Final = (
    "Intet har alle ordene; her er, hvad der har nogle af dem",
    "Nothing has all the words; here is what has some of them",
)
_AROUND: Final = (
    "Intet i {names}; her er, hvad der er inden for {km} km",
    "Nothing in {names}; here is what there is within {km} km",
)
_ANYWHERE: Final = (
    "Intet i {names}, og intet inden for {km} km; her er, hvad der er i resten af landet",
    "Nothing in {names}, nor within {km} km; here is what there is elsewhere",
)


def _said(names: str, texts: tuple[str, str]) -> Note:
    text_da, text_en = (text.format(names=names, km=_AROUND_KM) for text in texts)
    return Note(names, text_da, text_en)


def _without(dropped: Sequence[Group]) -> Note:
    shown = _quoted(dropped)
    return Note(
        " ".join(group.shown for group in dropped),
        f"Intet tilbud har {shown}; der er søgt uden",
        f"No offer has {shown}; searched without",
    )


def _quoted(groups: Sequence[Group]) -> str:
    return ", ".join(f"»{group.shown}«" for group in groups)


@cache
def _around(landsdele: tuple[str, ...]) -> tuple[int, ...]:
    """Give the places whose kommune has its middle near that of a kommune of these; of a protected address nobody knows whether it is near."""
    every = list(reference.municipalities().values())
    inside = [one for one in every if one.landsdel in landsdele]
    farthest = (_AROUND_KM * _METRES) ** 2
    return tuple(
        place_number(one.landsdel, one.code)
        for one in every
        if any((one.easting_m - own.easting_m) ** 2 + (one.northing_m - own.northing_m) ** 2 <= farthest for own in inside)
    )
