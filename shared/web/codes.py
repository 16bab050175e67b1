"""Lists of codes in JSON Schemas: a field that says of which list its codes are (`x-codes`) gets them, where it is sent."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

_AT: Final = "#/components/schemas/"
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


def with_codes(
    components: Mapping[str, Any], names: Collection[str], codes: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Give the named schemas with their codes, and the lists that they refer to.

    Args:
        components: schemas by name.
        names: those of what is sent.
        codes: every list by its name.
    """
    used: set[str] = set()
    changed = {name: _object_with_codes(components[name], codes, used) for name in sorted(names)}
    return changed | {
        _name(one): {"type": "string", "enum": list(codes[one]), "description": f"GET /codes/{one}"} for one in sorted(used)
    }


def reachable(schemas: Iterable[Any], components: Mapping[str, Any]) -> set[str]:
    """Name every component that some schemas refer to, by way of others too."""
    found: set[str] = set()
    waiting = [name for schema in schemas for name in _references(schema)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(components[name])
    return found


def _references(schema: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(_AT)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


def _object_with_codes(schema: dict[str, Any], codes: Mapping[str, Sequence[str]], used: set[str]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return schema | (
        {"properties": {name: _field_with_codes(field, codes, used) for name, field in properties.items()}} if properties else {}
    )


def _field_with_codes(field: dict[str, Any], codes: Mapping[str, Sequence[str]], used: set[str]) -> dict[str, Any]:
    list_name = field.get("x-codes")
    if not isinstance(list_name, str) or list_name not in codes:
        return field
    used.add(list_name)
    return _chosen_from(field, {"$ref": _AT + _name(list_name)})


def _chosen_from(schema: dict[str, Any], choice: dict[str, str]) -> dict[str, Any]:
    """Put the choice where the codes stand: the value itself, the items of a list, or the names of an object's fields."""
    if "anyOf" in schema:
        return schema | {"anyOf": [_chosen_from(one, choice) for one in schema["anyOf"]]}
    match schema.get("type"):
        case "string":
            return {key: value for key, value in schema.items() if key != "type"} | choice
        case "array":
            return schema | {"items": choice}
        case "object":
            return schema | {"propertyNames": choice}
        case _:
            return schema


def _name(list_name: str) -> str:
    return f"Code.{_NO_NAME.sub('-', list_name)}"
