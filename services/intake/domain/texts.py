"""Looking into the texts of a JSON document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters of ASCII but for tab and line ends. In JSON they stand only as escapes; PostgreSQL's text cannot hold the first."""

_DEEPEST: Final = 16
"""No draft is nested deeper; what is, is refused for that."""


def fields_with_control_character(document: object) -> Iterator[str]:
    """Yield the path of every text in a JSON document that holds a control character."""
    return paths_of_texts(document, lambda text: _CONTROL.search(text) is not None)


def paths_of_texts(
    document: object, is_sought: Callable[[str], bool], *, leave_out: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the path of every text in a JSON document that is sought.

    Args:
        document: as decoded from JSON.
        is_sought: says so of a text.
        leave_out: names of fields that are not looked into.
    """
    yield from _walk(document, "", is_sought, leave_out, _DEEPEST)


def _walk(value: object, path: str, is_sought: Callable[[str], bool], leave_out: frozenset[str], deeper: int) -> Iterator[str]:
    if deeper == 0:
        return
    if isinstance(value, str):
        if is_sought(value):
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in leave_out:
                yield from _walk(inner, f"{path}.{name}" if path else name, is_sought, leave_out, deeper - 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{place}]", is_sought, leave_out, deeper - 1)
