"""`ledigplads dlq`: records that a reader could not take. A dead letter says where the record stands and why, and holds no body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from deploy.cli import output
from deploy.cli.calling import client
from deploy.cli.exits import OK, REFUSED, UsageError
from deploy.cli.replaying import Replayer
from deploy.cli.stack_state import StackState, find_stack
from deploy.simulate.broker_view import BrokerView
from shared.messaging.deadletters import DeadLetter, read_dead_letter
from shared.messaging.log import read_one, read_to_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.messaging.records import Coordinates, RawRecord

dlq = App(
    name="dlq",
    help=(
        "Døde breve: poster, som en læser ikke kunne tage. Dead letters: records that a reader could not take.\n\n"
        "Their ids are TOPIC/PARTITION/OFFSET of the dead letter itself."
    ),
)
_SUFFIX = "-dlq"
_ID_PARTS = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A dead letter, where it stands itself, and since when."""

    at: Coordinates
    letter: DeadLetter
    when: datetime

    @property
    def id(self) -> str:
        return f"{self.at.topic}/{self.at.partition}/{self.at.offset}"

    def as_json(self) -> dict[str, Any]:
        """Give it in its documented shape: names and numbers, nothing of the record's content but its key."""
        letter = self.letter
        return {
            "id": self.id,
            "topic": letter.at.topic,
            "partition": letter.at.partition,
            "offset": letter.at.offset,
            "group": letter.group,
            "reason": letter.reason,
            "error_type": letter.error_type,
            "key": key_text(letter.key),
            "correlation_id": letter.correlation_id,
            "at": self.when.isoformat(),
        }


@dlq.command(name="list")
async def list_(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Show all dead letters, oldest first in each topic.

    Parameters
    ----------
    json
        A line of JSON each: id, topic, partition, offset, group, reason, error_type, key, correlation_id, at.
    """
    made = output.table("id", "reader", "record", "reason", "error", "when")
    count = 0
    async for found in _all(find_stack()):
        count += 1
        if json:
            output.line(found.as_json())
        else:
            at, letter = found.letter.at, found.letter
            place = f"{at.topic}/{at.partition}/{at.offset}"
            made.add_row(found.id, letter.group, place, letter.reason, letter.error_type, f"{found.when:%Y-%m-%d %H:%M:%S}")
    if count and not json:
        output.show(made)
    elif not count:
        output.say("Ingen døde breve. / No dead letters.")
    return OK


@dlq.command
async def show(letter: str) -> int:
    """Show one dead letter, and what is left of the record that it names: its size, type and id, never its content.

    Parameters
    ----------
    letter
        Its id, as `ledigplads dlq list` shows it.
    """
    stack = find_stack()
    found = await _one(stack, letter)
    at = found.letter.at
    record = await read_one(stack.bootstrap_servers, at.topic, at.partition, at.offset)
    output.document({**found.as_json(), "record": None if record is None else _outline(record)})
    return OK


@dlq.command
async def replay(*letters: str, all_: Annotated[bool, Parameter(name="--all", negative="")] = False) -> int:
    """Let the reader try the records again: in its own service, under the version rule, so that an older one changes nothing.

    A line of JSON each: id, result and what was republished. Results: applied; superseded (the record is gone or is garbage, and the
    service that owns the data has published the key's current state again); unreadable (it still cannot be read, and its data has no
    state that could be published again); not_subscribed (no such reader is up). Ends with 1 when a letter is neither applied nor superseded.

    Parameters
    ----------
    letters
        Ids, as `ledigplads dlq list` shows them.
    all_
        All there are.
    """
    if bool(letters) == all_:
        raise UsageError("Name the letters to replay, or say --all.")
    stack = find_stack()
    found = [one async for one in _all(stack)] if all_ else [await _one(stack, letter) for letter in letters]
    code = OK
    async with client() as http:
        replayer = Replayer(http, stack)
        for one in found:
            outcome = await replayer.replay(one.letter)
            output.line({"id": one.id, "result": outcome.result, "republished": outcome.republished})
            if outcome.result not in {"applied", "superseded"}:
                code = REFUSED
    return code


async def _all(stack: StackState) -> AsyncIterator[Found]:
    async with BrokerView(stack.bootstrap_servers, stack.names, stack.topics) as view:
        topics = [name for name in await view.names() if name.endswith(_SUFFIX)]
    for topic in topics:
        async for records in read_to_end(stack.bootstrap_servers, topic):
            for record in records:
                if (letter := read_dead_letter(record)) is not None:
                    yield _found(record, letter)


async def _one(stack: StackState, given: str) -> Found:
    parts = given.rsplit("/", 2)
    if len(parts) != _ID_PARTS or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise UsageError(f"{given} is no id of a dead letter: `ledigplads dlq list` shows them.")
    record = await read_one(stack.bootstrap_servers, parts[0], int(parts[1]), int(parts[2]))
    letter = read_dead_letter(record) if record is not None else None
    if record is None or letter is None:
        raise UsageError(f"There is no dead letter {given}: `ledigplads dlq list` shows them.")
    return _found(record, letter)


def _found(record: RawRecord, letter: DeadLetter) -> Found:
    return Found(record.at, letter, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))


def _outline(record: RawRecord) -> dict[str, Any]:
    headers = {name: value.decode(errors="replace") for name, value in record.headers if value is not None}
    return {
        "key": key_text(record.key_bytes),
        "bytes": None if record.value is None else len(record.value),
        "ce_type": headers.get("ce_type"),
        "ce_id": headers.get("ce_id"),
        "written_at": datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(),
    }


def key_text(key: bytes | None) -> str | None:
    """Show a key; bytes of it that are not UTF-8 as escapes."""
    return None if key is None else key.decode(errors="backslashreplace")
