"""Files that people post: read in three forms, and refused in one sentence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest

from deploy.cli.entries import read_entries, submission
from deploy.cli.exits import UsageError
from deploy.simulate.sample import PARTNER, make_sample
from shared.contracts.drafts import NeedDraft, VacancyDraft
from shared.contracts.submission import VACANCY_SUBMITTED

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def _file(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.json", '{"type": "vacancy.submitted", "data": {"reference": "a-1"}}'),
        ("list.json", '[{"type": "vacancy.submitted", "data": {"reference": "a-1"}}]'),
        ("lines.jsonl", '{"type": "vacancy.submitted", "data": {"reference": "a-1"}}\n\n'),
        ("one.yaml", "type: vacancy.submitted\ndata: {reference: a-1}\n"),
        ("list.yml", "- type: vacancy.submitted\n  data:\n    reference: a-1\n"),
        ("documents.yaml", "type: vacancy.submitted\ndata: {reference: a-1}\n---\n"),
    ],
)
def test_json_lines_and_yaml_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    assert read_entries(_file(tmp_path, name, content)) == [{"type": "vacancy.submitted", "data": {"reference": "a-1"}}]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("broken.json", "{", "cannot be read"),
        ("broken.yaml", "a: [", "cannot be read"),
        ("text.json", '"text"', "must hold an object"),
        ("mixed.json", '[{"type": "x"}, 3]', "must hold an object"),
        ("empty.jsonl", "", "must hold an object"),
    ],
)
def test_a_file_that_is_not_of_its_form_is_named(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as error:
        read_entries(_file(tmp_path, name, content))
    assert name in str(error.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json cannot be read: No such file"):
        read_entries("nowhere.json")


def test_a_short_type_is_completed_and_a_whole_one_is_left_alone() -> None:
    short = submission({"type": "vacancy.submitted", "data": {"reference": "a-1"}}, 1)
    whole = submission({"type": VACANCY_SUBMITTED, "data": {"reference": "a-1"}}, 1)

    assert short.type == whole.type == VACANCY_SUBMITTED


def test_the_key_is_the_partners_own_reference_and_each_posting_has_an_id_of_its_own() -> None:
    entry = {"type": "vacancy.submitted", "data": {"reference": "a-1"}}
    first, second = submission(entry, 1), submission(entry, 1)

    assert first.key == second.key == "a-1"
    assert first.id != second.id
    assert submission(entry | {"id": "mine"}, 1).id == "mine"


def test_an_offer_goes_by_its_subject_and_a_need_by_its_source_reference() -> None:
    offer = submission({"type": "offer.submitted", "subject": "offer-1", "data": {"name": "X"}}, 1)
    need = submission({"type": "need.submitted", "data": {"source_reference": "sag-1"}}, 1)

    assert (offer.key, offer.subject) == ("offer-1", "offer-1")
    assert need.key == "sag-1"


def test_dates_of_yaml_become_text(tmp_path: Path) -> None:
    entries = read_entries(
        _file(tmp_path, "dated.yaml", "type: vacancy.submitted\ndata: {reference: a-1, available_from: 2027-01-04}\n")
    )

    assert orjson.loads(submission(entries[0], 1).value)["available_from"] == "2027-01-04"


def test_raw_is_sent_as_it_stands() -> None:
    assert submission({"type": "vacancy.submitted", "key": "k-1", "raw": "{no json"}, 1).value == b"{no json"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"data": {}}, "Entry 2 has no type"),
        ({"type": "vacancy.submitted"}, "Entry 2 must have data"),
        ({"type": "vacancy.submitted", "data": {}, "raw": ""}, "Entry 2 must have data"),
        ({"type": "vacancy.submitted", "data": {}, "offer": "x"}, "Entry 2 has offer"),
    ],
)
def test_an_entry_of_another_form_is_refused_before_anything_is_sent(entry: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        submission(entry, 2)


def test_the_example_of_a_new_place_is_a_draft_of_an_offer_that_the_demo_partner_speaks_for() -> None:
    entries = read_entries(str(EXAMPLES / "ny-plads.yaml"))
    sample = make_sample(date(2026, 11, 25))

    draft = VacancyDraft.model_validate_json(submission(entries[0], 1).value)
    assert PARTNER == "demo"
    assert draft.offer_id in sample.partner_offers


def test_the_example_of_a_new_need_is_a_draft() -> None:
    for entry in read_entries(str(EXAMPLES / "nyt-behov.yaml")):
        NeedDraft.model_validate_json(orjson.dumps(entry))
