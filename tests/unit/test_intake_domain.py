"""Intake's decisions, bare: openings, expiry, ruled-out places, protection, and what is told of a point."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import needs, offers, vacancies
from services.intake.domain.freshness import Freshness, Moment, Validity
from services.intake.domain.geography import CELL_M, to_cell
from services.intake.domain.openings import has_free_place, next_opening
from services.intake.domain.outcomes import Accepted, Outcome, Rejected, Unchanged
from services.intake.domain.states import NeedState, OfferState, VacancyState
from services.intake.domain.vacancies import Sent
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.need import NeedProfile, ReferencePoint, RuledOut
from shared.contracts.vacancy import Vacancy
from tests.support.intake import NEED, OFFER, VACANCY

_State = TypeVar("_State")

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENT = Sent("http:skovly", None, "http")
FRESHNESS = Freshness(
    otherwise=Validity(timedelta(days=30), timedelta(days=5)),
    confirm_again_after=timedelta(hours=24),
    keep_closed=timedelta(days=30),
)


def moment(now: datetime = NOW) -> Moment:
    return Moment(now, FRESHNESS)


def offer(**changed: Any) -> OfferState:
    outcome = offers.register("skovly", OfferDraft.model_validate(OFFER | changed), None)
    return taken(outcome, OfferState)


def draft(**changed: Any) -> VacancyDraft:
    return VacancyDraft.model_validate(VACANCY | changed)


def taken(outcome: Outcome, kind: type[_State]) -> _State:
    assert isinstance(outcome, Accepted), outcome
    assert isinstance(outcome.state, kind)
    return outcome.state


def announced(**changed: Any) -> VacancyState:
    return taken(vacancies.announce("v-1", draft(**changed), offer(), SENT, moment()), VacancyState)


def restated(before: VacancyState, at: datetime = NOW, **changed: Any) -> Outcome:
    return vacancies.restate(before, draft(**changed), offer(), SENT, moment(at))


def test_from_full_to_free_is_a_new_opening_and_from_free_to_full_is_none() -> None:
    full = taken(restated(announced(), places_free=0), VacancyState)
    free = taken(restated(full, places_free=1), VacancyState)
    fewer = taken(restated(announced(places_free=2), places_free=1), VacancyState)

    assert [full.vacancy.opening, free.vacancy.opening, fewer.vacancy.opening] == [1, 2, 1]


@pytest.mark.parametrize(
    "changed",
    [
        {"sections": ["SEL-104"]},
        {"age_from": 18},
        {"age_to": 60},
        {"gender_rule": "women"},
        {"price_lines": [{"amount_dkk": 600, "unit": "opening_day"}]},
        {"available_from": "2027-01-01"},
        {"available_until": "2027-01-01"},
        {"day_capacity": [{"weekday": 1, "half": "morning", "places_free": 1}]},
    ],
)
def test_what_decides_for_whom_a_place_is_makes_it_news_again(changed: dict[str, Any]) -> None:
    assert taken(restated(announced(), **changed), VacancyState).vacancy.opening == 2


@pytest.mark.parametrize(
    "changed", [{"title_da": "Andet"}, {"text_da": "Andet"}, {"places_total": 30}, {"contact": {"phone": "1"}}, {"services": []}]
)
def test_other_words_and_numbers_do_not(changed: dict[str, Any]) -> None:
    assert taken(restated(announced(places_total=21, services=()), **changed), VacancyState).vacancy.opening == 1


def test_a_price_line_with_another_label_or_in_another_order_is_the_same_price() -> None:
    lines = [{"amount_dkk": 600, "unit": "opening_day", "label_da": "a"}, {"amount_dkk": 9, "unit": "month"}]
    before = announced(price_lines=lines)
    after = taken(restated(before, price_lines=[lines[1], lines[0] | {"label_da": "b"}]), VacancyState)
    assert (after.vacancy.version, after.vacancy.opening) == (2, 1)


def test_a_closed_vacancy_that_is_stated_again_is_open_again_as_a_new_opening() -> None:
    closed = taken(vacancies.close(announced(), "withdrawn"), VacancyState)
    again = taken(restated(closed), VacancyState)

    assert (closed.vacancy.status, closed.vacancy.closed_reason, closed.vacancy.opening) == ("closed", "withdrawn", 1)
    assert (again.vacancy.status, again.vacancy.closed_reason, again.vacancy.opening) == ("open", None, 2)
    assert again.vacancy.version == 3


def test_the_same_words_within_a_day_change_nothing_and_later_they_confirm() -> None:
    before = announced()
    assert isinstance(restated(before, NOW + timedelta(hours=23)), Unchanged)

    later = NOW + timedelta(hours=25)
    confirmed = taken(restated(before, later), VacancyState).vacancy
    assert (confirmed.confirmed_at, confirmed.expires_at) == (later, later + timedelta(days=30))
    assert (confirmed.version, confirmed.opening) == (2, 1)


def test_a_vacancy_expires_at_its_moment_and_not_before() -> None:
    state = announced()
    assert isinstance(vacancies.expire(state, moment(NOW + timedelta(days=30, seconds=-1))), Unchanged)
    assert taken(vacancies.expire(state, moment(NOW + timedelta(days=30))), VacancyState).vacancy.closed_reason == "expired"


def test_a_vacancy_stays_with_its_offer() -> None:
    outcome = vacancies.restate(announced(), draft(offer_id="other"), offer(), SENT, moment())
    assert isinstance(outcome, Rejected)
    assert [(reason.field, reason.code) for reason in outcome.reasons] == [("offer_id", "offer_fixed")]


def test_a_vacancy_that_states_no_section_and_no_kind_takes_its_offers() -> None:
    state = taken(vacancies.announce("v-1", draft(sections=[]), offer(), SENT, moment()), VacancyState)
    assert (state.vacancy.sections, state.vacancy.kinds) == (("SEL-103",), ("SEL-103",))
    nothing = vacancies.announce("v-1", draft(sections=[]), offer(sections=[], kinds=[]), SENT, moment())
    assert isinstance(nothing, Rejected)


def test_an_open_door_has_a_kind_and_no_section() -> None:
    outcome = vacancies.announce("v-1", draft(sections=[], kinds=["FRIV"], places_free=None), offer(), SENT, moment())
    door = taken(outcome, VacancyState)
    assert door.vacancy.open_door
    assert not announced().vacancy.open_door


def test_a_crisis_centre_is_protected_unless_it_says_that_it_is_not() -> None:
    assert offer(sections=["SEL-109"]).offer.address_protected
    assert offer(sections=["SEL-109"]).offer.address is None
    open_centre = offer(sections=["SEL-109"], address_protected=False)
    assert open_centre.offer.address == OFFER["address"]
    beds = taken(vacancies.announce("v-1", draft(sections=["SEL-109"]), open_centre, SENT, moment()), VacancyState)
    assert not beds.vacancy.address_protected
    # Crisis beds of an offer that does not call itself a crisis centre are protected by default.
    assert announced(sections=["SEL-109"], municipality="0740").vacancy.address_protected


def test_what_is_published_reads_back_as_the_contract_wants_it() -> None:
    state = announced(price_lines=[{"amount_dkk": 600, "unit": "month"}], available_from="2027-01-01")
    assert Vacancy.model_validate_json(state.vacancy.model_dump_json()).model_dump() == state.vacancy.model_dump()
    need = need_state()
    assert NeedProfile.model_validate_json(need.need.model_dump_json()).model_dump() == need.need.model_dump()


def need_state(**changed: Any) -> NeedState:
    return taken(needs.register("n-1", NeedDraft.model_validate(NEED | changed), moment()), NeedState)


def test_a_place_ruled_out_stays_so_when_the_need_is_stated_anew() -> None:
    place = RuledOut(vacancy_id="v-1", reason="declined_by_citizen")
    out = taken(needs.rule_out(need_state(), place), NeedState)
    anew = taken(needs.restate(out, NeedDraft.model_validate(NEED | {"urgency": "acute"}), moment()), NeedState)

    assert anew.need.ruled_out == (place,)
    assert isinstance(needs.rule_out(anew, place), Unchanged)
    until = place.model_copy(update={"until": NOW.date()})
    assert taken(needs.rule_out(anew, until), NeedState).need.ruled_out == (until,)


def test_points_in_one_cell_are_published_once() -> None:
    points = [{"easting_m": 570_001, "northing_m": 6_220_001}, {"easting_m": 574_999, "northing_m": 6_224_999}]
    published = need_state(points_of_reference=points).need.points_of_reference
    assert [(point.easting_m, point.northing_m) for point in published] == [(572_500, 6_222_500)]


@given(st.integers(400_000, 900_000), st.integers(6_000_000, 6_500_000))
def test_a_cell_is_half_a_cell_away_at_most_and_does_not_move_when_rounded_again(easting_m: int, northing_m: int) -> None:
    exact = ReferencePoint(easting_m=easting_m, northing_m=northing_m)
    cell = to_cell(exact)

    assert abs(cell.easting_m - easting_m) <= CELL_M // 2
    assert abs(cell.northing_m - northing_m) <= CELL_M // 2
    assert to_cell(cell) == cell


STATEMENTS = st.fixed_dictionaries(
    {
        "places_free": st.one_of(st.none(), st.integers(0, 3)),
        "sections": st.sampled_from([["SEL-103"], ["SEL-104"], ["SEL-103", "SEL-104"]]),
        "age_from": st.sampled_from([None, 18, 30]),
        "title_da": st.sampled_from(["a", "b"]),
    }
)


@given(st.lists(STATEMENTS, min_size=1, max_size=6))
def test_versions_rise_by_one_and_openings_never_fall_whatever_is_stated(statements: list[dict[str, Any]]) -> None:
    state = announced()
    for statement in statements:
        outcome = restated(state, **statement)
        if isinstance(outcome, Unchanged):
            continue
        after = taken(outcome, VacancyState)
        assert after.vacancy.version == state.vacancy.version + 1
        assert after.vacancy.opening - state.vacancy.opening in {0, 1}
        became_free = has_free_place(after.vacancy) and not has_free_place(state.vacancy)
        assert after.vacancy.opening > state.vacancy.opening or not became_free
        state = after


@given(STATEMENTS, STATEMENTS)
def test_only_a_change_counts_an_opening(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = announced(**one).vacancy, announced(**other).vacancy
    assert next_opening(before, before) == before.opening
    assert (next_opening(before, after) > before.opening) == (
        (has_free_place(after) and not has_free_place(before))
        or (sorted(one["sections"]), one["age_from"]) != (sorted(other["sections"]), other["age_from"])
    )
