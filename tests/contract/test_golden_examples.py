"""Golden examples of every contract: what was once written must be readable for ever, and come out as it went in.

A golden file is never edited to make a test pass: a contract that cannot read it has broken with all records of its topic.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.contracts.common import Contract
from shared.contracts.match import Claim, Match
from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.receipt import Receipt
from shared.contracts.settings import Policy, Today
from shared.contracts.vacancy import Vacancy

_GOLDEN = Path(__file__).with_name("golden")
CONTRACTS: dict[str, type[Contract]] = {
    "vacancy": Vacancy,
    "offer": Offer,
    "need-profile": NeedProfile,
    "match": Match,
    "match-claim": Claim,
    "policy": Policy,
    "today": Today,
    "receipt": Receipt,
}
every_contract = pytest.mark.parametrize("name", CONTRACTS)


def golden(name: str, which: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_GOLDEN / f"{name}.json").read_text(encoding="utf-8"))[which]
    return document


def read(name: str, document: dict[str, Any]) -> Contract:
    return CONTRACTS[name].model_validate_json(json.dumps(document))


def written(record: BaseModel) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(record.model_dump_json())
    return document


@every_contract
def test_a_record_with_every_field_comes_out_as_it_went_in(name: str) -> None:
    document = golden(name, "whole")
    assert written(read(name, document)) == document
    assert document.keys() == CONTRACTS[name].model_fields.keys(), "a new field belongs into the golden example"


@every_contract
def test_a_record_with_only_what_is_required_is_read_and_every_added_field_has_a_meaning_when_it_is_absent(name: str) -> None:
    document = golden(name, "least")
    whole = written(read(name, document))
    assert holds(whole, document)
    for field in document:
        without = {key: value for key, value in document.items() if key != field}
        with pytest.raises(ValidationError):
            read(name, without)


@every_contract
def test_a_field_that_a_later_writer_adds_is_ignored_at_every_depth(name: str) -> None:
    document = golden(name, "whole")
    assert read(name, with_more(document)) == read(name, document)


@pytest.mark.parametrize("field", ["sections", "target_groups", "services", "activities", "work_tasks", "access", "kinds"])
def test_a_code_that_a_later_writer_uses_makes_no_vacancy_unreadable(field: str) -> None:
    vacancy = read("vacancy", golden("vacancy", "whole") | {field: ["a-code-of-tomorrow"]})
    assert getattr(vacancy, field) == ("a-code-of-tomorrow",)


def holds(whole: Any, part: Any) -> bool:
    """Say whether everything of a part stands in the whole, at every depth."""
    if isinstance(part, dict):
        return all(holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(holds(one, other) for one, other in zip(whole, part, strict=True))
    return bool(whole == part)


def with_more(value: Any) -> Any:
    """Add a field to every object but those whose keys are data."""
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys_are_data = isinstance(value.get("services"), int) or any(
        "-" in key for key in value
    )  # points by part, levels by subtheme
    more = {} if keys_are_data else {"added_tomorrow": {"deep": 1}}
    return {key: with_more(item) for key, item in value.items()} | more
