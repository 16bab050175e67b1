"""Danish or English: which one the caller asks for."""

from typing import Final, Literal

from starlette.requests import HTTPConnection

Language = Literal["da", "en"]

_DANISH: Final = "da"
_MOST_CONSIDERED: Final = 20
"""Browsers send a handful."""


def language_of(request: HTTPConnection) -> Language:
    """Give the language that Accept-Language weighs higher (RFC 9110, 12.5.4); Danish where it says nothing of the two."""
    asked: dict[str, float] = {}
    for part in request.headers.get("accept-language", "").split(",")[:_MOST_CONSIDERED]:
        tag, _, weight = part.partition(";")
        asked.setdefault(tag.strip().lower().partition("-")[0], _weight(weight))
    danish = asked.get(_DANISH, asked.get("*", 0.0))
    return "en" if asked.get("en", 0.0) > danish else "da"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
