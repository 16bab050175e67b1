"""The nation's own codes, transcribed: FFB concepts, kommuner and kinds of offer.

Each list is a JSON file beside this module that names its source and version. A code that is not in a list is refused
with the nearest codes that are.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of Fælles Faglige Begreber; `levelled` subthemes carry a functional level from 0 to 4."""

    code: str
    kind: str
    label_da: str
    parent_da: str
    leaf: bool
    levelled: bool


@dataclass(frozen=True, slots=True)
class Municipality:
    """A kommune (or Christiansø): its landsdel, region and centroid in EPSG:25832 metres."""

    code: str
    name: str
    landsdel: str
    region_code: str
    region: str
    easting_m: int
    northing_m: int


@dataclass(frozen=True, slots=True)
class OfferType:
    """A kind of offer: the law and section it rests on (None where no law does), its KLE number and who supervises it."""

    id: str
    law: str | None
    section: str | None
    label_da: str
    label_en: str
    kle: str | None
    supervision: str | None
    hard_conditions: str
    seed_name: str | None


def _items(name: str) -> list[dict[str, object]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    items: list[dict[str, object]] = json.loads(text)["items"]
    return items


@cache
def concepts() -> Mapping[str, Concept]:
    """All FFB concepts by code."""
    return {concept.code: concept for concept in (Concept(**item) for item in _items("ffb.json"))}  # type: ignore[arg-type]


@cache
def target_groups() -> Mapping[str, Concept]:
    """The 45 målgrupper by code."""
    return {code: concept for code, concept in concepts().items() if concept.kind == "maalgruppe" and concept.leaf}


@cache
def services() -> Mapping[str, Concept]:
    """The 32 ydelser by code."""
    return {code: concept for code, concept in concepts().items() if concept.kind == "ydelse" and concept.leaf}


@cache
def themes() -> Mapping[str, Concept]:
    """The 31 levelled subthemes by code."""
    return {code: concept for code, concept in concepts().items() if concept.levelled}


@cache
def municipalities() -> Mapping[str, Municipality]:
    """The 98 kommuner and Christiansø by four-digit code."""
    return {item.code: item for item in (Municipality(**item) for item in _items("municipalities.json"))}  # type: ignore[arg-type]


@cache
def offer_types() -> Mapping[str, OfferType]:
    """The kinds of offer by id."""
    return {item.id: item for item in (OfferType(**item) for item in _items("offer_types.json"))}  # type: ignore[arg-type]


@cache
def sections() -> Mapping[str, OfferType]:
    """The kinds of offer that are a law and a section, by id: what a need or a vacancy may name as its section."""
    ids = (
        "SEL-85", "SEL-101", "SEL-103", "SEL-103-2", "SEL-104", "SEL-107", "SEL-108", "SEL-108a", "SEL-109", "SEL-110",
        "ABL-105", "BL-43", "BL-82",
    )  # fmt: skip
    return {id_: offer_types()[id_] for id_ in ids}


def _nearest(value: str, labels: Mapping[str, str]) -> str:
    """Up to three codes whose code or Danish label is most like `value`, readable in an error."""
    by_text = {label.casefold(): code for code, label in labels.items()} | {code.casefold(): code for code in labels}
    close = difflib.get_close_matches(value.casefold(), by_text, n=3, cutoff=0.5)
    codes = dict.fromkeys(by_text[text] for text in close)
    return "; ".join(f"{code} ({labels[code]})" for code in codes)


def _known(value: str, labels: Mapping[str, str], list_name: str) -> str:
    if value in labels:
        return value
    near = _nearest(value, labels)
    raise PydanticCustomError(
        "unknown_code",
        "{text_en}",
        {
            "text_da": f"er ikke en kode i listen {list_name}{f'; nærmest er {near}' if near else ''}",
            "text_en": f"is not a code of the list {list_name}{f'; nearest: {near}' if near else ''}",
            "nearest": near,
        },
    )


@cache
def _labels(list_name: str) -> Mapping[str, str]:
    match list_name:
        case "kommuner":
            return {code: item.name for code, item in municipalities().items()}
        case "offer types":
            return {code: item.label_da for code, item in offer_types().items()}
        case "sections":
            return {code: item.label_da for code, item in sections().items()}
        case "FFB målgrupper":
            return {code: item.label_da for code, item in target_groups().items()}
        case "FFB ydelser":
            return {code: item.label_da for code, item in services().items()}
        case _:
            return {code: item.label_da for code, item in themes().items()}


def municipality_known(value: str) -> str:
    """Validate a kommune code."""
    return _known(value, _labels("kommuner"), "kommuner")


def offer_type_known(value: str) -> str:
    """Validate the id of a kind of offer."""
    return _known(value, _labels("offer types"), "offer types")


def section_known(value: str) -> str:
    """Validate law and section."""
    return _known(value, _labels("sections"), "sections")


def target_group_known(value: str) -> str:
    """Validate an FFB målgruppe."""
    return _known(value, _labels("FFB målgrupper"), "FFB målgrupper")


def service_known(value: str) -> str:
    """Validate an FFB ydelse."""
    return _known(value, _labels("FFB ydelser"), "FFB ydelser")


def theme_known(value: str) -> str:
    """Validate a levelled FFB subtheme."""
    return _known(value, _labels("FFB subthemes"), "FFB subthemes")
