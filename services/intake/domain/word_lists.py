"""Common names and towns, by which typed persons and places are noticed: `people_and_towns.json`, all lower-case."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def first_names() -> frozenset[str]:
    """Unmistakable first names."""
    return _lists()["first_names"]


def first_names_that_are_words() -> frozenset[str]:
    """First names that count only in front of a surname: "Per Møller" is a person, "pr. maj" is not."""
    return _lists()["first_names_that_are_words"]


def surnames() -> frozenset[str]:
    """Unmistakable surnames."""
    return _lists()["surnames"]


def surnames_that_are_words() -> frozenset[str]:
    """Surnames that count only behind a first name: "Lund" alone is a town or a grove."""
    return _lists()["surnames_that_are_words"]


def towns() -> frozenset[str]:
    """Postal towns that are not called as their kommune."""
    return _lists()["towns"]


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("people_and_towns.json").read_text(encoding="utf-8")
    return {name: frozenset(words) for name, words in json.loads(text).items() if isinstance(words, list)}
