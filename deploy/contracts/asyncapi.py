"""The AsyncAPI 3 document: a channel per topic, a message per event with its own headers and body, an operation per service and topic.

FastStream can make one too, but merges the subscribers of a topic into a channel whose messages nobody sends. This one says of each
message what it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from shared.contracts.events import EVENTS, SUBMISSIONS
from shared.messaging.deadletters import DEAD_LETTER_TYPE
from shared.messaging.envelope import SPEC_VERSION, Envelope
from shared.messaging.topics import PARTNER, TopicNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deploy.contracts.shapes import Schema
    from shared.contracts.events import EventType
    from shared.messaging.topics import Topic, Topics

_BINDING: Final = "0.5.0"
_Object = dict[str, Any]
_REASON_HEADERS: Final = {
    "dl_topic": "Topic of the record that could not be taken",
    "dl_partition": "Its partition, in decimal digits",
    "dl_offset": "Its offset, in decimal digits",
    "dl_group": "The consumer group that could not take it",
    "dl_reason": "Why, as a code",
    "dl_error": "Type of the exception, never its text",
}
_ATTRIBUTES: Final[dict[str, _Object]] = {
    "ce_specversion": {"const": SPEC_VERSION, "description": "Version of CloudEvents"},
    "ce_id": {"description": "The same when the event is sent again. Of a state: <subject>/<epoch>/<version>"},
    "ce_source": {"description": "Who says so: the service, or the partner's system"},
    "ce_type": {"description": "Kind of event"},
    "ce_subject": {"description": "What it is about"},
    "ce_time": {"format": "date-time", "description": "When it happened, UTC"},
    "ce_dataschema": {"description": "The urn that is the $id of the body's JSON Schema"},
    "ce_partitionkey": {"description": "The record's key"},
    "ce_correlationid": {"description": "Follows the matter from the submission to the alert"},
    "ce_traceparent": {"description": "W3C trace context"},
    "content-type": {"description": "application/json"},
}
_ALWAYS_WRITTEN: Final = [name for name in _ATTRIBUTES if name != "ce_traceparent"]
_NEEDED_OF_PARTNERS: Final = ["ce_specversion", "ce_id", "ce_source", "ce_type"]
_EXAMPLE_TIME: Final = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def asyncapi_document(topics: Topics, schemas: Mapping[str, Schema], *, version: str) -> _Object:
    """Make the whole document.

    Args:
        topics: the declaration.
        schemas: of every event, by name.
        version: of the project.
    """
    used = [topic for topic in topics.topics if _events_on(topic)]
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Ledigplads",
            "version": version,
            "description": (
                "Every event of Ledigplads. CloudEvents 1.0 in Kafka's binary mode: attributes are headers `ce_…`, the body is JSON. "
                "State topics are compacted and carry whole states: a reader ignores what is at or below the (epoch, version) it has."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka-secure",
                "description": "Apache Kafka with a login of your own, over TLS beyond one machine (SASL_SSL)",
                "security": [
                    {
                        "type": "scramSha512",
                        "description": "`ledigplads partner add` makes it: user `partner-<name>`, its groups likewise (or with a dot and more behind)",
                    }
                ],
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS"}},
            }
        },
        "channels": {_channel_id(topic.name): _channel(topic, topics) for topic in used} | _dead_letter_channels(used, topics),
        "operations": {name: operation for topic in used for name, operation in _operations(topic)},
        "components": {
            "messages": {name: message for event in EVENTS for name, message in _messages(event, schemas[event.schema])}
            | {_DEAD_LETTER: _dead_letter_message()},
            "schemas": _component_schemas(schemas),
        },
    }


def _events_on(topic: Topic) -> list[EventType]:
    return [event for event in EVENTS if event.topic == topic.name]


# --- channels ------------------------------------------------------------------------------------------------------


def _channel_id(topic: str) -> str:
    return topic.replace(f"-{PARTNER}", "")


def _channel(topic: Topic, topics: Topics) -> _Object:
    found: _Object = {
        "address": topic.name,
        "description": f"Key: {topic.key}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(_events_on(topic))},
        "bindings": {"kafka": _topic_binding(topic.name, topic.partitions, topics.config(topic))},
    }
    if topic.is_partner:
        found["parameters"] = {"partner": {"description": "The partner's name, as it was added: `ledigplads partner add NAME`"}}
    return found


def _topic_binding(name: str, partitions: int, config: Mapping[str, str]) -> _Object:
    settings: _Object = {key: int(value) for key, value in config.items() if key != "cleanup.policy"}
    settings = {"cleanup.policy": [config["cleanup.policy"]]} | settings
    return {"topic": name, "partitions": partitions, "topicConfiguration": settings, "bindingVersion": _BINDING}


def _dead_letter_channels(used: Sequence[Topic], topics: Topics) -> dict[str, _Object]:
    names = dict.fromkeys(
        TopicNames().dead_letters(topic.name, reader.group) for topic in used for reader in topic.readers if reader.dead_letters
    )
    config = {"cleanup.policy": "delete", "retention.ms": str(topics.dead_letter_retention_ms)}
    return {
        name: {
            "address": name,
            "description": "What a group could not take: where it stands and why, never its body. Key: that of the record.",
            "servers": [{"$ref": "#/servers/kafka"}],
            "messages": {_DEAD_LETTER: {"$ref": f"#/components/messages/{_DEAD_LETTER}"}},
            "bindings": {"kafka": _topic_binding(name, topics.dead_letter_partitions, config)},
        }
        for name in names
    }


# --- operations ----------------------------------------------------------------------------------------------------


def _operations(topic: Topic) -> Iterable[tuple[str, _Object]]:
    channel = _channel_id(topic.name)
    everything = _message_names(_events_on(topic))
    yield f"{topic.writer}.sends.{channel}", _operation("send", channel, everything, topic.writer)
    for reader in topic.readers:
        operation = _operation("receive", channel, everything, reader.group)
        group = {"groupId": {"type": "string", "const": reader.group}, "bindingVersion": _BINDING}
        yield f"{reader.group}.receives.{channel}", operation | {"bindings": {"kafka": group}}
        if reader.dead_letters:
            dead = TopicNames().dead_letters(topic.name, reader.group)
            yield f"{reader.group}.sends.{dead}", _operation("send", dead, [_DEAD_LETTER], reader.group)
    if topic.outside:
        operation = _operation("receive", channel, everything, "partner")
        yield f"partner.receives.{channel}", operation | {"summary": f"Read by {', '.join(topic.outside)}"}


def _operation(action: str, channel: str, messages: Sequence[str], by: str) -> _Object:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
        "tags": [{"name": by}],
    }


# --- messages ------------------------------------------------------------------------------------------------------

_DEAD_LETTER: Final = DEAD_LETTER_TYPE.removeprefix("dk.ledigplads.")


def _message_names(events: Sequence[EventType]) -> list[str]:
    return [name for event in events for name in (event.name, *([f"{event.name}.tombstone"] if event.tombstones else []))]


def _messages(event: EventType, schema: Schema) -> Iterable[tuple[str, _Object]]:
    common = {
        "headers": _headers(event),
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": {"type": "string", "description": event.key}, "bindingVersion": _BINDING}},
    }
    yield (
        event.name,
        {
            "name": event.ce_type,
            "title": event.about_en,
            "summary": event.about_da,
            **common,
            "payload": {"$ref": f"#/components/schemas/{event.schema}"},
            "examples": [{"name": "whole", "headers": _example_headers(event), "payload": schema["examples"][0]}],
        },
    )
    if event.tombstones:
        yield (
            f"{event.name}.tombstone",
            {
                "name": event.ce_type,
                "title": "A record without a value: what stood under its key is erased.",
                "summary": "En post uden værdi: det, der stod under nøglen, er slettet.",
                **common,
                "payload": {"type": "null"},
            },
        )


def _headers(event: EventType) -> _Object:
    fixed: _Object = {"ce_type": event.ce_type}
    if event.topic != SUBMISSIONS:
        fixed |= {"ce_dataschema": event.dataschema, "ce_source": event.writer}
    properties = {
        name: {"type": "string", **described, **({"const": fixed[name]} if name in fixed else {})}
        for name, described in _ATTRIBUTES.items()
    }
    return {
        "type": "object",
        "required": _NEEDED_OF_PARTNERS if event.topic == SUBMISSIONS else _ALWAYS_WRITTEN,
        "properties": properties,
    }


def example_envelope(event: EventType) -> Envelope:
    """Make an envelope as it would stand before the example of an event."""
    submitted = event.topic == SUBMISSIONS
    subject = "our-ref-1" if submitted or event.topic.endswith(PARTNER) else "0199aa00-0000-7000-8000-000000000001"
    subject = event.key.split("`")[1] if "`" in event.key else subject
    return Envelope(
        id="s-1" if submitted else f"{subject}/1/1",
        source="our-system" if submitted else event.writer,
        type=event.ce_type,
        subject=subject,
        time=_EXAMPLE_TIME,
        dataschema=event.dataschema,
        partitionkey=subject,
        traceparent=None,
        correlationid="s-1",
    )


def _example_headers(event: EventType) -> dict[str, str]:
    return {name: value.decode() for name, value in example_envelope(event).to_headers()}


def _dead_letter_message() -> _Object:
    attributes = {name: {"type": "string", **described} for name, described in _ATTRIBUTES.items()}
    reasons = {name: {"type": "string", "description": text} for name, text in _REASON_HEADERS.items()}
    attributes["ce_type"] = {"type": "string", "const": DEAD_LETTER_TYPE}
    return {
        "name": DEAD_LETTER_TYPE,
        "title": "A record that a consumer group could not take.",
        "summary": "En post, som en læser ikke kunne tage imod.",
        "headers": {"type": "object", "required": [*_ALWAYS_WRITTEN, *reasons], "properties": attributes | reasons},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": "Key of the record, if it had one"}, "bindingVersion": _BINDING}
        },
        "payload": {"type": ["null", "string"], "maxLength": 0},
    }


# --- bodies --------------------------------------------------------------------------------------------------------


def _component_schemas(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Give each schema and each of its definitions a name of its own: a partner's Contact and ours differ in what they refuse."""
    found: dict[str, Schema] = {}
    for name, schema in schemas.items():
        body = {key: value for key, value in schema.items() if key not in {"$schema", "$id", "$defs", "examples", "x-event"}}
        found[name] = _within(name, body)
        found |= {f"{name}.{part}": _within(name, definition) for part, definition in schema.get("$defs", {}).items()}
    return found


def _within(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_within(name, item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.replace("#/$defs/", f"#/components/schemas/{name}.") if key == "$ref" else _within(name, item)
        for key, item in value.items()
    }
