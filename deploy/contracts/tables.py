"""A schema as tables for people: a line per field, a table per kind of thing in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.contracts.shapes import Schema


def tables(schema: Schema) -> Iterator[str]:
    """Write the lines of Markdown: the fields of the body, then those of each thing that it holds."""
    yield from _table(schema)
    for name, definition in schema.get("$defs", {}).items():
        if "properties" in definition:
            yield from (f"### {name}", "", definition.get("description", ""), "")
            yield from _table(definition)


def _table(schema: Schema) -> Iterator[str]:
    yield "| felt · field | type | enhed · unit | betydning · meaning | når det mangler · when absent |"
    yield "|---|---|---|---|---|"
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        absent = "findes altid · always there" if name in required else _default(field)
        yield f"| `{name}` | {_type(field)} | {field.get('x-unit', '')} | {_cell(_meaning(field))} | {absent} |"
    yield ""


def _meaning(field: Schema) -> str:
    codes = f" Codes: `GET /codes/{field['x-codes']}`." if "x-codes" in field else ""
    return f"{field.get('description', '').rstrip('.')}.{codes}"


def _default(field: Schema) -> str:
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`" if "default" in field else "`{}`" if _is_map(field) else ""


def _is_map(field: Schema) -> bool:
    return field.get("type") == "object"


def _type(field: Schema) -> str:
    """Say in a few words what a value may be."""
    if "$ref" in field:
        name = field["$ref"].removeprefix("#/$defs/")
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return ", ".join(_type(one) for one in field["anyOf"])
    if listed := field.get("enum", [field["const"]] if "const" in field else None):
        return ", ".join(f"`{value}`" for value in listed)
    return _plain(field)


def _plain(field: Schema) -> str:
    match field.get("type"):
        case "array":
            return f"[{_type(field.get('items', {}))}]{_between(field, 'minItems', 'maxItems')}"
        case "object":
            return f"{{code: {_type(field.get('additionalProperties', {}))}}}"
        case _:
            return _simple(field)


def _simple(field: Schema) -> str:
    kind: str = field.get("format") or field.get("type", "any")
    bounds = _between(field, "minimum", "maximum") + _between(field, "minLength", "maxLength", " characters")
    return kind + bounds + (f" `{_cell(field['pattern'])}`" if "pattern" in field else "")


def _between(field: Schema, low: str, high: str, what: str = "") -> str:
    if low not in field and high not in field:
        return ""
    least: Any = field.get(low, "" if what else "…")
    return f" {least}–{field.get(high, '…')}{what}" if least != "" else f" ≤ {field[high]}{what}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
