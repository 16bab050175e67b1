"""A page of results in words: labels, what is free, and why each hit stands where it stands; in Danish or English."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from math import isqrt
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from services.intake.search.codes import PLACES, landsdel_numbers
from services.intake.search.ranking import ranking
from services.intake.timers import DENMARK, danish_day
from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.intake.search.codes import Bits
    from services.intake.search.searching import Page, Standing
    from services.intake.search.store import Answer, Found
    from services.intake.search.understanding import Group, Note
    from shared.contracts.common import Point

Language = Literal["da", "en"]

_EPOCH: Final = date(1970, 1, 1)
_KM: Final = 1000
_MONTHS: Final = {
    "da": ("januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"),  # codespell:ignore
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
_LIST_OF: Final = {
    "section": "offer-types",
    "kind": "offer-types",
    "target_group": "target-groups",
    "activity": "activities",
    "work_task": "work-tasks",
    "access": "access",
}


def page_document(page: Page, bits: Bits, language: Language) -> dict[str, Any]:
    """Write a page; facets stand on the first one only."""
    teller = _Teller(language, page.as_of, page.near, page.understood.groups)
    return {
        "total": page.found.total,
        "hits": [teller.hit(found) for found in page.found.hits],
        "facets": _facets(page.found, bits, language) if page.found.counts["place"] or not page.found.total else None,
        "interpreted": [_note(note, language) for note in page.notes],
        "next_cursor": page.cursor,
        "as_of": page.as_of.isoformat(),
        "ranking": ranking().valid_from.isoformat(),
    }


def standing_document(standing: Standing, language: Language) -> dict[str, Any]:
    """Write where an offer stands, or what keeps it out."""
    teller = _Teller(language, standing.as_of, standing.near, standing.understood.groups)
    hits = [teller.hit(found) | {"place": found.above + 1} for found in standing.hits]
    return {
        "found": bool(hits),
        "text": teller.standing(standing),
        "total": standing.total,
        "hits": hits,
        "missing": [] if hits else [{"text": text} for text in teller.missing(standing)],
        "interpreted": [_note(note, language) for note in standing.notes],
        "as_of": standing.as_of.isoformat(),
        "ranking": ranking().valid_from.isoformat(),
        "explanation": ranking().text_da if language == "da" else ranking().text_en,
    }


def ranking_document(language: Language) -> dict[str, Any]:
    """Write every number that decides the order."""
    return ranking().model_dump(mode="json", exclude={"text_da", "text_en"}) | {
        "at_most": ranking().at_most,
        "text": ranking().text_da if language == "da" else ranking().text_en,
    }


def _note(note: Note, language: Language) -> dict[str, Any]:
    return {"words": note.words, "text": note.text_da if language == "da" else note.text_en, "codes": list(note.codes)}


def _label(list_name: str, code: str, language: Language) -> dict[str, str]:
    item = reference.code_lists()[list_name].items.get(code)
    if item is None:
        return {"code": code, "label": code}
    return {"code": code, "label": item.label_da if language == "da" else item.label_en}


def _facets(answer: Answer, bits: Bits, language: Language) -> dict[str, list[dict[str, Any]]]:
    counted: dict[str, Counter[str]] = {name: Counter() for name in (*_LIST_OF, "kommune", "landsdel")}
    names = {number: name for name, number in landsdel_numbers().items()}
    for place, count in answer.counts["place"].items():
        landsdel, kommune = divmod(place, PLACES)
        if landsdel:
            counted["landsdel"][names[landsdel]] += count
        if kommune:
            counted["kommune"][f"{kommune:04d}"] += count
    for mask_name in ("offer_mask", "for_mask", "doing_mask"):
        for mask, count in answer.counts[mask_name].items():
            for dimension, code in bits.codes(mask_name, mask):
                counted[dimension][code] += count
    lists = _LIST_OF | {"kommune": "municipalities", "landsdel": "landsdele"}
    return {
        name: [
            _label(lists[name], code, language) | {"count": count}
            for code, count in sorted(codes.items(), key=lambda one: (-one[1], one[0]))
        ]
        for name, codes in counted.items()
    }


class _Teller:
    def __init__(self, language: Language, as_of: datetime, near: Point | None, groups: Sequence[Group]) -> None:
        self._danish = language == "da"
        self._language: Language = language
        self._today = danish_day(as_of)
        self._now_s = int(as_of.timestamp())
        self._near = near
        self._groups = groups
        self._at_most = ranking().at_most

    def hit(self, found: Found) -> dict[str, Any]:
        """Write one hit."""
        shown: dict[str, Any] = orjson.loads(found.hit)
        kommune = reference.municipalities().get(shown["municipality"])
        return {
            "offer_id": shown["offer_id"],
            "vacancy_id": shown["vacancy_id"],
            "name": shown["name"],
            "title": shown.get("title_da"),
            "sections": [self._kind(code) for code in shown["sections"]],
            "kinds": [self._kind(code) for code in shown["kinds"]],
            "kommune": {"code": kommune.code, "label": kommune.name} if kommune else None,
            "landsdel": shown["landsdel"] or None,
            "address": shown["address"],
            "address_protected": shown["address_protected"],
            "contact": shown["contact"],
            "availability": self._availability(found, shown),
            "age_from": shown.get("age_from"),
            "age_to": shown.get("age_to"),
            "target_groups": self._labels("target-groups", shown.get("target_groups", ())),
            "activities": self._labels("activities", shown.get("activities", ())),
            "work_tasks": self._labels("work-tasks", shown.get("work_tasks", ())),
            "access": self._labels("access", shown.get("access", ())),
            "languages": list(shown.get("languages", ())),
            "distance_m": None if found.squared_m is None else isqrt(found.squared_m),
            "points": found.points,
            "why": self._why(found, shown),
            "changed_since": found.replaced,
        }

    def standing(self, standing: Standing) -> str:
        """Say in a sentence where an offer stands."""
        if standing.hits:
            best = standing.hits[0]
            return self._say(
                f"Nr. {best.above + 1} af {standing.total}, med {best.points} point",
                f"No. {best.above + 1} of {standing.total}, with {best.points} points",
            )
        if standing.failing:
            return self._say("Vises ikke i denne søgning", "Not shown in this search")
        return self._say("Tilbuddet er ikke i søgningen", "The offer is not in the search")

    def missing(self, standing: Standing) -> list[str]:
        """Say what an offer would have to be or say, to be found; of several rows, the one that lacks least."""
        if not standing.failing:
            return [self._say("Der er intet offentliggjort under dette id", "Nothing is published under this id")]
        _, names = min(standing.failing, key=lambda one: len(one[1]))
        texts = []
        for name in names:
            kind, _, number = name.partition(":")
            if kind == "words":
                words = self._groups[int(number)].shown
                texts.append(
                    self._say(
                        f"Intet om »{words}« i navn, titel, type eller tekst",
                        f"Nothing about “{words}” in name, title, kind or text",
                    )
                )
            else:
                texts.append(self._say(f"Svarer ikke til {_FILTERS[kind][0]}", f"Does not answer {_FILTERS[kind][1]}"))
        return texts

    # --- parts of a hit --------------------------------------------------------------------------------------------

    def _availability(self, found: Found, shown: Mapping[str, Any]) -> dict[str, Any]:
        confirmed = shown.get("confirmed_at")
        day = self._day(datetime.fromisoformat(confirmed).astimezone(DENMARK).date()) if confirmed else None
        state, said_da, said_en = self._state(found, shown)
        if day:
            said_da, said_en = f"{said_da}, bekræftet {day}", f"{said_en}, confirmed {day}"
        return {
            "state": state,
            "places_free": shown.get("places_free"),
            "available_from": shown.get("available_from"),
            "confirmed_at": confirmed,
            "text": self._say(said_da, said_en),
        }

    def _state(self, found: Found, shown: Mapping[str, Any]) -> tuple[str, str, str]:
        if shown["vacancy_id"] is None and not shown["confirmed_at"]:
            return "unknown", "Ukendt, om der er ledigt", "Not known whether anything is free"
        over = found.until_day is not None and _EPOCH + timedelta(days=found.until_day) < self._today
        if found.free_day is None or over:
            return "none", "Ingen ledige", "Nothing free"
        free = shown.get("places_free")
        if free is None:
            said_da, said_en = ("Åbent for alle", "Open to all") if shown.get("open_door") else ("Ledige pladser", "Free places")
        else:
            said_da = "1 ledig plads" if free == 1 else f"{free} ledige pladser"
            said_en = "1 free place" if free == 1 else f"{free} free places"
        day = _EPOCH + timedelta(days=found.free_day)
        if day > self._today:
            return "coming", f"{said_da} fra {self._day(day)}", f"{said_en} from {self._day(day)}"
        return "open_door" if free is None and shown.get("open_door") else "free", said_da, said_en

    def _why(self, found: Found, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
        texts = {
            "words": self._words_text(found),
            "freshness": self._freshness_text(found),
            "distance": self._distance_text(found, shown),
            "free": self._availability(found, shown)["text"],
        }
        return [
            {"part": part, "points": points, "max": self._at_most[part], "text": texts[part]}
            for part, points in found.parts.items()
        ]

    def _words_text(self, found: Found) -> str:
        if not self._groups:
            return self._say("Der er ikke søgt på ord", "No words were searched for")
        quarters = ranking().words.quarters
        places = {
            quarters.title: ("i titel eller navn", "in the title or name"),
            quarters.kind: ("i type eller paragraf", "in the kind or section"),
            quarters.text: ("i teksten", "in the text"),
            quarters.meaning: ("i det, tilbuddet har angivet", "among what the offer has stated"),
            0: ("ikke fundet", "not found"),
        }
        said = [
            self._say(f"»{group.shown}« {places[level][0]} ({level} af 4)", f"“{group.shown}” {places[level][1]} ({level} of 4)")
            for group, level in zip(self._groups, found.levels, strict=True)
        ]
        return "; ".join(said)

    def _freshness_text(self, found: Found) -> str:
        if found.confirmed_s is None:
            return self._say("Ikke bekræftet", "Not confirmed")
        days = max(0, (self._now_s - found.confirmed_s) // 86_400)
        if days == 0:
            return self._say("Bekræftet inden for et døgn", "Confirmed within a day")
        return self._say(
            f"Bekræftet for {days} {'dag' if days == 1 else 'dage'} siden",
            f"Confirmed {days} {'day' if days == 1 else 'days'} ago",
        )

    def _distance_text(self, found: Found, shown: Mapping[str, Any]) -> str:
        if self._near is None:
            return self._say("Der er ikke søgt nær et sted", "No place to be near was given")
        if shown["address_protected"]:
            return self._say(
                f"Adressen er beskyttet; et sted i {shown['landsdel']}",
                f"The address is protected; somewhere in {shown['landsdel']}",
            )
        if found.squared_m is None:
            return self._say("Stedet er ikke angivet", "No place is stated")
        tenths = isqrt(found.squared_m) * 10 // _KM
        if tenths == 0:
            return self._say("På det sted, som afstanden regnes fra", "At the place that distance counts from")
        return self._say(f"{tenths // 10},{tenths % 10} km i luftlinje", f"{tenths // 10}.{tenths % 10} km as the crow flies")

    def _kind(self, code: str) -> dict[str, str]:
        label = _label("offer-types", code, self._language)
        known = reference.offer_types().get(code)
        if known and known.is_section:
            label["label"] = f"§ {known.section} {label['label']}"
        return label

    def _labels(self, list_name: str, codes: Iterable[str]) -> list[dict[str, str]]:
        return [_label(list_name, code, self._language) for code in codes]

    def _day(self, day: date) -> str:
        month = _MONTHS[self._language][day.month - 1]
        return f"{day.day}. {month} {day.year}" if self._danish else f"{day.day} {month} {day.year}"

    def _say(self, danish: str, english: str) -> str:
        return danish if self._danish else english


_FILTERS: Final[Mapping[str, tuple[str, str]]] = {
    "section": ("den valgte paragraf", "the chosen section"),
    "kind": ("den valgte type", "the chosen kind"),
    "target_group": ("den valgte målgruppe", "the chosen target group"),
    "activity": ("den valgte aktivitet", "the chosen activity"),
    "work_task": ("den valgte arbejdsopgave", "the chosen work task"),
    "access": ("den valgte adgang", "the chosen access"),
    "kommune": ("den valgte kommune", "the chosen kommune"),
    "landsdel": ("den valgte landsdel", "the chosen landsdel"),
    "age": ("alderen", "the age"),
    "free_from": ("dagen, hvor der skal være ledigt", "the day on which a place is wanted"),
    "with_vacancy": ("ønsket om en ledig plads", "the wish for a free place"),
    "language": ("sproget", "the language"),
    "distance_km": ("afstanden", "the distance"),
}
