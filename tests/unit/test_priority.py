"""The order of people for one scarce place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.match import Match
from shared.contracts.need import Deadline, NeedProfile
from shared.contracts.settings import PriorityTerms
from shared.priority import PRIORITY_PARTS, priority
from tests.support.matching import TODAY, first_policy, full_policy, need

if TYPE_CHECKING:
    from shared.priority import Priority

TERMS = PriorityTerms()
FAR, NEAR = TODAY - timedelta(days=3000), TODAY + timedelta(days=3000)


def of(**changes: Any) -> Priority:
    return priority(need(**changes), TODAY, TERMS)


def due(days: int) -> Deadline:
    return Deadline(date=TODAY + timedelta(days=days), source="kommunens frist efter retssikkerhedsloven § 3")


def test_a_need_that_states_nothing_has_no_points_and_its_waiting_is_unknown() -> None:
    nothing = of()
    assert (nothing.total, nothing.waiting_days, nothing.days_left, nothing.deadline_source) == (0, None, None, None)


def test_the_parts_add_up_and_the_deadline_keeps_its_source() -> None:
    # soon: 20; 73 of 365 days: 30 * 73 // 365 = 6; 36 days left, so 54 of 90 are gone: 20 * 54 // 90 = 12.
    found = of(urgency="soon", waiting_since=TODAY - timedelta(days=73), deadline=due(36))
    assert dict(found.points) == {"urgency": 20, "waiting": 6, "deadline": 12}
    assert tuple(found.points) == PRIORITY_PARTS
    assert (found.total, found.waiting_days, found.days_left) == (38, 73, 36)
    assert found.deadline_source == "kommunens frist efter retssikkerhedsloven § 3"


@pytest.mark.parametrize(("days", "points"), [(0, 0), (12, 0), (13, 1), (364, 29), (365, 30), (2000, 30), (-5, 0)])
def test_each_day_of_waiting_counts_evenly_up_to_a_year(days: int, points: int) -> None:
    # 30 points in 365 days: a point for each 12 1/6 days; a day to come is no waiting.
    assert of(waiting_since=TODAY - timedelta(days=days)).points["waiting"] == points


@pytest.mark.parametrize(("left", "points"), [(200, 0), (90, 0), (86, 0), (85, 1), (45, 10), (1, 19), (0, 20), (-30, 20)])
def test_a_deadline_counts_more_the_nearer_it_is_and_fully_once_it_has_passed(left: int, points: int) -> None:
    # 20 points in 90 days: a point for each 4 1/2 days.
    assert of(deadline=due(left)).points["deadline"] == points


def test_an_acute_need_is_never_behind_one_that_is_not_by_points() -> None:
    acute, longest = of(urgency="acute"), of(waiting_since=FAR, deadline=due(-1))
    assert acute.total == longest.total == 50


def test_equal_points_are_ordered_by_waiting_then_deadline_then_id() -> None:
    waiting = {"waiting_since": TODAY - timedelta(days=5)}
    queue = [
        of(need_id="need-d", waiting_since=TODAY - timedelta(days=6)),
        of(need_id="need-c", **waiting, deadline=due(100)),
        of(need_id="need-a", **waiting),
        of(need_id="need-b", **waiting),
    ]
    assert {one.total for one in queue} == {0}
    assert sorted(queue, key=lambda one: one.key) == queue


def test_the_record_of_a_match_gives_the_same_priority_as_the_need() -> None:
    profile = need(urgency="acute", waiting_since=TODAY - timedelta(days=99), deadline=due(10))
    record = Match.model_validate(
        profile.model_dump() | {"need_version": 1, "places": (), "policy": "x", "day": TODAY, "worker": "w"}
    )
    assert priority(record, TODAY, TERMS) == priority(profile, TODAY, TERMS)


def test_a_policy_that_says_what_the_contract_has_anyway_keeps_its_name() -> None:
    assert full_policy().priority == first_policy().priority == TERMS
    assert full_policy().hash() == full_policy(priority={}).hash()
    assert full_policy().hash() != full_policy(priority={"soon_points": 21}).hash()


def test_the_most_that_a_policy_gives_is_100_points() -> None:
    assert TERMS.acute_points + TERMS.waiting_max_points + TERMS.deadline_max_points == 100


@given(
    st.sampled_from(["normal", "soon", "acute"]),
    st.none() | st.dates(FAR, NEAR),
    st.none() | st.dates(FAR, NEAR),
    st.integers(0, 400),
)
def test_as_days_pass_nobody_loses_points(urgency: str, since: date | None, deadline: date | None, days: int) -> None:
    stated = need(
        urgency=urgency, waiting_since=since, deadline=None if deadline is None else Deadline(date=deadline, source="frist")
    )
    now, later = (priority(stated, TODAY + timedelta(days=passed), TERMS) for passed in (0, days))
    assert all(0 <= now.points[part] <= later.points[part] for part in PRIORITY_PARTS)


def test_every_need_and_every_match_can_stand_in_a_queue() -> None:
    assert {"need_id", "urgency", "waiting_since", "deadline"} <= set(NeedProfile.model_fields) & set(Match.model_fields)
