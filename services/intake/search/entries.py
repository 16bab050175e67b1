"""From what is published to a row of the search: which words with which weight, which codes, where, when, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from services.intake.search.codes import code_lexeme, place_number
from services.intake.search.compounds import completed, split
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.intake.search.codes import Bits
    from services.intake.search.stems import Stems

Weight = Literal["A", "B", "C", "D"]
"""A title and name, B kind and section, C text and labels, D codes."""

_PART_OF: Final[Mapping[str, Weight]] = {"A": "B", "B": "C", "C": "D", "D": "D"}
"""A part of a compound counts less than the whole word would."""
_EPOCH: Final = date(1970, 1, 1)
_OLDEST: Final = 200
_SHOWN_OF_VACANCY: Final = (
    "title_da", "places_free", "places_total", "available_from", "available_until", "age_from", "age_to", "gender_rule", "target_groups",
    "activities", "work_tasks", "access", "languages", "open_door", "confirmed_at", "expires_at",
)  # fmt: skip
_PHONE_ONLY: Final = {"phone": None, "email": None, "web": None}
_SHOWN_OF_BOTH: Final = ("municipality", "landsdel", "address", "address_protected", "contact")


@dataclass(frozen=True, slots=True)
class NothingFree:
    """What is known of an offer without an open vacancy: since when it has nothing, if it said so itself."""

    since: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the search."""

    key: str
    offer_id: str
    place: int
    easting_m: int | None
    northing_m: int | None
    confirmed_s: int | None
    free_day: int | None
    until_day: int | None
    age_from: int
    age_to: int
    masks: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    languages: tuple[str, ...]
    words: Mapping[str, Weight]
    """Words, not yet stems."""
    texts: tuple[str, ...]
    """What the words stand in, for their spelling."""
    codes: tuple[str, ...]
    hit: bytes


@dataclass(slots=True)
class _Text:
    words: dict[str, Weight] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def add(self, text: str | None, weight: Weight) -> None:
        if text:
            self.texts.append(text)
            for word, own in _weighed(text, weight):
                if own < self.words.get(word, "Z"):
                    self.words[word] = own


@lru_cache(maxsize=4096)
def _weighed(text: str, weight: Weight) -> tuple[tuple[str, Weight], ...]:
    found = completed(text)
    return tuple((word, weight) for word in found) + tuple((part, _PART_OF[weight]) for word in found for part in split(word))


def vacancy_entry(vacancy: Mapping[str, Any], offer: Mapping[str, Any] | None) -> Entry:
    """Make the row of an open vacancy.

    Args:
        vacancy: as published.
        offer: as published; of it only the words about itself and the contact are used, and of one whose own address is public, while the
            vacancy's is not, only the phone: a place must not be found by what leads to its offer's door.
    """
    about = offer if offer and (offer["address_protected"] or not vacancy["address_protected"]) else None
    kinds = tuple(vacancy["kinds"]) or tuple((about or {}).get("kinds", ()))
    sections = tuple(vacancy["sections"])
    text = _Text()
    text.add(vacancy["title_da"], "A")
    text.add(vacancy["offer_name"], "A")
    _add_codes(text, kinds, sections, vacancy)
    text.add(vacancy["text_da"], "C")
    text.add(vacancy["address"], "C")
    text.add((about or {}).get("text_da"), "C")
    shown = {name: vacancy[name] for name in (*_SHOWN_OF_BOTH, *_SHOWN_OF_VACANCY)}
    if not shown["contact"] and offer and offer.get("contact"):
        shown["contact"] = offer["contact"] if about else _PHONE_ONLY | {"phone": offer["contact"]["phone"]}
    shown |= {
        "offer_id": vacancy["offer_id"],
        "vacancy_id": vacancy["vacancy_id"],
        "name": vacancy["offer_name"],
        "kinds": kinds,
        "sections": sections,
    }
    return Entry(
        key=f"v:{vacancy['vacancy_id']}",
        offer_id=vacancy["offer_id"],
        confirmed_s=_seconds(datetime.fromisoformat(vacancy["confirmed_at"])),
        free_day=None if vacancy["places_free"] == 0 else _day(vacancy["available_from"]) or 0,
        until_day=_day(vacancy["available_until"]),
        age_from=vacancy["age_from"] or 0,
        age_to=_OLDEST if vacancy["age_to"] is None else vacancy["age_to"],
        masks=_masks(kinds, sections, vacancy),
        languages=tuple(vacancy["languages"]),
        words=text.words,
        texts=tuple(text.texts),
        codes=_code_lexemes(kinds, sections, vacancy),
        hit=orjson.dumps(shown),
        **_where(vacancy),
    )


def offer_entry(offer: Mapping[str, Any], nothing_free: NothingFree) -> Entry:
    """Make the row of an offer that has no open vacancy."""
    kinds, sections = tuple(offer["kinds"]), tuple(offer["sections"])
    text = _Text()
    text.add(offer["name"], "A")
    _add_codes(text, kinds, sections, {})
    text.add(offer["text_da"], "C")
    text.add(offer["address"], "C")
    shown = {name: offer[name] for name in _SHOWN_OF_BOTH} | {
        "offer_id": offer["offer_id"],
        "vacancy_id": None,
        "name": offer["name"],
        "kinds": kinds,
        "sections": sections,
        "confirmed_at": nothing_free.since.isoformat() if nothing_free.since else None,
    }
    return Entry(
        key=f"o:{offer['offer_id']}",
        offer_id=offer["offer_id"],
        confirmed_s=_seconds(nothing_free.since) if nothing_free.since else None,
        free_day=None,
        until_day=None,
        age_from=0,
        age_to=_OLDEST,
        masks=_masks(kinds, sections, {}),
        languages=(),
        words=text.words,
        texts=tuple(text.texts),
        codes=_code_lexemes(kinds, sections, {}),
        hit=orjson.dumps(shown),
        **_where(offer),
    )


def lexemes(entry: Entry, stems: Stems) -> str:
    """Write the words of a row as a tsvector; each word once, with the best weight it has."""
    best: dict[str, str] = dict.fromkeys(entry.codes, "D")
    for word, weight in entry.words.items():
        stem = stems[word]
        if weight < best.get(stem, "Z"):
            best[stem] = weight
    return " ".join(f"'{stem}':1{weight}" for stem, weight in best.items())


def mask_of(entry: Entry, name: str, bits: Bits) -> int:
    """Give one of the masks of a row."""
    mask = 0
    for dimension, codes in entry.masks[name]:
        mask |= bits.mask(dimension, codes)
    return mask


def _where(published: Mapping[str, Any]) -> dict[str, Any]:
    """Give place and point, of published fields alone: of a protected address there is only the landsdel."""
    point = published["location"]
    kommune = reference.municipalities().get(published["municipality"])
    if published["address_protected"]:
        point, kommune = None, None
    elif point is None and kommune is not None:
        point = {"easting_m": kommune.easting_m, "northing_m": kommune.northing_m}
    return {
        "place": place_number(published["landsdel"], kommune.code if kommune else ""),
        "easting_m": point["easting_m"] if point else None,
        "northing_m": point["northing_m"] if point else None,
    }


def _add_codes(text: _Text, kinds: Sequence[str], sections: Sequence[str], about: Mapping[str, Any]) -> None:
    for code in dict.fromkeys((*kinds, *sections)):
        if known := reference.offer_types().get(code):
            text.add(known.label_da, "B")
            text.add(known.label_en, "C")
            text.add(known.section, "B")
            text.add(known.law, "C")
    for list_name, field_name in _LABELLED:
        labels = reference.code_lists()[list_name].items
        for code in about.get(field_name, ()):
            if item := labels.get(code):
                text.add(item.label_da, "C")
                if list_name != "services":
                    text.add(item.label_en, "D")


_LABELLED: Final = (
    ("target-groups", "target_groups"),
    ("services", "services"),
    ("activities", "activities"),
    ("work-tasks", "work_tasks"),
    ("access", "access"),
    ("languages", "languages"),
)


def _masks(
    kinds: Iterable[str], sections: Iterable[str], about: Mapping[str, Any]
) -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    return {
        "offer_mask": (("kind", tuple(kinds)), ("section", tuple(sections))),
        "for_mask": (("target_group", tuple(about.get("target_groups", ()))),),
        "doing_mask": (
            ("activity", tuple(about.get("activities", ()))),
            ("work_task", tuple(about.get("work_tasks", ()))),
            ("access", tuple(about.get("access", ()))),
        ),
    }


def _code_lexemes(kinds: Iterable[str], sections: Iterable[str], about: Mapping[str, Any]) -> tuple[str, ...]:
    found = [code_lexeme("kind", code) for code in kinds] + [code_lexeme("section", code) for code in sections]
    for dimension, name in (
        ("target_group", "target_groups"), ("service", "services"), ("activity", "activities"), ("work_task", "work_tasks"), ("access", "access"),
    ):  # fmt: skip
        found += [code_lexeme(dimension, code) for code in about.get(name, ())]
    return tuple(found)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _day(day: str | None) -> int | None:
    return (date.fromisoformat(day) - _EPOCH).days if day else None
