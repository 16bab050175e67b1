"""The committed JSON Schemas, by a validator that is not ours."""

import json
from functools import cache
from pathlib import Path

import jsonschema_rs

_FOLDER = Path(__file__).parents[2] / "docs" / "contracts" / "schemas"


@cache
def _validators() -> dict[str, jsonschema_rs.Validator]:
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.json")]
    return {schema["$id"]: jsonschema_rs.validator_for(schema, validate_formats=True) for schema in schemas}


def errors_by_schema(dataschema: str, body: object) -> list[str]:
    """Hold a body against the schema that its record names by `ce_dataschema`."""
    return [f"{error.instance_path}: {error.message}" for error in _validators()[dataschema].iter_errors(body)]
