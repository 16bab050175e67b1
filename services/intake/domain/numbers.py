"""Whole numbers that a system wrote with a fraction of nothing: 3.0 is an integer to JSON Schema, and many libraries write it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from pydantic import ValidationError

_EXACT_BELOW: Final = 2.0**53
"""Up to here a float holds every whole number."""


def with_whole_numbers(refused: ValidationError, body: bytes) -> bytes | None:
    """Write a refused body again with its whole numbers as such; None where that would not help."""
    if not any(
        found["type"] == "int_type" and _is_whole(found["input"])
        for found in refused.errors(include_url=False, include_context=False)
    ):
        return None
    try:
        return orjson.dumps(_rewritten(orjson.loads(body)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_BELOW


def _rewritten(value: object) -> object:
    match value:
        case float() if _is_whole(value):
            return int(value)
        case dict():
            return {name: _rewritten(inner) for name, inner in value.items()}
        case list():
            return [_rewritten(inner) for inner in value]
        case _:
            return value
