"""What a change of a schema does to those who read by the old one and those who write by it. Pure.

Two questions decide. Does the new schema refuse a value that the old one took (*narrower*)? Does it take one that the old one refused
(*wider*)? What others submit to us may only become wider. What we publish may become neither: readers hold records against the schema
that they know, and old records stay on the log. There a new optional field is the one way to grow, since readers ignore what they do
not know. And nothing that has a meaning may come to mean something else: a default, a unit, a list of codes, a field that goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from deploy.contracts.shapes import Branch, Schema, Shape, shape_of
from shared.contracts.events import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Effect = Literal["narrower", "wider", "meaning", "added"]
"""`meaning`: no value is refused, and yet a field goes or says something else. `added`: a new optional field."""

Role = Direction | Literal["answered"]
"""`answered`: over HTTP, to one who asks now. No old answer lies anywhere, so only what is new to him can hurt."""

BREAKING: Final[dict[Role, frozenset[Effect]]] = {
    "published": frozenset({"narrower", "wider", "meaning"}),
    "submitted": frozenset({"narrower", "meaning"}),
    "answered": frozenset({"wider", "meaning"}),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        where: path of the field, `price_lines[].amount_dkk`; empty is the record as a whole.
        what: the end of a sentence that begins with the field.
        effect: what it does.
    """

    where: str
    what: str
    effect: Effect

    def breaks(self, role: Role) -> bool:
        """Say whether somebody who keeps to the old schema is hurt."""
        return self.effect in BREAKING[role]


def changes_between(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Compare two versions of a schema.

    Args:
        old: as it was published, a whole document with its `$defs`.
        new: as it is to be published.

    Returns:
        Every difference but those in words (titles, descriptions, examples), in the order of the old schema.
    """
    comparing = _Comparing(old.get("$defs", {}), new.get("$defs", {}))
    found = comparing.schemas(old, new, "", frozenset())
    return tuple(dict.fromkeys(found))


_Bound = tuple[str, str, int, float]
_BOUNDS: Final[tuple[_Bound, ...]] = (
    ("minimum", "lowest value", 1, -math.inf),
    ("exclusiveMinimum", "value that it must be above", 1, -math.inf),
    ("minLength", "least length", 1, 0),
    ("minItems", "least number of items", 1, 0),
    ("minProperties", "least number of entries", 1, 0),
    ("maximum", "highest value", -1, math.inf),
    ("exclusiveMaximum", "value that it must be below", -1, math.inf),
    ("maxLength", "greatest length", -1, math.inf),
    ("maxItems", "greatest number of items", -1, math.inf),
    ("maxProperties", "greatest number of entries", -1, math.inf),
)
"""Keyword, its name, +1 where a higher bound is narrower and -1 where a lower one is, and what its absence means."""

_RECURSED: Final = frozenset({"properties", "required", "additionalProperties", "items", "propertyNames", "enum"})
_SAME_KIND_ACCEPTS: Final = {"integer": ("number",)}


class _Comparing:
    def __init__(self, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> None:
        self._old = old
        self._new = new

    def schemas(self, old: Any, new: Any, where: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:  # noqa: ANN401 - JSON
        before, after = shape_of(old, self._old), shape_of(new, self._new)
        yield from _meanings(before, after, where)
        yield from self._kinds(before, after, where, seen)

    def _kinds(self, before: Shape, after: Shape, where: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
        untaken = list(after.branches)
        for kind in dict.fromkeys(branch.kind for branch in before.branches):
            olds = [branch for branch in before.branches if branch.kind == kind]
            news = [branch for branch in after.branches if branch.kind == kind]
            untaken = [branch for branch in untaken if branch.kind != kind]
            if not news:
                yield from self._kind_gone(olds, after, where)
            elif len(olds) == len(news):
                for one, other in zip(olds, news, strict=True):
                    yield from self._branches(one, other, where, seen)
            else:
                yield Change(where, f"other alternatives of {kind}", "narrower")
                yield Change(where, f"other alternatives of {kind}", "wider")
        for branch in untaken:
            yield Change(where, f"may be {_an(branch.kind)} now", "wider")

    def _kind_gone(self, olds: list[Branch], after: Shape, where: str) -> Iterator[Change]:
        """A whole number is a number too; any other kind that is gone is refused from now on."""
        kind = olds[0].kind
        wide_enough = any(
            branch.kind in ("any", *_SAME_KIND_ACCEPTS.get(kind, ())) and not branch.held_to for branch in after.branches
        )
        if not wide_enough:
            yield Change(where, f"may not be {_an(kind)} any more", "narrower")

    def _branches(self, old: Branch, new: Branch, where: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
        if old.reference and new.reference:
            pair = (old.reference, new.reference)
            if pair in seen:
                return
            seen |= {pair}
        yield from _bounds(old, new, where)
        yield from _listed(old, new, where)
        yield from self._fields(old, new, where, seen)
        yield from self._inner(old, new, where, seen)
        yield from _others(old, new, where)

    def _fields(self, old: Branch, new: Branch, where: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
        before, after = old.held_to.get("properties", {}), new.held_to.get("properties", {})
        required_before, required_after = set(old.held_to.get("required", ())), set(new.held_to.get("required", ()))
        for name in before:
            path = f"{where}.{name}" if where else name
            if name not in after:
                yield Change(path, "is gone", "meaning")
                continue
            if name in required_before - required_after:
                yield Change(path, "was required and may be absent now", "wider")
            if name in required_after - required_before:
                yield Change(path, "may be absent until now and is required from now on", "narrower")
            yield from self.schemas(before[name], after[name], path, seen)
        for name in after:
            path = f"{where}.{name}" if where else name
            if name not in before and name in required_after:
                yield Change(path, "is new and required: what was written before lacks it", "narrower")
            elif name not in before:
                yield Change(path, "is new and optional", "added" if _is_open(old) else "wider")
        if old.kind == "object" and _is_open(old) != _is_open(new):
            yield (
                Change(where, "refuses unknown fields from now on", "narrower")
                if _is_open(old)
                else Change(where, "takes unknown fields from now on", "wider")
            )

    def _inner(self, old: Branch, new: Branch, where: str, seen: frozenset[tuple[str, str]]) -> Iterator[Change]:
        for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}"), ("propertyNames", "{name}")):
            before, after = old.held_to.get(keyword, True), new.held_to.get(keyword, True)
            if keyword == "additionalProperties" and (isinstance(before, bool) or isinstance(after, bool)):
                # Open or closed is told of the whole; between a bool and a schema, as if the values had any shape before or after.
                before, after = (True if inner is False else inner for inner in (before, after))
            if before != after or isinstance(before, dict):
                yield from self.schemas(before, after, f"{where}{suffix}", seen)


def _is_open(branch: Branch) -> bool:
    return branch.held_to.get("additionalProperties", True) is not False


def _meanings(before: Shape, after: Shape, where: str) -> Iterator[Change]:
    for keyword, name in (("default", "meaning when absent"), ("x-unit", "unit"), ("x-codes", "list of codes")):
        if keyword in before.meaning and keyword in after.meaning and before.meaning[keyword] != after.meaning[keyword]:
            yield Change(
                where, f"has another {name}: {_said(before.meaning[keyword])} → {_said(after.meaning[keyword])}", "meaning"
            )


def _bounds(old: Branch, new: Branch, where: str) -> Iterator[Change]:
    for keyword, name, direction, absent in _BOUNDS:
        before, after = old.held_to.get(keyword, absent), new.held_to.get(keyword, absent)
        if before != after:
            narrower = (after - before) * direction > 0
            yield Change(where, f"has another {name}: {_limit(before)} → {_limit(after)}", "narrower" if narrower else "wider")


def _listed(old: Branch, new: Branch, where: str) -> Iterator[Change]:
    before, after = old.held_to.get("enum"), new.held_to.get("enum")
    if before is None and after is not None:
        yield Change(where, f"must be one of {_words(after)} from now on", "narrower")
    elif after is None and before is not None:
        yield Change(where, "may be anything now, not only a listed value", "wider")
    elif before is not None and after is not None:
        if gone := [value for value in before if value not in after]:
            yield Change(where, f"may not be {_words(gone)} any more", "narrower")
        if fresh := [value for value in after if value not in before]:
            yield Change(where, f"may be {_words(fresh)} now", "wider")


def _others(old: Branch, new: Branch, where: str) -> Iterator[Change]:
    """Patterns and formats, and every keyword that is not known here: there or not there is clear, another one may be either."""
    known = {keyword for keyword, *_ in _BOUNDS} | _RECURSED
    for keyword in dict.fromkeys([*old.held_to, *new.held_to]):
        if keyword in known or old.held_to.get(keyword) == new.held_to.get(keyword):
            continue
        if keyword in new.held_to:
            yield Change(where, f"is held to another {keyword}", "narrower")
        if keyword in old.held_to:
            yield Change(where, f"is not held to its {keyword} any more", "wider")


def _an(kind: str) -> str:
    return {"any": "of any kind", "null": "null"}.get(kind, f"{'an' if kind[0] in 'aio' else 'a'} {kind}")


def _words(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _said(value: object) -> str:
    return "null" if value is None else str(value)


def _limit(bound: float) -> str:
    return "none" if math.isinf(bound) else f"{bound:g}"
