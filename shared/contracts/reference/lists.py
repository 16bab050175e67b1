"""The lists of the project, each read once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from shared.contracts.reference.codelist import CodeList, load
from shared.contracts.reference.items import Coded, Concept, Former, Municipality, OfferType, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

WORD_LISTS: Final = (
    "access", "accessibility", "activities", "approval-authorities", "equipment", "gender-rules", "landsdele", "languages",
    "night-staff", "ownership", "regions", "transport", "work-tasks",
)  # fmt: skip
"""Lists whose items are a code and its labels; each lies in a file of its own name."""


@cache
def concept_list() -> CodeList[Concept]:
    """All 220 FFB concepts."""
    return load("ffb.json", Concept)


@cache
def municipality_list() -> CodeList[Municipality]:
    """The 98 kommuner and Christiansø."""
    return load("municipalities.json", Municipality)


@cache
def offer_type_list() -> CodeList[OfferType]:
    """The kinds of offer."""
    return load("offer_types.json", OfferType)


@cache
def word_list(name: str) -> CodeList[Word]:
    """One of `WORD_LISTS`."""
    return load(f"{name}.json", Word)


@cache
def former_codes() -> CodeList[Former]:
    """Codes that are refused with what to use instead, of all lists."""
    return load("former.json", Former)


@cache
def code_lists() -> Mapping[str, CodeList[Coded]]:
    """Every list by its name, as `GET /codes` serves them."""
    ffb, types = concept_list(), offer_type_list()
    lists: list[CodeList[Coded]] = [
        ffb,
        ffb.part("target-groups", ("FFB målgrupper", "FFB target groups"), lambda one: one.kind == "maalgruppe" and one.leaf),
        ffb.part("services", ("FFB ydelser", "FFB services"), lambda one: one.kind == "ydelse" and one.leaf),
        ffb.part("themes", ("FFB undertemaer med funktionsevne", "FFB levelled subthemes"), lambda one: one.levelled),
        ffb.part("functional-levels", ("Funktionsevneniveau", "Functional level"), lambda one: _on_scale(one, "funktionsevne")),
        ffb.part("support-levels", ("Støttebehovsniveau", "Level of support need"), lambda one: _on_scale(one, "stoettebehov")),
        municipality_list(),
        types,
        types.part("sections", ("Lov og paragraf", "Law and section"), lambda one: one.is_section),
        types.with_items("kle", ("KLE-numre", "KLE numbers"), _kle(types)),
        *(word_list(name) for name in WORD_LISTS),
    ]
    return {one.name: one for one in sorted(lists, key=lambda one: one.name)}


def concepts() -> Mapping[str, Concept]:
    """All FFB concepts by code."""
    return concept_list().items


@cache
def target_groups() -> Mapping[str, Concept]:
    """The 45 målgrupper by code."""
    return {code: one for code, one in concepts().items() if one.kind == "maalgruppe" and one.leaf}


@cache
def services() -> Mapping[str, Concept]:
    """The 32 ydelser by code."""
    return {code: one for code, one in concepts().items() if one.kind == "ydelse" and one.leaf}


@cache
def themes() -> Mapping[str, Concept]:
    """The 31 levelled subthemes by code."""
    return {code: one for code, one in concepts().items() if one.levelled}


def municipalities() -> Mapping[str, Municipality]:
    """The 98 kommuner and Christiansø by four-digit code."""
    return municipality_list().items


def offer_types() -> Mapping[str, OfferType]:
    """The kinds of offer by id."""
    return offer_type_list().items


@cache
def sections() -> Mapping[str, OfferType]:
    """The kinds of offer that are a law and a section, by id: what a need or a vacancy may name as its section."""
    return {id_: one for id_, one in offer_types().items() if one.is_section}


@cache
def open_door_kinds() -> frozenset[str]:
    """Kinds of offer that take people as they come."""
    return frozenset(id_ for id_, one in offer_types().items() if one.open_door)


def words(name: str) -> Mapping[str, Word]:
    """The items of one of `WORD_LISTS` by code."""
    return word_list(name).items


def _on_scale(concept: Concept, kind: str) -> bool:
    return concept.kind == kind and concept.leaf


def _kle(types: CodeList[OfferType]) -> list[Word]:
    return [
        Word(code=one.kle, label_da=one.label_da, label_en=one.label_en, valid_from=one.valid_from, valid_to=one.valid_to)
        for one in types.items.values()
        if one.kle is not None
    ]
