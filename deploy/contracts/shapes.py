"""JSON Schemas taken apart into what the rules of compatibility compare: kinds of value, and what each kind is held to.

Pure. The vocabulary is that of pydantic's schemas (2020-12): a keyword that is not known here is compared as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

NOTES: Final = frozenset(
    {
        "title",
        "description",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "$id",
        "$schema",
        "$defs",
        "discriminator",
        "x-event",
    }
)
"""Keywords that only say something; they may change at will."""

MEANINGS: Final = ("default", "x-unit", "x-codes")
"""Keywords that refuse no value but say what one means; a stated one may not become another."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One kind of value that a schema accepts, and the keywords that this kind is held to.

    Attributes:
        kind: null, boolean, integer, number, string, array or object; `any` where the schema leaves the kind open.
        held_to: the keywords, by name; `enum` is there for `const` too.
        reference: the name of the definition that it came from, to know a circle by.
    """

    kind: str
    held_to: Mapping[str, Any]
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema: the branches of which a value must fit one, and what is said of its meaning."""

    branches: tuple[Branch, ...]
    meaning: Mapping[str, Any]


def shape_of(schema: Schema | bool, definitions: Mapping[str, Schema]) -> Shape:
    """Take a schema apart.

    Args:
        schema: a JSON Schema.
        definitions: what its document defines, by the last part of a reference.
    """
    if isinstance(schema, bool):
        return Shape((Branch("any", {}),) if schema else (), {})
    return Shape(tuple(_branches(schema, definitions)), {name: schema[name] for name in MEANINGS if name in schema})


def _branches(schema: Schema, definitions: Mapping[str, Schema], reference: str | None = None) -> Iterator[Branch]:
    own = {name: value for name, value in schema.items() if name not in NOTES and name not in MEANINGS}
    if "$ref" in own:
        name = str(own.pop("$ref")).rpartition("/")[2]
        for branch in _branches(definitions[name], definitions, name):
            yield Branch(branch.kind, {**branch.held_to, **_of_kind(own, branch.kind)}, name)
        return
    for union in ("anyOf", "oneOf"):
        if union in own:
            alternatives = own.pop(union)
            for alternative in alternatives:
                for branch in _branches(alternative, definitions, reference):
                    yield Branch(branch.kind, {**branch.held_to, **_of_kind(own, branch.kind)}, branch.reference)
            return
    if "const" in own:
        own["enum"] = [own.pop("const")]
    stated = own.pop("type", None)
    kinds = [stated] if isinstance(stated, str) else stated or _kinds_of(own.get("enum"))
    for kind in kinds:
        held_to = _of_kind(own, kind)
        if held_to.get("enum") != []:
            yield Branch(kind, held_to, reference)


def _kinds_of(values: list[Any] | None) -> list[str]:
    if values is None:
        return ["any"]
    return sorted({kind_of(value) for value in values})


def _of_kind(keywords: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Leave only those listed values that are of the kind."""
    if "enum" not in keywords or kind == "any":
        return dict(keywords)
    fitting = [
        value for value in keywords["enum"] if kind_of(value) == kind or (kind == "number" and kind_of(value) == "integer")
    ]
    return {**keywords, "enum": fitting}


def kind_of(value: object) -> str:
    """Name the kind of a JSON value."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return _KIND_OF_TYPE[type(value)]


_KIND_OF_TYPE: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    str: "string",
    list: "array",
    dict: "object",
}
