"""Intake's OpenAPI document: whole, in both languages, and true to what its examples are answered with."""

import re
from typing import Any

import jsonschema_rs
import orjson
import pytest

from services.intake.http import document
from services.intake.routes import routes
from shared.web.operations import operation_of

DOCUMENT = document()
OPERATIONS = [
    pytest.param(method, path, operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_every_endpoint_is_described_in_both_languages() -> None:
    for route in routes():
        described = operation_of(route.endpoint)
        assert described is not None, f"{route.path} has no @operation"
        assert described.summary_da
        assert described.summary_en
        assert described.tags, f"{route.path} stands under no heading"
        for parameter in described.parameters:
            assert parameter.text_da, f"{route.path} {parameter.name}"
            assert parameter.text_en, f"{route.path} {parameter.name}"


def test_every_endpoint_has_a_name_of_its_own_and_a_heading_that_exists() -> None:
    operations = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    headings = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in operations for tag in operation["tags"]} == headings


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_part_of_a_path_is_a_parameter_and_every_answer_says_what_it_is(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    in_path = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", path))
    assert operation["responses"], method
    for status, answer in operation["responses"].items():
        assert " · " in answer["description"], status
        if status >= "400":
            is_page = path.endswith(".html") or path.startswith(("/pladser/", "/tilbud/"))
            kind = "text/html" if is_page and status < "500" and status != "405" else "application/problem+json"
            assert list(answer["content"]) == [kind]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_example_of_a_body_is_valid_by_its_own_schema(method: str, path: str, operation: dict[str, Any]) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "schema" not in media:
            continue
        schema = media["schema"] | {"components": DOCUMENT["components"]}
        validator = jsonschema_rs.validator_for(orjson.loads(orjson.dumps(schema)))
        for name, example in media.get("examples", {}).items():
            assert validator.is_valid(example["value"]), (
                method,
                path,
                name,
                [str(error) for error in validator.iter_errors(example["value"])],
            )
