"""The sample as a whole: large enough, believable, and with something for nearly every need."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from deploy.simulate.sample import Sample, make_sample
from deploy.simulate.written import written_needs

if TYPE_CHECKING:
    from shared.contracts.common import Point
    from shared.contracts.drafts import NeedDraft, VacancyDraft

TODAY = date(2026, 11, 25)
PENSION_AGE = 67


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(TODAY)


def _eligible(sample: Sample, need: NeedDraft, vacancy: VacancyDraft) -> bool:
    """Judge a pair roughly, by the rules that a caseworker would name first; the engine has its own tests."""
    offer = sample.offers[vacancy.offer_id]
    sections = {wanted.section for wanted in need.sections} & set(vacancy.sections)
    age = TODAY.year - need.birth_year
    if age >= PENSION_AGE:
        sections -= {"SEL-103", "SEL-103-2"}
    groups = {need.primary_target_group, *need.further_target_groups}
    return (
        bool(sections)
        and not offer.address_protected
        and bool(vacancy.places_free)
        and (not vacancy.target_groups or bool(groups & set(vacancy.target_groups)))
        and (vacancy.age_from or 0) <= age <= (vacancy.age_to or 200)
        and (
            vacancy.gender_rule in {None, "everyone"} or {"women": "woman", "men": "man"}[str(vacancy.gender_rule)] == need.gender
        )
        and _near(need, vacancy.location or offer.location)
        and not vacancy.reserved_for_residents
        and (not vacancy.reserved_for_municipalities or need.handlekommune in vacancy.reserved_for_municipalities)
        and not {one.code for one in vacancy.cannot_take if one.strength == "absolute"} & groups
        and all(getattr(vacancy.accessibility, name) is not False for name in need.access_needs)
        and not (need.pets_come_along and vacancy.pets is False)
        and not (need.partner_comes_along and vacancy.room_for_two is False)
    )


def _near(need: NeedDraft, at: Point | None) -> bool:
    if need.max_distance_km is None or at is None:
        return True
    return any(
        math.hypot(point.easting_m - at.easting_m, point.northing_m - at.northing_m) <= need.max_distance_km * 1000
        for point in need.points_of_reference
    )


def test_there_are_at_least_80_vacancies_and_300_needs(sample: Sample) -> None:
    assert len(sample.vacancies) >= 80
    assert len(sample.needs) >= 300
    assert len({draft.reference for draft in sample.vacancies}) == len(sample.vacancies)
    assert len({need.source_reference for need in sample.needs}) == len(sample.needs)


def test_every_section_that_was_asked_for_has_vacancies_and_so_have_open_doors(sample: Sample) -> None:
    sections = {section for draft in sample.vacancies for section in draft.sections}

    assert {"SEL-103", "SEL-103-2", "SEL-104", "SEL-107", "SEL-108", "SEL-109", "SEL-110"} <= sections
    assert {"SEL-85", "BL-43"} <= sections
    assert {"VAER", "FRIV", "KULT", "SOCV", "MIDT", "DAGC", "OPH", "SKOLE", "PLEJE"} <= {
        kind for draft in sample.vacancies for kind in draft.kinds
    }


def test_four_needs_of_five_have_a_place_to_be_matched_with_and_some_have_none(sample: Sample) -> None:
    with_places = sum(any(_eligible(sample, need, draft) for draft in sample.vacancies) for need in sample.needs)

    assert 0.8 * len(sample.needs) <= with_places < len(sample.needs)


def test_the_needs_written_by_hand_find_what_their_writer_expected(sample: Sample) -> None:
    for written in written_needs(sample.day):
        found = [draft.reference for draft in sample.vacancies if _eligible(sample, written.draft, draft)]
        assert bool(found) == (written.expects == "something"), (written.draft.source_reference, found)


def test_every_field_of_the_contracts_is_said_somewhere_in_the_sample(sample: Sample) -> None:
    """A field that nobody uses is one that no reader ever sees filled."""
    for drafts, unused in (
        (sample.vacancies, {"places_held", "available_until", "point", "address_protected"}),
        (sample.needs, {"turns_18"}),
        (sample.offers.values(), {"point"}),
    ):
        said = {name for draft in drafts for name in draft.model_dump(exclude_defaults=True)}
        assert type(next(iter(drafts))).model_fields.keys() - said == unused


def test_all_of_the_sample_is_the_same_on_every_day_of_a_month() -> None:
    assert make_sample(date(2026, 11, 2)) == make_sample(date(2026, 11, 30))


def test_every_need_has_a_caseworker_who_is_among_the_people(sample: Sample) -> None:
    known = {person.person_id for person in sample.people}

    assert {need.caseworker for need in sample.needs} <= known
    assert all(re.fullmatch(r"sb-\d{4}-\d@kommune-\d{4}\.example", person.mail) for person in sample.people)


def test_some_vacancies_come_over_kafka_and_the_rest_over_http(sample: Sample) -> None:
    assert len(sample.over_kafka()) >= 10
    by_reference = {draft.reference: draft for draft in (*sample.over_kafka(), *sample.over_http())}
    assert by_reference == {draft.reference: draft for draft in sample.vacancies}
