"""What differs between two policies, piece by piece: what decides, and what only words it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.contracts.settings import Policy

WORDING: Final = frozenset({
    "text_da", "text_en", "label_da", "label_en", "source", "direction", "direction_da", "unit", "name", "statements",
})  # fmt: skip
"""Fields that say what a policy means and change no match."""

_BESIDE: Final = frozenset({"free_choice_sections", "free_choice_percent", "priority"})
"""Fields of labels and of the queue: they are shown, or order people, and no match comes out otherwise."""

_NAMED_BY: Final = ("code", "field", "section", "born_from_year", "name")
"""Fields by which a piece of a list is known in both policies, so that a new order is no change."""

_HEAD: Final = frozenset({"version", "valid_from"})

Kind = Literal["match", "beside", "words"]
"""Whether a match may come out otherwise for it, only what stands beside the match does, or only words are others."""

Path = tuple[str, ...]
"""Where in a policy: the field, and inside a list the name of the piece."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. A list of codes is compared as a set."""

    path: Path
    before: object | None
    """None: the old policy has no such piece."""
    after: object | None
    """None: the new policy has no such piece any more."""

    @property
    def kind(self) -> Kind:
        if not WORDING.isdisjoint(self.path):
            return "words"
        return "beside" if self.path[0] in _BESIDE else "match"


def changes(old: Policy, new: Policy) -> list[Change]:
    """Give what differs, but for the version and the day, in the order of the contract; a whole piece that comes or goes is one."""
    found: list[Change] = []
    _compare((), _fields(old, leave_out=_HEAD), _fields(new, leave_out=_HEAD), found)
    return found


Tree = dict[str, Any]


def _fields(model: BaseModel, leave_out: frozenset[str] = frozenset()) -> Tree:
    return {name: tree(getattr(model, name)) for name in type(model).model_fields if name not in leave_out}


def tree(value: object) -> object:
    """Give a piece of a policy as plain values: a model by its fields, a list of models by their names, a list of codes as a set."""
    if isinstance(value, BaseModel):
        return _fields(value)
    if isinstance(value, tuple):
        if value and isinstance(value[0], BaseModel):
            return {_name(piece, place): _fields(piece) for place, piece in enumerate(value)}
        return frozenset(value)
    return value


def _name(piece: BaseModel, place: int) -> str:
    for name in _NAMED_BY:
        if name in type(piece).model_fields:
            return str(getattr(piece, name))
    return str(place + 1)


def _compare(path: Path, old: Tree, new: Tree, found: list[Change]) -> None:
    for name in _names(old, new):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        # An empty list of pieces is an empty set: what comes into it is told piece by piece all the same.
        old_pieces, new_pieces = _pieces(before), _pieces(after)
        if old_pieces is not None and new_pieces is not None:
            _compare((*path, name), old_pieces, new_pieces, found)
        else:
            found.append(Change((*path, name), before, after))


def _pieces(value: object) -> Tree | None:
    if isinstance(value, dict):
        return value
    return {} if value == frozenset() else None


def _names(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from new
    yield from (name for name in old if name not in new)
