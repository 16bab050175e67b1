"""The JSON Schema of each event, out of the model of its body and what the registry says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.events import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.contracts.shapes import Schema
    from shared.contracts.events import EventType
    from shared.messaging.topics import Topic, Topics

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DEFINITIONS: Final = "#/$defs/"


class _WithoutFieldTitles(GenerateJsonSchema):
    """A field's name says what its title would."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's own signature
        return False


def schemas(topics: Topics, examples: Mapping[str, Any]) -> dict[str, Schema]:
    """Make every schema, by the name that its urn ends in.

    Args:
        topics: the declaration, for who writes and reads.
        examples: a whole body of each, by the same name.
    """
    return {name: _schema(events, topics.named(events[0].topic), examples[name]) for name, events in events_by_schema().items()}


def events_by_schema() -> dict[str, tuple[EventType, ...]]:
    """Group the events by the schema of their bodies: an acceptance and a rejection are both receipts."""
    names = dict.fromkeys(event.schema for event in EVENTS)
    return {name: tuple(event for event in EVENTS if event.schema == name) for name in names}


def readers_of(topic: Topic) -> tuple[str, ...]:
    """Name everybody who reads a topic: our groups, and those outside."""
    return (*(reader.group for reader in topic.readers), *topic.outside)


def _schema(events: tuple[EventType, ...], topic: Topic, example: object) -> Schema:
    first = events[0]
    body = _with_public_names(first.model.model_json_schema(schema_generator=_WithoutFieldTitles))
    for field in first.also_required:
        _require(body, field)
    definitions = body.pop("$defs", {})
    return {
        "$schema": DIALECT,
        "$id": first.dataschema,
        "title": body.pop("title"),
        "description": body.pop("description"),
        "x-event": {
            "types": [event.ce_type for event in events],
            "topic": first.topic,
            "key": first.key,
            "policy": topic.policy,
            "tombstones": first.tombstones,
            "written_by": first.writer,
            "read_by": list(readers_of(topic)),
        },
        **body,
        **({"$defs": definitions} if definitions else {}),
        "examples": [example],
    }


def _require(body: Schema, field: str) -> None:
    """Make an optional field one that must be there and say something."""
    stated = dict(body["properties"][field])
    stated.pop("default", None)
    alternatives = [one for one in stated.pop("anyOf", []) if one != {"type": "null"}]
    for one in alternatives:
        stated = {**one, **stated}
    body["properties"][field] = stated
    body["required"] = [*body.get("required", []), field]


def _with_public_names(schema: Schema) -> Schema:
    """Drop the underscore of models that are private in Python: readers of a schema see no modules."""
    private = {name: name.lstrip("_") for name in schema.get("$defs", {}) if name.startswith("_")}
    renamed: Schema = _renamed(schema, {f"{_DEFINITIONS}{old}": f"{_DEFINITIONS}{new}" for old, new in private.items()})
    if private:
        renamed["$defs"] = {private.get(name, name): definition for name, definition in renamed["$defs"].items()}
        for name in private.values():
            renamed["$defs"][name]["title"] = name
    return renamed


def _renamed(value: Any, references: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_renamed(item, references) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: references.get(item, item) if key == "$ref" and isinstance(item, str) else _renamed(item, references)
        for key, item in value.items()
    }


def fields_of(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    """List every field of a schema and of its definitions, as (name of the definition or empty, name of the field, schema)."""
    for owner, properties in (
        ("", schema.get("properties", {})),
        *((name, definition.get("properties", {})) for name, definition in schema.get("$defs", {}).items()),
    ):
        for field, described in properties.items():
            yield owner, field, described
