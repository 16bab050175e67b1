"""What a choice between assignments costs whom, and where the points come from."""

from __future__ import annotations

import pytest

from services.matching.domain.assigning import Contest
from services.matching.domain.assignment_costs import Holder, Loss, Standing, Taken, Total, compare
from services.matching.domain.candidates import candidates, contest
from services.matching.domain.reference import assess
from services.matching.domain.terms import Terms
from shared.contracts.need import WantedSection
from tests.support.matching import TODAY, Chance, full_policy, need, vacancy

TERMS = Terms(full_policy(), TODAY)
# By turns: first the house, third the flat, fourth the room: 90 + 60 + 98 = 248, and the second, who stands before the fourth, nothing.
# Recommended: first the flat, second the house, third the room: 88 + 85 + 50 = 223. The queue comes before the points.
CONTEST = Contest(
    ("first", "second", "third", "nowhere", "fourth"),
    {
        "first": {"house": 90, "flat": 88},
        "second": {"house": 85},
        "third": {"flat": 60, "room": 50},
        "nowhere": {},
        "fourth": {"house": 99, "room": 98},
    },
    {"house": 1, "flat": 1, "room": 1, "castle": 1},
)


def test_each_need_is_told_where_it_ends_and_what_it_loses_against_its_own_best() -> None:
    first, second, third, nowhere, fourth = compare(CONTEST).needs
    assert (first.best, first.recommended, first.by_turns) == (
        Standing("house", 90, 0),
        Standing("flat", 88, 2),
        Standing("house", 90, 0),
    )
    assert (second.recommended, second.by_turns) == (Standing("house", 85, 0), Standing(None, 0, 85))
    assert (third.recommended, third.by_turns) == (Standing("room", 50, 10), Standing("flat", 60, 0))
    assert (nowhere.best, nowhere.recommended, nowhere.outcompeted_by) == (None, Standing(None, 0, 0), ())
    assert (fourth.best, fourth.recommended, fourth.by_turns) == (
        Standing("house", 99, 0),
        Standing(None, 0, 99),
        Standing("room", 98, 1),
    )


def test_who_gets_nothing_is_told_who_has_the_places_that_fit() -> None:
    costs = compare(CONTEST)
    assert costs.needs[4].outcompeted_by == (Holder("second", "house"), Holder("third", "room"))
    assert all(one.outcompeted_by == () for one in costs.needs[:4])


def test_each_place_is_told_who_else_wanted_it_and_what_they_lose() -> None:
    flat, house, room = compare(CONTEST).places  # nobody fits the castle
    # The first has the flat, 88, and would have 90 here; the fourth has nothing and would have 99.
    assert house.recommended == Taken(("second",), (Loss("first", 2), Loss("fourth", 99)))
    # The second has nothing and would have 85; the fourth has the room, 98, and would have 99.
    assert house.by_turns == Taken(("first",), (Loss("second", 85), Loss("fourth", 1)))
    assert (house.free, house.candidates, house.is_scarce) == (1, 3, True)
    assert flat.recommended == Taken(("first",), (Loss("third", 10),))
    assert room.by_turns == Taken(("fourth",), ())


def test_the_totals_are_what_the_needs_end_with() -> None:
    costs = compare(CONTEST)
    assert (costs.recommended, costs.by_turns) == (Total(3, 223), Total(3, 248))


def test_as_many_places_as_candidates_are_not_scarce() -> None:
    contest = Contest(("a", "b"), {"a": {"house": 50}, "b": {"house": 40}}, {"house": 2})
    assert [place.is_scarce for place in compare(contest).places] == [False]


@pytest.mark.parametrize("left_out", [None, "target_group"])
def test_candidates_are_all_pairs_that_the_reference_would_propose(left_out: str | None) -> None:
    """Also under a policy that asks for no target group in common."""
    chance, policy = Chance(7), full_policy()
    terms = Terms(policy.model_copy(update={"rules": tuple(rule for rule in policy.rules if rule.code != left_out)}), TODAY)
    needs = [chance.need(f"need-{number:02}") for number in range(40)]
    vacancies = [chance.vacancy(f"vacancy-{number:02}") for number in range(60)]
    expected = {}
    for one in needs:
        found = {place.vacancy_id: assess(one, place, terms) for place in vacancies}
        expected[one.need_id] = {
            key: pair.score for key, pair in found.items() if pair.eligible and pair.score >= terms.policy.threshold
        }
    assert candidates(needs, vacancies, terms) == expected
    assert sum(map(len, expected.values())) > 20


def test_a_place_under_two_wanted_sections_is_one_candidate() -> None:
    both = ("SEL-103", "SEL-104")
    wanting = need(sections=tuple(WantedSection(section=code) for code in both))
    assert list(candidates([wanting], [vacancy(sections=both, registered=True)], TERMS)["need-1"]) == ["vacancy-1"]


def test_a_contest_is_in_the_order_of_priority_and_a_place_that_says_no_number_counts_for_one() -> None:
    needs = [need("need-a"), need("need-b", urgency="soon"), need("need-c", urgency="acute")]
    vacancies = [vacancy("vacancy-1", places_free=2), vacancy("vacancy-2", places_free=None)]
    found = contest(needs, vacancies, TERMS)
    assert found.queue == ("need-c", "need-b", "need-a")
    assert found.free == {"vacancy-1": 2, "vacancy-2": 1}
    assert set(found.fits["need-a"]) == {"vacancy-1", "vacancy-2"}
