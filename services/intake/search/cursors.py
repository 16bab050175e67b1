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
    # A number that PostgreSQL has no room for was not written here.
    if cursor.question != question or not all(0 <= number < 2**31 for number in (cursor.points, cursor.widened)):
        raise UnreadableCursor
    if not all(0 <= number < 2**40 for number in (cursor.generation, cursor.now_s)) or "\0" in cursor.key:
        raise UnreadableCursor
    return cursor


def digest(question: str) -> str:
    """Make the digest of a question."""
    return hashlib.sha256(question.encode()).hexdigest()[:12]
