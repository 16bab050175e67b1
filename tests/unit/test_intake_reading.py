"""What comes in is read into a command, or refused with every reason; CPR numbers are caught however they are written."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.intake.domain.commands import PostVacancy
from services.intake.domain.cpr import fields_with_cpr_number, holds_cpr_number
from services.intake.domain.outcomes import Rejected
from services.intake.domain.partners import Partner
from services.intake.domain.person_names import holds_person_name
from services.intake.domain.submissions import Submission, repeatable
from services.intake.reading import MOST_BODY_BYTES, merger, read_draft, read_submission
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.submission import KIND_OF_TYPE, VACANCY_SUBMITTED
from tests.support.intake import NEED, OFFER, VACANCY

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*VACANCY, *NEED, "x"]) | st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text",
    [
        "010203-1234", "0102031234", "010203 1234", "01-02-03-1234", "01.02.03 - 1234", "01 02 03 1234", "010203–1234",
        "01021990-1234", "borgeren(311299-0001)", "610203-1234",
    ],
)  # fmt: skip
def test_a_cpr_number_is_seen_however_it_is_written(text: str) -> None:
    assert holds_cpr_number(f"Plads til {text}, tak")


@pytest.mark.parametrize(
    "text",
    ["990203-1234", "011303-1234", "86 12 34 56", "+45 86 12 34 56", "2026-11-25", "01-02-2026", "12345678901234", "kl. 8-16"],
)
def test_other_numbers_are_not_taken_for_one(text: str) -> None:
    assert not holds_cpr_number(f"Ring {text}, tak")


@pytest.mark.parametrize("written", ["0a850256-5773-42bf-9b99-b05d6a5884de", "0a850256577342bf9b99b05d6a5884de"])
def test_a_uuid_is_no_cpr_number_but_hides_none_beside_it(written: str) -> None:
    assert not holds_cpr_number(f"sample/{written}")
    assert holds_cpr_number(f"{written} 010190-1234")
    assert holds_cpr_number(written[2:])


@given(st.dates(), st.integers(0, 9999), st.text(st.characters(exclude_categories=["N"]), max_size=5))
def test_every_birthday_is_seen_between_any_letters(day: object, serial: int, around: str) -> None:
    written = f"{day:%d%m%y}-{serial:04d}"
    assert holds_cpr_number(around + written + around)
    assert repeatable(written) is None


def test_the_path_of_every_text_that_holds_one_is_told() -> None:
    document = {"a": "010203-1234", "b": [{"c": "x"}, {"c": "010203-1234"}], "p_number": "0102031234"}
    assert list(fields_with_cpr_number(document, leave_out=frozenset({"p_number"}))) == ["a", "b[1].c"]


@pytest.mark.parametrize("name", ["Anna Jensen", "anna_jensen", "Skovvej 12", "010190-1234"])
@pytest.mark.parametrize("model", [NeedDraft, VacancyDraft, OfferDraft])
def test_a_field_that_is_named_after_a_person_or_a_place_is_refused_without_its_name(model: type[BaseModel], name: str) -> None:
    refused = read_draft(model, orjson.dumps({name: 1, "contact": {name: 1}, "consent": {name: 1}}))
    assert isinstance(refused, Rejected)
    assert (None, "extra_forbidden") in codes(refused)
    assert name not in str(refused)


def test_no_field_of_our_own_is_taken_for_a_person() -> None:
    schemas = [model.model_json_schema() for model in (NeedDraft, VacancyDraft, OfferDraft)]
    objects = [part for schema in schemas for part in (schema, *schema["$defs"].values())]
    names = {name for part in objects for name in part.get("properties", {})}
    assert {"birth_year", "phone", "waiting_since"} <= names
    assert not [f"{one}.{other}" for one in names for other in names if holds_person_name(f"{one}.{other}")]


def codes(refused: object) -> set[tuple[str | None, str]]:
    assert isinstance(refused, Rejected)
    return {(reason.field, reason.code) for reason in refused.reasons}


def submission(kind: str, body: bytes | None) -> Submission:
    return Submission("skov", "submissions-skov/0/0", "s-1", kind, "skovly", "bed-1", body, "matter-1")


SKOV = Partner("skov", frozenset({"skovly"}), frozenset({"offer", "vacancy", "need"}), frozenset({"0751"}))


def test_a_vacancy_of_the_partners_own_offer_becomes_a_command() -> None:
    body = orjson.dumps(VACANCY | {"reference": "bed-1"})
    command = read_submission(submission(VACANCY_SUBMITTED, body), SKOV, lambda: "v-1")
    assert isinstance(command, PostVacancy)
    assert (command.sender, command.new_id, command.draft.reference) == ("skov", "v-1", "bed-1")


def test_contradictions_are_told_at_their_field_in_danish() -> None:
    refused = read_draft(VacancyDraft, orjson.dumps(VACANCY | {"age_from": 30, "age_to": 20}))
    assert codes(refused) == {("age_from", "age_range")}
    assert isinstance(refused, Rejected)
    assert refused.reasons[0].text_da == "må ikke være over age_to"


def test_what_is_too_large_or_absent_is_said() -> None:
    assert codes(read_draft(VacancyDraft, b" " * (MOST_BODY_BYTES + 1))) == {(None, "too_large")}
    assert codes(read_draft(VacancyDraft, None)) == {(None, "no_body")}


def test_a_name_of_the_senders_own_is_not_repeated_when_it_looks_like_a_cpr_number() -> None:
    refused = read_draft(VacancyDraft, orjson.dumps(VACANCY | {"010203-1234": 1, "x": {"010203-1234": "010203-1234"}}))
    assert codes(refused) == {(None, "extra_forbidden"), ("x", "extra_forbidden"), (None, "cpr_number")}


def test_thousands_of_mistakes_are_told_up_to_a_limit() -> None:
    refused = read_draft(VacancyDraft, orjson.dumps(VACANCY | {f"unknown_{number}": 1 for number in range(5000)}))
    assert isinstance(refused, Rejected)
    assert len(refused.reasons) == 201
    assert refused.reasons[-1].code == "more_reasons"


def test_a_change_is_merged_into_what_was_stated_and_null_clears() -> None:
    terms = VacancyDraft.model_validate(VACANCY)
    merged = merger({"places_free": 0, "places_total": None})("skovly", terms)
    assert isinstance(merged, VacancyDraft)
    assert (merged.places_free, merged.places_total, merged.title_da) == (0, None, VACANCY["title_da"])
    assert codes(merger({"offer_id": "other"})("skovly", terms)) == {("offer_id", "offer_fixed")}


@given(st.sampled_from(sorted(KIND_OF_TYPE)), JSON.map(orjson.dumps) | st.binary())
def test_whatever_is_sent_is_a_command_or_is_refused_with_reasons(kind: str, body: bytes) -> None:
    read = read_submission(submission(kind, body), SKOV, lambda: "v-1")
    assert not isinstance(read, Rejected) or read.reasons


@given(st.text(max_size=40))
def test_no_value_is_ever_repeated(text: str) -> None:
    value = f"<{text}>"
    refused = read_draft(NeedDraft, orjson.dumps(NEED | {"handlekommune": value, "birth_year": value, "sections": value}))
    assert isinstance(refused, Rejected)
    told = "".join(reason.model_dump_json() for reason in refused.reasons)
    assert len(text) < 4 or value not in told


@pytest.mark.parametrize(
    "web", ["javascript:alert(1)", "data:text/html,x", "www.skovly.example", "https://", " https://a.example"]
)
@pytest.mark.parametrize(("model", "draft"), [(OfferDraft, OFFER), (VacancyDraft, VACANCY)])
def test_a_web_page_is_opened_by_http_or_not_at_all(model: type[BaseModel], draft: dict[str, Any], web: str) -> None:
    refused = read_draft(model, orjson.dumps(draft | {"contact": {"web": web}}))
    assert isinstance(refused, Rejected)
    assert [(reason.field, reason.code) for reason in refused.reasons] == [("contact.web", "web_address")]
    for good in ("https://skovly.example/om", "HTTP://børnehuset.example"):
        assert not isinstance(read_draft(model, orjson.dumps(draft | {"contact": {"web": good}})), Rejected)
