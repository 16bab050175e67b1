"""A need as stated: what is refused, what is told of it, and what never leaves intake."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import needs
from services.intake.domain.freshness import Freshness, Moment, Validity
from services.intake.domain.outcomes import Accepted, Rejected
from services.intake.domain.publishable import TEXTS_OF_A_NEED
from services.intake.domain.states import NeedState
from services.intake.reading import read_draft
from shared.contracts import reference
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.need import NeedProfile, NeedTerms, StatedNeed
from shared.contracts.settings import Policy
from shared.contracts.submission import NeedReference

NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # it is December in Denmark
_POLICIES = Path(__file__).parents[2] / "services" / "intake" / "policies"
POLICY = Policy.model_validate(yaml.safe_load(min(_POLICIES.glob("*.yaml")).read_text(encoding="utf-8")))
MOMENT = Moment(
    NOW,
    Freshness(Validity(timedelta(days=30), timedelta(days=5)), timedelta(hours=24), timedelta(days=30)),
    POLICY.pension_ages,
)
THEME, OTHER_THEME = sorted(reference.themes())[:2]
NEED: dict[str, Any] = {
    "handlekommune": "0751",
    "sections": [{"section": "SEL-104"}],
    "primary_target_group": "0d66b364-958e-48cf-a18b-744fab284194",
    "birth_year": 1990,
}
FULL: dict[str, Any] = NEED | {
    "source_reference": "sag-42",
    "betalingskommune": "0740",
    "team": "team-0751-1",
    "caseworker": "sb-0751-1",
    "case": "case-7f3a",
    "levels": {THEME: 0, OTHER_THEME: None},
    "half_days": [{"weekday": 1, "half": "morning"}, {"weekday": 3, "half": "morning"}],
    "half_days_a_week": 2,
    "points_of_reference": [{"easting_m": 571234, "northing_m": 6224567}],
    "deadline": {"date": "2027-02-01", "source": "kommunens frist efter retssikkerhedsloven § 3"},
    "consent": {"basis": "consent", "given_on": "2026-11-03"},
    "note_da": "Mette Hansen bor på Vestergade 12 og vil gerne se stedet.",
}


def read(**changed: Any) -> NeedDraft | Rejected:
    return read_draft(NeedDraft, orjson.dumps(FULL | changed))


def codes(refused: object) -> set[tuple[str | None, str]]:
    assert isinstance(refused, Rejected), refused
    return {(reason.field, reason.code) for reason in refused.reasons}


def registered(**changed: Any) -> NeedState | Rejected:
    draft = read(**changed)
    assert isinstance(draft, NeedDraft), draft
    outcome = needs.register("n-1", draft, MOMENT)
    if isinstance(outcome, Accepted):
        assert isinstance(outcome.state, NeedState)
        return outcome.state
    assert isinstance(outcome, Rejected)
    return outcome


def test_consent_note_reference_and_exact_points_stay_in_intake() -> None:
    state = registered()
    assert isinstance(state, NeedState)
    body = state.need.model_dump_json()

    assert state.terms.note_da == FULL["note_da"]
    assert state.terms.consent is not None
    assert not StatedNeed.model_fields.keys() - NeedTerms.model_fields.keys() & orjson.loads(body).keys()
    for kept in ("Mette", "Vestergade", "2026-11-03", "consent", "note_da", "sag-42", "571234", "6224567"):
        assert kept not in body
    assert NeedProfile.model_validate_json(body).model_dump() == state.need.model_dump()


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("team", "Team Mette Hansen", "person_name"),
        ("caseworker", "mette.hansen", "person_name"),
        ("case", "jens-peter-1990", "person_name"),
        ("case", "vestergade-12", "street_address"),
        ("deadline", {"date": "2027-02-01", "source": "aftalt med Birthe på Vestergade 12, 3. tv"}, "person_name"),
        ("deadline", {"date": "2027-02-01", "source": "udskrives fra 8000 Aarhus C"}, "street_address"),
        ("deadline", {"date": "2027-02-01", "source": "010190-1234"}, "cpr_number"),
        ("note_da", "010190-1234", "cpr_number"),
        ("source_reference", "0101901234", "cpr_number"),
    ],
)
def test_a_person_a_place_or_a_cpr_number_is_refused_with_the_reason(path: str, value: object, code: str) -> None:
    field = "deadline.source" if path == "deadline" else path
    assert (field, code) in codes(read(**{path: value}))


def test_a_closing_names_no_person_either() -> None:
    body = orjson.dumps({"handlekommune": "0751", "source_reference": "sag-42", "reason": "moved_to_mette"})
    assert codes(read_draft(NeedReference, body)) == {("reason", "person_name")}
    words = orjson.dumps({"handlekommune": "0751", "source_reference": "sag-42", "reason": "flyttet på landet"})
    assert codes(read_draft(NeedReference, words)) == {("reason", "string_pattern_mismatch")}


def test_every_text_of_a_profile_is_of_a_list_or_is_looked_at() -> None:
    """A new text field of a need belongs into one of these: can somebody write a person into it?"""
    of_a_list = {"handlekommune", "betalingskommune", "primary_target_group", "transport"}
    texts = {name for name, field in NeedTerms.model_fields.items() if field.annotation in {str, str | None}}
    assert texts | {"caseworker", "case"} == of_a_list | {"team", "caseworker", "case"}
    assert {"team", "caseworker", "case"} <= set(TEXTS_OF_A_NEED)


def test_an_offer_may_name_its_leader_and_its_address() -> None:
    offer = {"name": "Skovly", "municipality": "0751", "address": "Vestergade 12", "text_da": "Ring til Mette Hansen."}
    assert isinstance(read_draft(OfferDraft, orjson.dumps(offer)), OfferDraft)
    vacancy = {"offer_id": "skovly", "title_da": "Plads på Vestergade 12", "text_da": "Ring til Mette Hansen."}
    assert isinstance(read_draft(VacancyDraft, orjson.dumps(vacancy)), VacancyDraft)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"birth_year": 2009, "turns_18": "2027-05"}, None),
        ({"birth_year": 2010, "turns_18": "2028-12"}, None),
        ({"birth_year": 2011, "turns_18": "2029-01"}, ("turns_18", "month_too_far_ahead")),
        ({"birth_year": 1991, "turns_36": "2027-05"}, None),
        ({"birth_year": 1960, "reaches_pension_age": "2027-01"}, None),
        ({"birth_year": 1960, "reaches_pension_age": "2027-12"}, None),
        ({"birth_year": 1960, "reaches_pension_age": "2028-01"}, ("reaches_pension_age", "pension_age")),
        ({"birth_year": 1960, "reaches_pension_age": "2026-12"}, ("reaches_pension_age", "pension_age")),
        ({"waiting_since": "2026-12-01"}, None),
        ({"waiting_since": "2026-12-02"}, ("waiting_since", "in_the_future")),
        ({"consent": {"basis": "consent", "given_on": "2027-01-01"}}, ("consent.given_on", "in_the_future")),
    ],
)
def test_months_and_days_are_held_against_the_year_of_birth_and_the_day(
    changed: dict[str, Any], wrong: tuple[str, str] | None
) -> None:
    outcome = registered(**changed)
    assert isinstance(outcome, NeedState) if wrong is None else codes(outcome) == {wrong}


def test_a_month_of_another_year_contradicts_the_year_of_birth() -> None:
    assert codes(read(birth_year=2009, turns_18="2028-05")) == {("turns_18", "birth_year")}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"start_from": "2027-02-01", "start_by": "2027-01-01"}, ("start_from", "date_range")),
        ({"half_days_a_week": 3}, ("half_days_a_week", "half_days")),
        ({"half_days": [{"weekday": 1, "half": "morning"}] * 2, "half_days_a_week": None}, ("half_days[1]", "stated_twice")),
        ({"levels": {"x": 1}}, ("levels.x.[key]", "unknown_code")),
        ({"levels": {THEME: 5}}, (f"levels.{THEME}", "less_than_equal")),
    ],
)
def test_a_contradiction_and_an_impossible_level_are_told_at_their_field(changed: dict[str, Any], wrong: tuple[str, str]) -> None:
    assert wrong in codes(read(**changed))


def test_a_draft_with_a_wrong_field_is_told_of_its_contradictions_too() -> None:
    told = codes(read(colour="blue", birth_year=2009, turns_18="2028-05", half_days_a_week=3, sections=[{"section": "SEL-109"}]))
    assert told == {
        ("colour", "extra_forbidden"),
        ("turns_18", "birth_year"),
        ("half_days_a_week", "half_days"),
        ("sections[0].section", "section_109_by_phone"),
    }
    vacancy = {
        "offer_id": "x",
        "price_lines": [{"unit": "year", "valid_from": "2027-02-01", "valid_to": "2027-01-01"}],
        "age_to": 3,
    }
    assert codes(read_draft(VacancyDraft, orjson.dumps(vacancy | {"age_from": 5}))) >= {
        ("title_da", "missing"),
        ("price_lines[0].unit", "literal_error"),
        ("price_lines[0].valid_from", "date_range"),
        ("age_from", "age_range"),
    }


def test_a_crisis_centre_is_refused_with_where_the_phones_are() -> None:
    refused = read(sections=[{"section": "SEL-109"}])
    assert isinstance(refused, Rejected)
    assert "/offers?section=SEL-109" in refused.reasons[0].text_da


def test_what_is_not_stated_is_said_to_be_and_not_assessed_is_not_zero() -> None:
    least = registered(**dict.fromkeys(FULL.keys() - NEED.keys()) | {"levels": {}, "half_days": [], "points_of_reference": []})
    assert isinstance(least, NeedState)
    unknown = needs.not_stated(least.terms)
    assert set(NEED) & set(unknown) == set()
    assert set(unknown) == NeedTerms.model_fields.keys() - NEED.keys() - {"urgency"}
    assert needs.not_assessed(least.terms) == tuple(reference.themes())

    full = registered()
    assert isinstance(full, NeedState)
    assert full.need.levels == {THEME: 0}
    assert THEME not in needs.not_assessed(full.terms)
    assert OTHER_THEME in needs.not_assessed(full.terms)
    assert "levels" not in needs.not_stated(full.terms)
    assert "children_come_along" not in needs.not_stated(
        needs.stated_terms(NeedDraft.model_validate(NEED | {"children_come_along": 0}))
    )


@given(st.dates(date(1940, 1, 1), date(2015, 12, 31)))
def test_a_true_month_of_pension_age_is_never_refused(born: date) -> None:
    months = max(
        (age for age in POLICY.pension_ages if age.born_from_year <= born.year), key=lambda age: age.born_from_year
    ).months
    reached = born.year * 12 + born.month - 1 + months
    outcome = registered(birth_year=born.year, reaches_pension_age=f"{reached // 12}-{reached % 12 + 1:02d}")
    assert isinstance(outcome, NeedState) or codes(outcome) == {("reaches_pension_age", "month_too_far_ahead")}
