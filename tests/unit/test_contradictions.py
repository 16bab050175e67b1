"""A draft and its rules say the same: whole, they are part of its validation; with other mistakes, they are asked all the same."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared.contracts.contradictions import contradictions_in
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

GROUP = "0d66b364-958e-48cf-a18b-744fab284194"
OTHER = "1097d07f-1dba-4cc2-ae3a-399a501c2eb6"
LEAST: dict[type[BaseModel], dict[str, Any]] = {
    OfferDraft: {"name": "Skovly", "municipality": "0751"},
    VacancyDraft: {"offer_id": "skovly", "title_da": "Plads"},
    NeedDraft: {
        "handlekommune": "0751",
        "sections": [{"section": "SEL-104"}],
        "primary_target_group": GROUP,
        "birth_year": 2009,
    },
}
DAYS = st.sampled_from([None, "2026-01-01", "2026-06-01", "2027-01-01"])
PLACES = st.none() | st.integers(0, 4)
HALVES = st.fixed_dictionaries({"weekday": st.integers(1, 2), "half": st.sampled_from(["morning", "afternoon"])})
STATED: dict[type[BaseModel], Any] = {
    OfferDraft: st.fixed_dictionaries(
        {},
        optional={
            "registered": st.booleans(),
            "register_id": st.just("T-1"),
            "approved": st.booleans(),
            "approved_places": PLACES,
            "point": st.just({"latitude": 56.0, "longitude": 10.0}),
            "location": st.just({"easting_m": 570_000, "northing_m": 6_220_000}),
        },
    ),
    VacancyDraft: st.fixed_dictionaries(
        {},
        optional={
            "places_free": PLACES,
            "places_held": st.integers(0, 2),
            "places_total": PLACES,
            "places_sheltered": PLACES,
            "places_flexible": PLACES,
            "age_from": PLACES,
            "age_to": PLACES,
            "available_from": DAYS,
            "available_until": DAYS,
            "target_groups": st.lists(st.sampled_from([GROUP, OTHER]), max_size=2),
            "cannot_take": st.lists(
                st.fixed_dictionaries(
                    {"code": st.sampled_from([GROUP, OTHER]), "strength": st.sampled_from(["absolute", "ask_first"])}
                ),
                max_size=2,
            ),
            "day_capacity": st.lists(
                HALVES.flatmap(lambda half: PLACES.map(lambda free: half | {"places_free": free})), max_size=3
            ),
        },
    ),
    NeedDraft: st.fixed_dictionaries(
        {},
        optional={
            "start_from": DAYS,
            "start_by": DAYS,
            "half_days": st.lists(HALVES, max_size=3),
            "half_days_a_week": st.none() | st.integers(1, 4),
            "turns_18": st.sampled_from([None, "2027-05", "2028-05"]),
            "turns_36": st.sampled_from([None, "2045-05", "2028-05"]),
        },
    ),
}
each_draft = pytest.mark.parametrize("model", STATED, ids=lambda model: model.__name__)


def told(model: type[BaseModel], document: dict[str, Any]) -> set[tuple[tuple[str | int, ...], str]]:
    """What the validation of the whole says."""
    try:
        model.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        return {(one["loc"], one["type"]) for one in error.errors(include_url=False, include_input=False)}
    return set()


def found(model: type[BaseModel], document: object) -> set[tuple[tuple[str | int, ...], str]]:
    return {(one.path, one.code) for one in contradictions_in(model, document)}


@each_draft
@given(st.data())
def test_the_rules_say_of_a_draft_what_its_validation_says(model: type[BaseModel], data: st.DataObject) -> None:
    document = LEAST[model] | data.draw(STATED[model])
    assert found(model, document) == told(model, document)


@each_draft
@given(st.data())
def test_another_mistake_hides_no_contradiction(model: type[BaseModel], data: st.DataObject) -> None:
    document = LEAST[model] | data.draw(STATED[model])
    assert found(model, document | {"colour": "blue"}) == told(model, document)
    missing = {name: value for name, value in document.items() if name not in {"name", "title_da", "handlekommune"}}
    assert found(model, missing) == told(model, document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(sorted(VacancyDraft.model_fields | NeedDraft.model_fields)) | st.text(), inner)
    ),
    max_leaves=10,
)


@each_draft
@given(JSON)
def test_whatever_is_sent_the_rules_have_an_answer(model: type[BaseModel], document: object) -> None:
    assert isinstance(found(model, document), set)
