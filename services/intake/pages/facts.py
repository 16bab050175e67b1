"""What is stated of a place or an offer, in rows under a heading; what was not stated is said in one line, so that it does not drown the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.intake.pages.wording import Said, answer, labels, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = tuple[Said, tuple[Said, ...]]
"""What is told, and what was stated of it; nothing: it was not stated."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A part of a page.

    Attributes:
        heading: what it is about.
        rows: what was stated.
        unstated: names of what was not.
    """

    heading: Said
    rows: tuple[Row, ...]
    unstated: Said | None


def facts(da: str, en: str, rows: Iterable[Row]) -> Facts:
    """Put rows under a heading, and those of which nothing was stated into one line."""
    listed = tuple(rows)
    missing = [name for name, values in listed if not values]
    return Facts(
        Said(da, en),
        tuple(row for row in listed if row[1]),
        Said("; ".join(_small(one.da) for one in missing), "; ".join(_small(one.en) for one in missing)) if missing else None,
    )


def coded(da: str, en: str, list_name: str, codes: Iterable[str]) -> Row:
    """Give a row of codes in words."""
    return Said(da, en), labels(list_name, codes)


def yes_or_no(name: Said, stated: bool | None) -> Row:
    """Give a row of an answer."""
    return name, () if stated is None else (answer(stated),)


def number(da: str, en: str, stated: int | None) -> Row:
    """Give a row of a count."""
    return Said(da, en), () if stated is None else (same(str(stated)),)


def text(da: str, en: str, stated: str | None) -> Row:
    """Give a row of what is not translated."""
    return Said(da, en), () if stated is None else (same(stated),)


def given(value: str | None) -> Sequence[str]:
    """Give a code that may not have been stated as codes."""
    return () if value is None else (value,)


def _small(name: str) -> str:
    """Write a name inside a sentence; an abbreviation keeps its capitals."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
