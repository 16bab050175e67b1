"""Answers that are given once: the request of an Idempotency-Key, and what it was answered with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.database import Connection

_QUERIES: Final = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be done once, however often it is sent.

    Attributes:
        caller: the partner or person who asks: nobody is given another's answer.
        key: the caller's own for this request.
        fingerprint: of everything that the request says; the same key for another one is an error.
    """

    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class KeyInUse(Exception):  # noqa: N818 - reads as what it is
    """A request with the same key is being answered at this moment."""


class KeyReused(Exception):  # noqa: N818 - reads as what it is
    """The key was given to another request before."""


class AnsweredRequests:
    """Remembers answers in the transaction of the change that they tell of, so that there is never one without the other."""

    def __init__(self) -> None:
        self._queries = load_queries(_QUERIES)

    async def given(self, connection: Connection, once: Once) -> Answer | None:
        """Read what a request was answered with before, as the only one who answers it until the commit.

        Raises:
            KeyInUse: somebody else is answering it.
            KeyReused: its key was given to another request.
        """
        if not await self._queries.take_key(connection, caller=once.caller, key=once.key):
            raise KeyInUse
        row = await self._queries.answer_given(connection, caller=once.caller, key=once.key)
        if row is None:
            return None
        if row["fingerprint"] != once.fingerprint:
            raise KeyReused
        return Answer(row["status"], row["body"], orjson.loads(row["headers"]))

    async def save(self, connection: Connection, once: Once, answer: Answer, now: datetime) -> None:
        """Remember what a request was answered with."""
        await self._queries.save_answer(
            connection,
            caller=once.caller,
            key=once.key,
            fingerprint=once.fingerprint,
            status=answer.status,
            headers=orjson.dumps(dict(answer.headers)).decode(),
            body=answer.body,
            answered_at=now,
        )

    async def forget(self, connection: Connection, before: datetime) -> None:
        """Forget the answers that were given before a moment."""
        await self._queries.forget_answers(connection, before=before)
