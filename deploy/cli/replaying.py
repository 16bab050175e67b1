"""Replaying a dead letter: the service that could not take the record reads it again, or its owner publishes the truth anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import orjson

from deploy.simulate.ways_in import Intake, Service

if TYPE_CHECKING:
    import httpx2

    from deploy.cli.stack_state import StackState
    from shared.messaging.deadletters import DeadLetter

Result = Literal["applied", "superseded", "unreadable", "gone", "not_subscribed"]

_OPERATOR = {
    "intake": "/operator/replay",
    "matching": "/matching/operator/replay",
    "notifications": "/notifications/operator/replay",
}
_OF_INTAKE = frozenset({"offers", "vacancies", "need-profiles", "settings", "referrals"})
"""Topics whose truth is in intake's tables."""
_WORST_FIRST: dict[str, Result] = {
    "unreadable": "unreadable",
    "gone": "gone",
    # The worker writes the truth over the record.
    "rewritten": "superseded",
    "applied": "applied",
}
"""What a process may answer, and what it means for the letter. Others (not its partition, not its topic) say nothing of it."""
_OF_MATCHING = "matches"
"""The topic that its owner mends by itself: a worker writes the truth again over a record that is not its own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter, and how many records were published again for it."""

    result: Result
    republished: int = 0


class Replayer:
    """Knows which service to ask."""

    def __init__(self, http: httpx2.AsyncClient, stack: StackState) -> None:
        self._http = http
        self._stack = stack

    async def replay(self, letter: DeadLetter) -> Outcome:
        """Let the group's service read the record again; where that is no use, have the key's state published again.

        Raises:
            AwayError: the service does not answer.
            RefusedError: a service would not.
        """
        topic = self._stack.names.logical(letter.at.topic)
        result = await self._read_again(letter, topic)
        if result not in {"unreadable", "gone"}:
            return Outcome(result)
        if topic == _OF_MATCHING:
            return Outcome("superseded")
        if topic in _OF_INTAKE:
            return await self._publish_again(topic, letter.key)
        return Outcome(result)

    async def _read_again(self, letter: DeadLetter, topic: str) -> Result:
        """Ask every process of the group: vacancies are every matching worker's, a need only its owner's."""
        group = self._stack.names.logical(letter.group)
        at = orjson.dumps({"topic": topic, "partition": letter.at.partition, "offset": letter.at.offset})
        told = set[str]()
        for process in self._stack.of_kind(group):
            answer = await Service(self._http, process.url).call("POST", _OPERATOR[group], at)
            told.add(answer["result"] if "result" in answer else answer["outcome"])
        return next((result for said, result in _WORST_FIRST.items() if said in told), "not_subscribed")

    async def _publish_again(self, topic: str, key: bytes | None) -> Outcome:
        """Have intake compare the key, or the whole topic where the garbage has no key of ours, and publish what differs."""
        wanted = {"topic": topic}
        if key is not None and (text := key.decode(errors="ignore")).encode() == key:
            wanted["key"] = text
        answer = await Intake(self._http, self._stack.url("intake")).call("POST", "/operator/republish", orjson.dumps(wanted))
        return Outcome("superseded", int(answer["published"]))
