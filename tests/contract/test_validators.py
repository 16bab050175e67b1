"""The committed documents by the validators of others, in Node: AsyncAPI's own parser, OpenAPI's own schema, Redocly and Ajv."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import PACKAGES, install_packages, run_node

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "docs" / "contracts"
GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    install_packages()


async def findings(script: str, *arguments: Path) -> list[dict[str, Any]]:
    _code, out, err = await run_node(PACKAGES / script, *(str(argument) for argument in arguments))
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


async def test_the_asyncapi_document_is_valid_by_the_parser_of_asyncapi_itself() -> None:
    assert await findings("asyncapi.mjs", FOLDER / "asyncapi.json") == []


async def test_that_parser_would_have_told(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
    document["operations"]["intake.sends.vacancies"]["channel"]["$ref"] = "#/channels/nowhere"
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    [reference, *_] = await findings("asyncapi.mjs", broken)
    assert (reference["code"], reference["path"]) == ("invalid-ref", "operations.intake.sends.vacancies.channel.$ref")
    document["operations"]["intake.sends.vacancies"]["channel"]["$ref"] = "#/channels/vacancies"
    document["channels"]["vacancies"]["bindings"]["kafka"]["partitions"] = "many"
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert any(
        finding["path"] == "channels.vacancies.bindings.kafka.partitions" for finding in await findings("asyncapi.mjs", broken)
    )


async def test_the_openapi_document_is_valid_by_the_schema_of_openapi_itself_and_by_redocly() -> None:
    assert await findings("openapi.mjs", FOLDER / "openapi.json") == []


async def test_those_validators_would_have_told(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
    del document["info"]["title"]
    broken = tmp_path / "openapi.json"
    broken.write_text(json.dumps(document), encoding="utf-8")
    assert {finding["code"] for finding in await findings("openapi.mjs", broken)} == {"schema", "struct"}


async def test_every_golden_example_holds_by_ajv() -> None:
    examples = sum(len(json.loads(path.read_text(encoding="utf-8"))) for path in GOLDEN.glob("*.json"))
    assert await findings("examples.mjs", FOLDER / "schemas", GOLDEN) == [{"checked": examples}]


async def test_ajv_would_have_told(tmp_path: Path) -> None:
    for path in GOLDEN.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    broken = json.loads((GOLDEN / "vacancy.json").read_text(encoding="utf-8"))
    broken["whole"]["confirmed_at"] = "yesterday"
    (tmp_path / "vacancy.json").write_text(json.dumps(broken), encoding="utf-8")
    [finding, _] = await findings("examples.mjs", FOLDER / "schemas", tmp_path)
    assert (finding["name"], finding["which"]) == ("vacancy.json", "whole")
    assert "confirmed_at" in finding["errors"]


def test_the_lock_of_the_packages_names_no_registry_so_that_each_machine_uses_its_own() -> None:
    packages = json.loads((PACKAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all(package["integrity"] for name, package in packages.items() if name)
