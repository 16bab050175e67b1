"""What a change of a schema does, case by case; and two laws that hold for any two schemas, tried with an independent validator."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deploy.contracts.compatibility import Change, changes_between
from deploy.contracts.topology import breaks_between

Schema = dict[str, Any]

BEFORE: Schema = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "maxLength": 64},
        "status": {"enum": ["open", "closed"], "type": "string"},
        "places": {
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": 10}, {"type": "null"}],
            "default": None,
            "x-unit": "places",
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "default": []},
        "levels": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 4}, "default": {}},
    },
    "$defs": {"Line": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer", "x-unit": "DKK"}}}},
}


def after(**changed: Any) -> Schema:
    """BEFORE with some fields replaced, `None` takes one away; `required_` and `Line` replace those."""
    properties = BEFORE["properties"] | {name: field for name, field in changed.items() if name not in {"required_", "Line"}}
    return BEFORE | {
        "properties": {name: field for name, field in properties.items() if field is not None},
        "required": changed.get("required_", BEFORE["required"]),
        "$defs": {"Line": changed.get("Line", BEFORE["$defs"]["Line"])},
    }


def places(**bounds: Any) -> Schema:
    inner = {"type": "integer", "minimum": 0, "maximum": 10} | bounds
    return {"anyOf": [inner, {"type": "null"}], "default": None, "x-unit": "places"}


BREAK_BOTH = [
    (after(places=None), "places", "is gone"),
    (after(required_=["id", "status", "places"]), "places", "may be absent until now and is required from now on"),
    (after(places={"type": "string", "default": None}), "places", "may not be an integer any more"),
    (after(places={"type": "integer", "minimum": 0, "maximum": 10, "default": None}), "places", "may not be null any more"),
    (after(places=places(maximum=5)), "places", "has another highest value: 10 → 5"),
    (after(places=places() | {"default": 0}), "places", "has another meaning when absent: null → 0"),
    (after(places=places() | {"x-unit": "beds"}), "places", "has another unit: places → beds"),
    (after(status={"enum": ["open"], "type": "string"}), "status", "may not be closed any more"),
    (after(id={"type": "string", "maxLength": 64, "pattern": "^a"}), "id", "is held to another pattern"),
    (after(new={"type": "string"}, required_=["id", "status", "new"]), "new", "is new and required: what was written before lacks it"),
    (after(Line={"type": "object", "properties": {"amount": {"type": "integer", "x-unit": "EUR"}}, "required": ["amount"]}),
     "lines[].amount", "has another unit: DKK → EUR"),
    (after(Line={"type": "object", "properties": {}}), "lines[].amount", "is gone"),
    (after(levels={"type": "object", "additionalProperties": {"type": "integer", "maximum": 3}, "default": {}}),
     "levels{}", "has another highest value: 4 → 3"),
    (BEFORE | {"additionalProperties": False}, "", "refuses unknown fields from now on"),
]  # fmt: skip
BREAK_READERS_ONLY = [
    (after(places=places(maximum=20)), "places", "has another highest value: 10 → 20"),
    (after(places={"anyOf": [*places()["anyOf"], {"type": "string"}], "default": None}), "places", "may be a string now"),
    (after(status={"enum": ["open", "closed", "full"], "type": "string"}), "status", "may be full now"),
    (after(status={"type": "string"}), "status", "may be anything now, not only a listed value"),
    (after(required_=["id"]), "status", "was required and may be absent now"),
    (after(id={"type": "string"}), "id", "has another greatest length: 64 → none"),
]
BREAK_NOBODY = [
    BEFORE,
    BEFORE | {"title": "Another", "description": "other words", "examples": [{}]},
    after(places=places() | {"description": "other words"}),
    after(new={"type": "string", "default": ""}),
    after(
        Line={
            "type": "object",
            "required": ["amount"],
            "properties": BEFORE["$defs"]["Line"]["properties"] | {"vat": {"type": "boolean"}},
        }
    ),
]


@pytest.mark.parametrize(("new", "where", "what"), BREAK_BOTH)
def test_a_change_that_breaks_whoever_reads_and_whoever_writes(new: Schema, where: str, what: str) -> None:
    [found] = [change for change in changes_between(BEFORE, new) if change.where == where and change.what == what]
    assert found.breaks("published")
    assert found.breaks("submitted")


@pytest.mark.parametrize(("new", "where", "what"), BREAK_READERS_ONLY)
def test_a_change_that_breaks_readers_and_lets_partners_write_as_before(new: Schema, where: str, what: str) -> None:
    changes = changes_between(BEFORE, new)
    assert Change(where, what, "wider") in changes
    assert any(change.breaks("published") for change in changes)
    assert not any(change.breaks("submitted") for change in changes)


@pytest.mark.parametrize("new", BREAK_NOBODY)
def test_a_change_that_breaks_nobody(new: Schema) -> None:
    assert not [change for change in changes_between(BEFORE, new) if change.breaks("published") or change.breaks("submitted")]


def test_a_new_optional_field_of_what_refuses_unknown_fields_breaks_who_reads_strictly() -> None:
    closed = BEFORE | {"additionalProperties": False}
    [change] = changes_between(closed, after(new={"type": "string"}) | {"additionalProperties": False})
    assert change.breaks("published")
    assert not change.breaks("submitted")


def test_a_schema_that_holds_itself_is_compared_once() -> None:
    tree: Schema = {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"type": "object", "properties": {"below": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}},
    }
    assert changes_between(tree, tree) == ()
    grown: Schema = {**tree, "$defs": {"Tree": {"type": "object", "properties": {}}}}
    assert [change.where for change in changes_between(tree, grown)] == ["below"]


# --- whole events --------------------------------------------------------------------------------------------------

EVENT = {
    "types": ["dk.ledigplads.vacancy.published.v1"],
    "topic": "vacancies",
    "key": "vacancy id",
    "policy": "compact",
    "tombstones": False,
    "written_by": "intake",
    "read_by": ["matching", "every partner"],
}


def event(schema: Schema = BEFORE, **changed: Any) -> dict[str, Schema]:
    return {"vacancy": {**schema, "x-event": EVENT | changed}}


def test_a_break_is_told_with_the_names_of_those_it_breaks() -> None:
    [found] = breaks_between(event(), event(after(places=None)))
    assert str(found) == "vacancy: places is gone. It breaks matching and every partner."


def test_who_reads_only_now_is_broken_too_and_who_read_before_is_not_forgotten() -> None:
    [found] = breaks_between(event(), event(after(places=None), read_by=["notifications"]))
    assert found.consumers == ("matching", "every partner", "notifications")


def test_a_break_of_a_submission_breaks_the_partners_that_write_it() -> None:
    written: Schema = {"written_by": "partner", "topic": "submissions-{partner}", "read_by": ["intake"]}
    [found] = breaks_between(event(**written), event(after(places=None), **written))
    assert found.consumers == ("every partner that writes submissions-{partner}",)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"topic": "places"}, "vacancy: stands on another topic: vacancies → places"),
        ({"key": "offer id"}, "vacancy: has another key: vacancy id → offer id"),
        ({"policy": "delete"}, "vacancy: is kept in another way: compact → delete"),
        ({"types": ["dk.ledigplads.vacancy.published.v2"]}, "vacancy: the type dk.ledigplads.vacancy.published.v1 is gone"),
        ({"tombstones": True}, "vacancy: a record may have no value from now on"),
    ],
)
def test_what_no_body_shows_breaks_too(changed: Schema, said: str) -> None:
    [found] = breaks_between(event(), event(**changed))
    assert str(found) == f"{said}. It breaks matching and every partner."


def test_an_event_that_goes_breaks_its_readers_and_one_that_comes_breaks_nobody() -> None:
    [gone] = breaks_between(event(), {})
    assert gone.what == "is gone"
    assert breaks_between({}, event()) == []


# --- laws ----------------------------------------------------------------------------------------------------------

# Most changes break somebody; the law is about those that do not.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])

_NAMES = st.sampled_from(["a", "b", "c"])
_WORDS = st.sampled_from(["", "x", "xy", "xyz"])
_NUMBERS = st.integers(-2, 4)


def _optional(keyword: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.just({}) | st.fixed_dictionaries({keyword: values})


def _merged(*parts: Schema) -> Schema:
    return {key: value for part in parts for key, value in part.items()}


_SIMPLE = st.one_of(
    st.sampled_from([{"type": "null"}, {"type": "boolean"}, {"type": "number"}]),
    st.builds(_merged, st.just({"type": "integer"}), _optional("minimum", _NUMBERS), _optional("maximum", _NUMBERS)),
    st.builds(
        _merged, st.just({"type": "string"}), _optional("minLength", st.integers(0, 2)), _optional("maxLength", st.integers(0, 3))
    ),
    st.lists(_WORDS, min_size=1, unique=True).map(lambda words: {"type": "string", "enum": words}),
    _NUMBERS.map(lambda number: {"const": number}),
)


def _objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    def required(properties: Schema) -> st.SearchStrategy[Schema]:
        names = st.just([]) if not properties else st.lists(st.sampled_from(sorted(properties)), unique=True)
        return names.map(lambda required: {"type": "object", "properties": properties, "required": required})

    return st.builds(
        _merged,
        st.dictionaries(_NAMES, inner, max_size=3).flatmap(required),
        _optional("additionalProperties", st.just(False)),
    )


def _deeper(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.one_of(
        _objects(inner),
        st.builds(_merged, inner.map(lambda items: {"type": "array", "items": items}), _optional("maxItems", st.integers(0, 2))),
        st.lists(inner, min_size=2, max_size=3).map(lambda schemas: {"anyOf": schemas}),
        inner.map(lambda values: {"type": "object", "additionalProperties": values}),
    )


SCHEMAS = _objects(st.recursive(_SIMPLE, _deeper, max_leaves=4))


def values_of(schema: Schema) -> st.SearchStrategy[Any]:
    """Bodies that a schema takes, and now and then one that it refuses."""
    if "anyOf" in schema:
        return st.one_of([values_of(one) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return st.lists(values_of(schema["items"]), max_size=3)
    return _objects_of(schema) if schema["type"] == "object" else _SCALARS[schema["type"]]


_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "number": st.sampled_from([0.5, 2.0, 3]),
    "integer": _NUMBERS,
    "string": _WORDS,
}


def _objects_of(schema: Schema) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(_NAMES, values_of(schema["additionalProperties"]), max_size=2)
    fields = {name: values_of(field) for name, field in schema["properties"].items()}
    required = {name: field for name, field in fields.items() if name in schema["required"]}
    return st.fixed_dictionaries(required, optional={name: fields[name] for name in sorted(fields.keys() - required.keys())})


@st.composite
def versions(draw: st.DrawFn) -> tuple[Schema, Schema, Any]:
    """A schema, what became of it, and a body that somebody wrote by the one or the other."""
    old = draw(SCHEMAS)
    properties = {name: draw(st.just(field) | _changed(field)) for name, field in old["properties"].items()}
    properties |= draw(st.dictionaries(st.sampled_from(["c", "d"]), _SIMPLE, max_size=1))
    required = [name for name in old["required"] if draw(st.booleans())] if draw(st.booleans()) else old["required"]
    new = old | {"properties": properties, "required": required}
    return old, new, draw(values_of(old) | values_of(new))


def _changed(field: Schema) -> st.SearchStrategy[Schema]:
    if field.get("properties"):
        inner = {name: st.just(one) | _SIMPLE for name, one in field["properties"].items()}
        return st.fixed_dictionaries(inner).map(lambda properties: field | {"properties": properties})
    if field.get("type") == "integer":
        return st.builds(_merged, st.just(field), _optional("minimum", _NUMBERS), _optional("maximum", _NUMBERS))
    if "anyOf" in field:
        return _SIMPLE.map(lambda more: {"anyOf": [*field["anyOf"], more]})
    return _SIMPLE.map(lambda other: {"anyOf": [field, other]}) | _SIMPLE


def declared_only(schema: Schema, value: Any) -> Any:
    """Take out of a body what its writer's schema does not declare: nobody writes that."""
    for one in schema.get("anyOf", []):
        if jsonschema_rs.is_valid(one, value):
            return declared_only(one, value)
    if isinstance(value, list):
        return [declared_only(schema.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(schema.get("additionalProperties"), dict):
        return {key: declared_only(schema["additionalProperties"], item) for key, item in value.items()}
    return {
        key: declared_only(schema["properties"][key], item) for key, item in value.items() if key in schema.get("properties", {})
    }


@LAW
@given(versions())
def test_whatever_a_partner_wrote_by_the_old_schema_is_taken_by_a_compatible_new_one(made: tuple[Schema, Schema, Any]) -> None:
    old, new, body = made
    written = declared_only(old, body)
    assume(jsonschema_rs.is_valid(old, written))
    assume(not any(change.breaks("submitted") for change in changes_between(old, new)))
    assert jsonschema_rs.is_valid(new, written)


@LAW
@given(versions())
def test_whatever_we_publish_by_a_compatible_new_schema_is_taken_by_who_reads_by_the_old_one(
    made: tuple[Schema, Schema, Any],
) -> None:
    old, new, body = made
    written = declared_only(new, body)
    assume(jsonschema_rs.is_valid(new, written))
    assume(not any(change.breaks("published") for change in changes_between(old, new)))
    assert jsonschema_rs.is_valid(old, written)


@LAW
@given(versions())
def test_whatever_stands_on_the_log_is_taken_by_who_reads_by_a_compatible_new_schema(made: tuple[Schema, Schema, Any]) -> None:
    old, new, body = made
    written = declared_only(old, body)
    assume(jsonschema_rs.is_valid(old, written))
    assume(not any(change.breaks("published") for change in changes_between(old, new)))
    assert jsonschema_rs.is_valid(new, written)


@st.composite
def grown(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """A schema and what became of it by adding an optional field here and there and loosening nothing else."""
    old = draw(SCHEMAS)
    more = draw(st.dictionaries(st.sampled_from(["d", "e"]), _SIMPLE, min_size=1))
    return old, old | {"properties": old["properties"] | more}


@LAW
@given(grown())
def test_a_new_optional_field_is_seen_to_be_compatible_unless_unknown_fields_are_refused(pair: tuple[Schema, Schema]) -> None:
    old, new = pair
    changes = changes_between(old, new)
    assert not any(change.breaks("submitted") for change in changes)
    assert any(change.breaks("published") for change in changes) == (old.get("additionalProperties") is False)
