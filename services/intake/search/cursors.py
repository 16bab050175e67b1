"""Cursors: where a page ended, and as of when, in a string that means nothing to anybody else."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import astuple, dataclass
from typing import Final

import orjson

_VERSION: Final = 1
_FIELDS: Final = (str, int, int, int, int, str)
_LATEST_S: Final = 2**33
"""A moment in the year 2242."""


class UnreadableCursor(ValueError):  # noqa: N818 - reads as what it is
    """Not a cursor of ours, or one of another search."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins.

    Attributes:
        question: digest of what was asked; a cursor is good for the same question only.
        generation: of the index, on the first page.
        now_s: the moment that freshness counts from, on the first page.
        widened: which widening of the question found something.
        points: of the last hit.
        key: of the last hit.
    """

    question: str
    generation: int
    now_s: int
    widened: int
    points: int
    key: str

    def text(self) -> str:
        """Write it."""
        return base64.urlsafe_b64encode(orjson.dumps([_VERSION, *astuple(self)])).decode().rstrip("=")


def read_cursor(text: str, question: str) -> Cursor:
    """Read a cursor for a question.

    Raises:
        UnreadableCursor: it is none, or belongs to another question.
    """
    try:
        version, *fields = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise UnreadableCursor from error
    if version != _VERSION or [type(value) for value in fields] != list(_FIELDS):
        raise UnreadableCursor
    cursor = Cursor(*fields)
    # A number that PostgreSQL, or a calendar, has no room for was not written here.
    rooms = ((cursor.points, 2**31), (cursor.widened, 2**31), (cursor.generation, 2**40), (cursor.now_s, _LATEST_S))
    if cursor.question != question or "\0" in cursor.key or not all(0 <= number < room for number, room in rooms):
        raise UnreadableCursor
    return cursor


def digest(question: str) -> str:
    """Make the digest of a question."""
    return hashlib.sha256(question.encode()).hexdigest()[:12]
