"""docs/contracts against the code, and what every event owes its readers: a description, a unit, an example that holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from deploy.cli.contracts import contracts
from deploy.contracts.generating import Contracts
from deploy.contracts.schemas import events_by_schema, fields_of, schemas
from deploy.contracts.shapes import Schema, shape_of
from shared.contracts.events import EVENTS, EventType
from shared.contracts.reference import code_lists
from shared.contracts.submission import KIND_OF_TYPE
from shared.messaging.topics import load_topics

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "docs" / "contracts"
GOLDEN = Path(__file__).with_name("golden")
TOPICS = load_topics(REPOSITORY / "deploy" / "topics.yaml")
NO_EVENTS_YET = {"deliveries-{partner}", "referrals", "market-signals"}

EXAMPLES: dict[str, dict[str, Any]] = {
    name: json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) for name in events_by_schema()
}
SCHEMAS = schemas(TOPICS, {name: example["whole"] for name, example in EXAMPLES.items()})
every_schema = pytest.mark.parametrize("name", SCHEMAS)


def numbers_in(field: Schema, definitions: dict[str, Schema]) -> Iterator[Schema]:
    """Find the schemas of numbers that a field holds itself, not by way of another thing that has fields."""
    for branch in shape_of(field, definitions).branches:
        if branch.kind in {"integer", "number"}:
            yield field
        for inner in ("items", "additionalProperties"):
            if isinstance(branch.held_to.get(inner), dict):
                yield from numbers_in(branch.held_to[inner], definitions)


@every_schema
def test_every_field_says_what_it_means(name: str) -> None:
    silent = [f"{owner}.{field}" for owner, field, described in fields_of(SCHEMAS[name]) if not described.get("description")]
    assert silent == []


@every_schema
def test_every_quantity_says_its_unit(name: str) -> None:
    definitions = SCHEMAS[name].get("$defs", {})
    without = [
        f"{owner}.{field}"
        for owner, field, described in fields_of(SCHEMAS[name])
        if "x-unit" not in described and any("x-unit" not in number for number in numbers_in(described, definitions))
    ]
    assert without == []


@every_schema
def test_every_list_of_codes_that_a_field_names_is_served(name: str) -> None:
    named = {described["x-codes"] for _, _, described in fields_of(SCHEMAS[name]) if "x-codes" in described}
    assert named <= code_lists().keys()


@every_schema
def test_a_schema_is_a_schema_and_its_examples_hold_by_a_validator_that_is_not_ours(name: str) -> None:
    schema = json.loads((FOLDER / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for example in (EXAMPLES[name]["whole"], EXAMPLES[name]["least"], *schema["examples"]):
        assert [error.message for error in validator.iter_errors(example)] == []


@every_schema
def test_a_schema_refuses_what_the_contract_refuses(name: str) -> None:
    validator = jsonschema_rs.validator_for(SCHEMAS[name])
    for field in SCHEMAS[name]["required"]:
        assert not validator.is_valid({key: value for key, value in EXAMPLES[name]["least"].items() if key != field})
    closed = SCHEMAS[name]["x-event"]["written_by"] == "partner"
    assert validator.is_valid(EXAMPLES[name]["least"] | {"added_tomorrow": 1}) is not closed


def test_every_message_of_the_asyncapi_document_is_about_one_event_and_its_example_holds() -> None:
    document = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    messages = document["components"]["messages"]
    for event in EVENTS:
        message = messages[event.name]
        assert message["headers"]["properties"]["ce_type"]["const"] == event.ce_type
        [example] = message["examples"]
        for part in ("headers", "payload"):
            whole = {"components": document["components"], **message[part]}
            assert [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(example[part])] == []
        assert not jsonschema_rs.is_valid(message["headers"], example["headers"] | {"ce_type": "another"})
    used = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert used == messages.keys()


def test_every_service_and_the_partners_send_and_receive_what_the_topics_say() -> None:
    operations = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))["operations"]
    said = {
        (name.split(".")[0], one["action"], one["channel"]["$ref"].removeprefix("#/channels/"))
        for name, one in operations.items()
    }
    for topic in (TOPICS.named(name) for name in {event.topic for event in EVENTS}):
        channel = topic.name.replace("-{partner}", "")
        assert (topic.writer, "send", channel) in said
        assert {(reader.group, "receive", channel) for reader in topic.readers} <= said
        assert (("partner", "receive", channel) in said) is bool(topic.outside)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_stands_on_a_declared_topic_under_its_own_name(event: EventType) -> None:
    topic = TOPICS.named(event.topic)
    assert event.writer == topic.writer
    assert event.tombstones <= (topic.policy == "compact"), "only what is compacted can be erased by a record without a value"
    [id_] = {SCHEMAS[event.schema]["$id"]}
    assert id_ == event.dataschema


def test_no_event_is_forgotten() -> None:
    assert {topic.name for topic in TOPICS.topics} == {event.topic for event in EVENTS} | NO_EVENTS_YET
    assert {event.ce_type for event in EVENTS if event.direction == "submitted"} == KIND_OF_TYPE.keys()
    assert len({event.ce_type for event in EVENTS}) == len(EVENTS)


def test_the_documents_say_what_the_code_says() -> None:
    found = Contracts(REPOSITORY)
    assert [str(broken) for broken in found.breaks()] == []
    assert found.stale() == [], "run `make contracts` and commit what it writes"


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """What the code says, to be changed as if the code had moved on from it."""
    folder = tmp_path / "contracts"
    Contracts(REPOSITORY, folder).write()
    return folder


def edit(folder: Path, name: str, field: str, schema: Schema | None) -> None:
    path = folder / "schemas" / f"{name}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    if schema is None:
        del document["properties"][field]
    else:
        document["properties"][field] = schema
    path.write_text(json.dumps(document), encoding="utf-8")


def test_a_breaking_change_is_told_with_whom_it_breaks_and_nothing_is_written(
    committed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(committed, "vacancy", "places_of_yesterday", {"type": "integer", "description": "a field that is no more"})
    edit(committed, "need-submitted", "birth_year", {"type": "integer", "minimum": 1800, "maximum": 2100})
    before = {path: path.read_bytes() for path in committed.rglob("*") if path.is_file()}
    for check in (False, True):
        assert contracts(folder=committed, check=check) == 1
        told = capsys.readouterr().err
        assert "BREAKING vacancy: places_of_yesterday is gone. It breaks matching, notifications and every partner.\n" in told
        assert (
            "BREAKING need-submitted: birth_year has another lowest value: 1800 → 1900. "
            "It breaks every partner that writes submissions-{partner}.\n"
        ) in told
    assert {path: path.read_bytes() for path in committed.rglob("*") if path.is_file()} == before
    assert contracts(folder=committed, accept_breaking=True) == 0
    assert contracts(folder=committed, check=True) == 0


def test_a_compatible_change_is_written_and_until_then_the_check_says_so(
    committed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(committed, "vacancy", "reminded_at", None)
    (committed / "events" / "of.yesterday.md").write_text("gone", encoding="utf-8")
    assert contracts(folder=committed, check=True) == 1
    told = capsys.readouterr().err
    assert "compatible: vacancy: reminded_at is new and optional" in told
    assert "not up to date (events/of.yesterday.md, schemas/vacancy.json)" in told
    assert contracts(folder=committed) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"written": "events/of.yesterday.md"},
        {"written": "schemas/vacancy.json"},
    ]
    assert contracts(folder=committed, check=True) == 0
