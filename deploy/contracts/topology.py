"""Changes of an event that no schema of its body shows: where it stands, under which key, and whether it is there at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.contracts.compatibility import changes_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.contracts.shapes import Schema
    from shared.contracts.events import Direction

_FIXED: Final = (
    ("topic", "stands on another topic"),
    ("key", "has another key"),
    ("policy", "is kept in another way"),
)


@dataclass(frozen=True, slots=True)
class Break:
    """One change that breaks somebody.

    Attributes:
        event: name of the schema.
        what: the change, as a sentence without its end.
        consumers: who is broken.
    """

    event: str
    what: str
    consumers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.event}: {self.what}. It breaks {_listed(self.consumers)}."


def breaks_between(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Break]:
    """Find every change between two whole sets of schemas that breaks somebody.

    Args:
        old: as they are committed, by name.
        new: as the code has them now.
    """
    return [found for name, before in old.items() for found in _breaks(name, before, new.get(name))]


def additions_between(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """Tell the changes that break nobody, but those in words: new events, new optional fields, what is taken now."""
    found = [f"{name}: is new" for name in new if name not in old]
    for name, before in old.items():
        if name in new:
            found += [
                f"{name}: {change.where or 'the record'} {change.what}"
                for change in changes_between(before, new[name])
                if not change.breaks(direction_of(new[name]))
            ]
    return found


def direction_of(schema: Schema) -> Direction:
    """Say who writes by a schema: we, or a partner."""
    return "submitted" if schema["x-event"]["written_by"] == "partner" else "published"


def _breaks(name: str, before: Schema, after: Schema | None) -> Iterator[Break]:
    direction = direction_of(before)
    everybody = _consumers(direction, before, after)
    if after is None:
        yield Break(name, "is gone", everybody)
        return
    was, becomes = before["x-event"], after["x-event"]
    for gone in (one for one in was["types"] if one not in becomes["types"]):
        yield Break(name, f"the type {gone} is gone", everybody)
    for fact, what in _FIXED:
        if was[fact] != becomes[fact]:
            yield Break(name, f"{what}: {was[fact]} → {becomes[fact]}", everybody)
    if becomes["tombstones"] and not was["tombstones"]:
        yield Break(name, "a record may have no value from now on", everybody)
    for change in changes_between(before, after):
        if change.breaks(direction):
            yield Break(name, f"{change.where or 'the record'} {change.what}", everybody)


def _consumers(direction: Direction, before: Schema, after: Schema | None) -> tuple[str, ...]:
    if direction == "submitted":
        return (f"every partner that writes {before['x-event']['topic']}",)
    readers = [*before["x-event"]["read_by"], *(after["x-event"]["read_by"] if after else ())]
    return tuple(dict.fromkeys(readers))


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "nobody who is declared as its reader; its old records stay on the log"
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
