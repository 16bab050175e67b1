"""A policy looked over, compared with another, and tried: pure, on policies that are changed one thing at a time."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.policy_changes import changes
from services.matching.domain.policy_effects import BELOW_THRESHOLD, OUTRANKED, Effects, Scores, Tally, shown
from services.matching.domain.policy_faults import NEED_A_STATEMENT, faults, faults_beside, rules_left_out
from services.matching.domain.terms import RULES, Terms
from services.matching.domain.words.policy import change as in_words
from services.matching.policy_replay import replay
from services.matching.state import MatchingState
from shared.contracts.need import WantedSection
from shared.contracts.settings import Policy
from tests.support.matching import SERVICES, TODAY, Chance, dated_policy, first_policy, full_policy, need, vacancy


def said(policy: Policy) -> list[str]:
    """The faults of a policy, where and what in one line each."""
    return [f"{'.'.join(map(str, fault.path))} {fault.text_en}" for fault in faults(policy)]


def with_part(policy: Policy, code: str, **fields: Any) -> Policy:
    parts = [part.model_copy(update=fields) if part.code == code else part for part in policy.parts]
    return policy.model_copy(update={"parts": tuple(parts)})


def without_rule(policy: Policy, code: str) -> Policy:
    return policy.model_copy(update={"rules": tuple(rule for rule in policy.rules if rule.code != code)})


# --- looked over ------------------------------------------------------------------------------------------------------


def test_the_newest_policy_tells_unit_direction_and_source_of_everything_in_both_languages() -> None:
    assert said(full_policy()) == []
    assert rules_left_out(full_policy()) == []


def test_the_policies_that_stand_in_match_records_keep_their_names() -> None:
    files = {"2026-11-01": "29736c30cccca391"}
    assert {name: dated_policy(name).hash() for name in files} == files


def test_weights_that_do_not_add_up_to_100_are_told_with_what_is_missing() -> None:
    policy = with_part(full_policy(), "travel", max_points=10)
    assert said(policy) == ["parts the weights (max_points) add up to 98 points, 2 too few; they must add up to 100"]


def test_the_unknown_gives_no_more_than_the_best() -> None:
    policy = with_part(full_policy(), "languages", points_when_unknown=6)
    assert [fault.path for fault in faults(policy)] == [("parts", 6, "points_when_unknown")]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"version": "next"}, ("version",)),
        ({"version": "2026-13-01.1"}, ("version",)),
        ({"version": "2026-11-25"}, ("version",)),
        ({"travel_full_points_km": 100}, ("travel_full_points_km",)),
        ({"day_sections": ("SEL-104", "SEL-1040")}, ("day_sections", 1)),
        ({"assumed_languages": ("danish",)}, ("assumed_languages", 0)),
    ],
)
def test_what_the_contract_lets_pass_is_found_where_it_stands(field: dict[str, Any], path: tuple[str | int, ...]) -> None:
    assert [fault.path for fault in faults(full_policy(**field))] == [path]


def test_ages_that_are_out_of_order_are_found() -> None:
    policy = full_policy(
        pension_ages=[{"born_from_year": 1963, "months": 816}, {"born_from_year": 1955, "months": 804}],
        section_ages=[{"section": "SEL-104", "from_age": 18, "to_age": 17}, {"section": "SEL-104"}],
    )
    assert [fault.path for fault in faults(policy)] == [
        ("pension_ages", 1, "born_from_year"),
        ("section_ages",),
        ("section_ages", 0, "from_age"),
    ]


def test_a_rule_that_always_applies_is_to_be_worded_and_any_other_that_is_left_out_is_named() -> None:
    assert said(without_rule(full_policy(), "section")) == ["rules lacks the rule section, which always applies; word it"]
    assert said(without_rule(full_policy(), "price")) == []
    assert rules_left_out(without_rule(full_policy(), "price")) == ["price"]


def test_every_number_wants_a_statement_in_the_unit_of_the_contract_and_a_statement_wants_a_number() -> None:
    statements = [one.model_dump() for one in full_policy().statements]
    assert {one["field"] for one in statements} == set(NEED_A_STATEMENT)
    wrong = [one | {"unit": "miles"} if one["field"] == "travel_no_points_km" else one for one in statements]
    wrong = [one | {"field": "thresholds"} if one["field"] == "threshold" else one for one in wrong]
    told = said(full_policy(statements=wrong))
    assert len(told) == 3
    assert told[0].startswith("statements says nothing of threshold: add field: threshold")
    assert any("thresholds is no field" in one for one in told)
    assert any("must be km" in one for one in told)


def test_versions_follow_the_days_and_a_day_has_one_policy() -> None:
    policy = full_policy()
    later = policy.model_copy(update={"valid_from": date(2027, 1, 1)})
    assert faults_beside(policy, [first_policy()]) == []
    assert [fault.path for fault in faults_beside(later, [policy])] == [("version",)]
    older = policy.model_copy(update={"version": "2026-10-01.1"})
    assert [fault.path for fault in faults_beside(older, [first_policy()])] == [("version",)]
    other = policy.model_copy(update={"version": "2026-11-25.2"})
    assert [fault.path for fault in faults_beside(policy, [other])] == [("valid_from",)]


# --- compared ---------------------------------------------------------------------------------------------------------


def told(old: Policy, new: Policy) -> list[tuple[str, str]]:
    return [(change.kind, in_words(change).en) for change in changes(old, new)]


def test_nothing_changed_is_told_as_nothing_whatever_the_version_and_the_order_of_the_rules() -> None:
    policy = full_policy()
    other = policy.model_copy(update={"version": "2027-01-01.1", "rules": tuple(reversed(policy.rules))})
    assert changes(policy, other) == []


def test_weights_rules_thresholds_and_lists_are_told_in_words() -> None:
    old = full_policy()
    new = with_part(with_part(without_rule(old, "price"), "travel", max_points=20), "levels", max_points=17)
    new = new.model_copy(update={"threshold": 40, "day_sections": ("SEL-103", "SEL-85"), "assumed_languages": ("da",)})
    assert told(old, new) == [
        ("match", "threshold: 30 → 40 points"),
        ("match", "the rule price is taken out"),
        ("match", "the weight of levels: 25 → 17 points"),
        ("match", "the weight of travel: 12 → 20 points"),
        ("match", "day_sections: +SEL-85, −SEL-103-2, −SEL-104"),
    ]
    assert ("match", "the rule price is new: " + next(rule.text_en for rule in old.rules if rule.code == "price")) in told(
        new, old
    )


def test_what_is_only_worded_otherwise_or_only_shown_is_told_as_that() -> None:
    old = full_policy()
    new = with_part(old, "travel", source="A study").model_copy(update={"free_choice_percent": 15})
    assert [kind for kind, _ in told(old, new)] == ["words", "beside"]


# --- tried ------------------------------------------------------------------------------------------------------------


def scores(**points: int) -> Scores:
    return points


def test_a_need_is_counted_by_what_its_list_gains_loses_and_how_it_is_ordered() -> None:
    tally = Tally()
    tally.add(scores(a=90, b=80, c=70), scores(b=85, a=84, d=60))  # c goes, d comes, a and b change places and points
    tally.add(scores(), scores(a=50))
    tally.add(scores(a=50), scores())
    tally.add(scores(a=50), scores(a=50))
    assert tally == Tally(
        needs=4,
        needs_gaining=2,
        needs_losing=2,
        needs_reordered=1,
        needs_with_other_points=1,
        newly_served=1,
        newly_empty=1,
        matches_before=5,
        matches_after=5,
        gained=2,
        lost=2,
    )


def test_a_need_counts_under_each_of_its_sections_and_once_in_all() -> None:
    effects = Effects()
    wanted = tuple(WantedSection(section=code) for code in ("SEL-103", "SEL-104", "SEL-104"))
    effects.add(need(sections=wanted), scores(a=1), scores())
    assert effects.total.lost == 1
    assert {code: tally.lost for code, tally in effects.by_section.items()} == {"SEL-103": 1, "SEL-104": 1}
    assert [sum(tally.needs for tally in groups.values()) for groups in (effects.by_municipality, effects.by_target_group)] == [
        1,
        1,
    ]


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 12)), st.integers(1, 8))
def test_no_group_of_few_needs_is_shown_by_itself_and_nothing_is_lost(sizes: dict[str, int], smallest: int) -> None:
    found = shown({code: Tally(needs=size) for code, size in sizes.items()}, smallest)
    assert all(tally.needs >= smallest for _, tally in found.groups)
    assert sum(tally.needs for _, tally in found.groups) + found.others.needs == sum(sizes.values())
    assert len(found.groups) + found.others_count == len(sizes)
    # Where something is put together, it is no small group itself, unless it is all there is.
    assert found.others_count == 0 or found.others.needs >= smallest or not found.groups


def test_the_groups_that_are_touched_most_stand_first() -> None:
    groups = {"a": Tally(needs=9, lost=1), "b": Tally(needs=9, gained=3), "c": Tally(needs=9)}
    assert [code for code, _ in shown(groups).groups] == ["b", "a", "c"]


def test_a_policy_that_is_tried_says_who_loses_what_by_which_rule_and_who_comes_up_instead() -> None:
    old = full_policy(best_k=1)
    places = {"near": vacancy("near", places_free=1, registered=False), "far": vacancy("far", services=SERVICES[:1])}
    needs = {one.need_id: one for one in (need("need-1", services=SERVICES[:4]), need("need-2", services=SERVICES[:4]))}
    before = without_rule(old, "registered")
    effects = replay(needs, places, Terms(before, TODAY), Terms(old, TODAY))
    assert effects.total == Tally(needs=2, needs_gaining=2, needs_losing=2, matches_before=2, matches_after=2, gained=2, lost=2)
    assert (dict(effects.lost_by), dict(effects.gained_by)) == ({"registered": 2}, {OUTRANKED: 2})


def test_a_higher_threshold_is_told_as_too_few_points_and_empties_lists() -> None:
    strict = full_policy(threshold=100)
    effects = replay(
        {"need-1": need(services=SERVICES)}, {"plain": vacancy("plain", services=())}, *_on_the_day(full_policy(), strict)
    )
    assert (effects.total.lost, effects.total.newly_empty, dict(effects.lost_by)) == (1, 1, {BELOW_THRESHOLD: 1})
    back = replay(
        {"need-1": need(services=SERVICES)}, {"plain": vacancy("plain", services=())}, *_on_the_day(strict, full_policy())
    )
    assert (back.total.gained, back.total.newly_served, dict(back.gained_by)) == (1, 1, {BELOW_THRESHOLD: 1})


def test_a_policy_against_itself_changes_nothing_and_progress_reaches_the_end() -> None:
    chance = Chance(5)
    needs = {f"need-{n}": chance.need(f"need-{n}") for n in range(1_200)}
    vacancies = {f"vacancy-{n}": chance.vacancy(f"vacancy-{n}") for n in range(50)}
    heard: list[int] = []
    effects = replay(needs, vacancies, *_on_the_day(full_policy(), full_policy()), heard.append)
    total = effects.total
    assert total == Tally(needs=1_200, matches_before=total.matches_before, matches_after=total.matches_before)
    assert total.matches_before > 0
    assert heard[-1] == 1_200
    assert all(one < other for one, other in pairwise(heard))


def test_the_counts_are_those_of_two_workers_one_under_each_policy() -> None:
    chance = Chance(6)
    needs = {f"need-{n}": chance.need(f"need-{n}") for n in range(300)}
    vacancies = {f"vacancy-{n}": chance.vacancy(f"vacancy-{n}") for n in range(60)}
    old, new = _on_the_day(full_policy(), first_policy())
    effects = replay(needs, vacancies, old, new)
    lists = []
    for terms in (old, new):
        state = MatchingState(terms)
        state.change_vacancies(vacancies)
        state.put_needs(needs.values(), live=True)
        lists.append({id_: {place.vacancy_id for place in state.places(id_)} for id_ in needs})
    lost = sum(len(lists[0][id_] - lists[1][id_]) for id_ in needs)
    gained = sum(len(lists[1][id_] - lists[0][id_]) for id_ in needs)
    assert (effects.total.lost, effects.total.gained) == (lost, gained)
    assert lost
    assert gained
    assert set(effects.lost_by) | set(effects.gained_by) <= {*RULES, BELOW_THRESHOLD, OUTRANKED}


def _on_the_day(*policies: Policy) -> tuple[Terms, Terms]:
    old, new = (Terms(policy, TODAY) for policy in policies)
    return old, new
