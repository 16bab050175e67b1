"""The search page: what its template needs beside the answer of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from shared.contracts import reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ADDRESS: Final = "/search.html"
_NARROWED_BY: Final = (
    ("section", "Paragraf · Section"),
    ("kind", "Type · Kind"),
    ("landsdel", "Landsdel · Part of the country"),
    ("target_group", "Målgruppe · Target group"),
)


def search_page(asked: Sequence[tuple[str, str]], page: Mapping[str, Any] | None, problem: str | None = None) -> dict[str, Any]:
    """Give the template its variables.

    Args:
        asked: the parameters of the question as they stood in the address, without those that are empty.
        page: the answer of the API, in Danish; None when there is a problem.
        problem: what is wrong, for a person.
    """
    chosen: dict[str, Any] = {"q": "", "section": (), "kommune": (), "with_vacancy": False, "self_referral": False}
    for name, value in asked:
        chosen[name] = (*chosen[name], value) if name in {"section", "kommune"} else value
    again = [(name, value) for name, value in asked if name != "cursor"]
    facets = page["facets"] if page else None
    cursor = page["next_cursor"] if page else None
    return {
        "asked": chosen,
        "page": page
        and {
            **page,
            "interpreted": [{**note, "text": _unbroken(note["text"])} for note in page["interpreted"]],
            "hits": [{**hit, "labels": _labels(hit), "km": _km(hit["distance_m"])} for hit in page["hits"]],
        },
        "problem": problem,
        "narrowing": [
            (name, heading, [_narrower(one, [*again, (name, one["code"])]) for one in facets[name]])
            for name, heading in _NARROWED_BY
            if facets and not any(given == name for given, _ in again)
        ],
        "next_href": _href([*again, ("cursor", cursor)]) if cursor else None,
        "sections": [(code, f"§\u00a0{one.section} {one.label_da}") for code, one in reference.sections().items()],
        "kommuner": sorted(((code, one.name) for code, one in reference.municipalities().items()), key=lambda one: one[1]),
    }


def _labels(hit: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(_unbroken(code["label"]) for code in (*hit["sections"], *hit["kinds"])))


def _narrower(facet: Mapping[str, Any], parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {**facet, "label": _unbroken(facet["label"]), "href": _href(parameters)}


def _km(distance_m: int | None) -> str | None:
    """Write a distance; none where it is nothing: the place is known by its kommune alone, as the one that distance counts from."""
    tenths = (distance_m or 0) // 100
    return f"{tenths // 10},{tenths % 10}" if tenths else None


def _unbroken(text: str) -> str:
    """Keep a § and its number on one line."""
    return text.replace("§ ", "§\u00a0")


def _href(parameters: Sequence[tuple[str, str]]) -> str:
    return f"{_ADDRESS}?{urlencode(parameters)}"
