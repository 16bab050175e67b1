"""FFB's Danish labels to its codes: what people write by hand is written in words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnknownLabelError(Exception):
    """A label in a file of the sample is not one of FFB's; the message names it."""


@cache
def _codes(kind: str) -> Mapping[str, str]:
    lists = {"målgruppe": reference.target_groups, "ydelse": reference.services, "undertema": reference.themes}
    return {concept.label_da: code for code, concept in lists[kind]().items()}


def target_group(label: str) -> str:
    """Give the code of a målgruppe."""
    return _code("målgruppe", label)


def service(label: str) -> str:
    """Give the code of a ydelse."""
    return _code("ydelse", label)


def theme(label: str) -> str:
    """Give the code of a levelled undertema."""
    return _code("undertema", label)


def _code(kind: str, label: str) -> str:
    try:
        return _codes(kind)[label]
    except KeyError:
        raise UnknownLabelError(f"FFB has no {kind} with the label {label!r}.") from None
