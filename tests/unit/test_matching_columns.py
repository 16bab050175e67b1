"""The columns against the reference scorer, and the laws of the lists, on seeded random needs and vacancies."""

import random
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.lists import WIDTH
from services.matching.domain.ranks import Ranks
from services.matching.domain.reference import assess
from services.matching.domain.roots import integer_sqrt
from services.matching.domain.terms import ALWAYS, PARTS, RULES, Terms
from services.matching.state import MatchingState
from shared.contracts.need import NeedProfile
from shared.contracts.settings import Policy
from shared.contracts.vacancy import Vacancy
from tests.support import matching as made
from tests.support.agreement import agree
from tests.support.matching import SERVICES, TODAY, Chance, first_policy, full_policy

Answer = list[tuple[str, int, int, int, Mapping[str, int], tuple[str, ...]]]


def by_reference(need: NeedProfile, vacancies: Mapping[str, Vacancy], terms: Terms) -> Answer:
    """What the slow scorer says the list should be."""
    places: Answer = []
    for vacancy in vacancies.values():
        found = assess(need, vacancy, terms)
        if found.eligible and found.score >= terms.policy.threshold:
            points: dict[str, int] = {code: part.points for code, part in found.parts.items()}
            places.append((vacancy.vacancy_id, vacancy.version, vacancy.opening, found.score, points, tuple(found.unknown)))
    return sorted(places, key=lambda place: (-place[3], place[0]))[: terms.policy.best_k]


def by_columns(state: MatchingState, need_id: str) -> Answer:
    return [
        (one.vacancy_id, one.vacancy_version, one.opening, one.score, one.points, one.unknown) for one in state.places(need_id)
    ]


def policy_without(*rules: str) -> Policy:
    policy = first_policy()
    return policy.model_copy(update={"rules": tuple(rule for rule in policy.rules if rule.code not in rules)})


@pytest.mark.parametrize(
    ("seed", "policy"),
    [
        (1, first_policy(threshold=0)),
        (2, first_policy(threshold=45)),
        (3, policy_without("target_group", "age", "price")),
        (4, policy_without("gender", "capacity", "dates", "distance", "pension_age", "ruled_out")),
        (5, full_policy(threshold=0)),
        (6, full_policy(threshold=50, opening_days_a_year=None, assumed_languages=(), half_day_minutes=200)),
    ],
)
def test_the_columns_agree_with_the_reference_on_tens_of_thousands_of_pairs(seed: int, policy: Policy) -> None:
    """120 needs by 120 places for each policy, 86,400 pairs in all, and every eligible one is looked at."""
    assert agree(seed, 120, Terms(policy, TODAY)) > (300 if seed < 5 else 60)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ALWAYS])
def test_each_rule_alone_decides_the_same_pairs_in_the_columns(rule: str) -> None:
    """With hardly any other rule a pair fails by this one or by none, so that none hides behind another."""
    policy = full_policy(threshold=0)
    alone = tuple(one for one in policy.rules if one.code in (rule, *ALWAYS))
    assert agree(sum(map(ord, rule)), 40, Terms(policy.model_copy(update={"rules": alone}), TODAY)) > 150


@given(
    st.integers(0, 2**32),
    st.sets(st.sampled_from([rule for rule in RULES if rule not in ALWAYS])),
    st.sets(st.sampled_from(PARTS), min_size=1),
    st.integers(0, 900),
)
@settings(max_examples=40, deadline=None)
def test_under_any_rules_and_parts_and_on_any_day_the_columns_agree(
    seed: int, rules: set[str], parts: set[str], days_later: int
) -> None:
    policy = full_policy(threshold=0)
    some = {
        "rules": tuple(rule for rule in policy.rules if rule.code in rules),
        "parts": tuple(part for part in policy.parts if part.code in parts),
    }
    agree(seed, 10, Terms(policy.model_copy(update=some), TODAY + timedelta(days=days_later)))


def test_codes_beyond_the_sixty_four_bits_change_no_answer() -> None:
    chance, terms = Chance(5), Terms(full_policy(threshold=0), TODAY)
    strange = [f"strange-{n}" for n in range(80)]
    draw = random.Random(5)

    def with_strange(codes: tuple[str, ...]) -> tuple[str, ...]:
        return (*codes, *draw.sample(strange, 6))

    vacancies = {}
    for n in range(60):
        drawn = chance.vacancy(f"vacancy-{n:03}")
        never = tuple({"code": code, "strength": "absolute"} for code in draw.sample(strange, 2))
        changes = {
            "target_groups": with_strange(drawn.target_groups),
            "services": with_strange(drawn.services),
            "activities": with_strange(drawn.activities),
            "languages": with_strange(drawn.languages),
            "equipment": with_strange(drawn.equipment),
            "cannot_take": never if draw.random() < 0.3 else (),
            "reserved_for_municipalities": tuple(f"m{n}" for n in range(70)) if draw.random() < 0.3 else (),
        }
        vacancies[drawn.vacancy_id] = Vacancy.model_validate(drawn.model_dump() | changes)
    needs = []
    for n in range(60):
        profile = chance.need(f"need-{n:03}")
        codes = {
            "further_target_groups": tuple(draw.sample(strange, 5)),
            "services": with_strange(profile.services),
            "activities": with_strange(profile.activities),
            "languages": with_strange(profile.languages),
            "equipment_needs": tuple(draw.sample(strange, draw.randint(0, 1))),
            "handlekommune": f"m{draw.randint(0, 99)}",
        }
        needs.append(NeedProfile.model_validate(profile.model_dump() | codes))
    state = MatchingState(terms)
    state.change_vacancies(vacancies)
    state.put_needs(needs, live=True)
    for need in needs:
        assert by_columns(state, need.need_id) == by_reference(need, vacancies, terms)


@pytest.mark.parametrize("seed", range(4))
def test_lists_stay_true_under_every_kind_of_event(seed: int) -> None:
    """Publish, change, withdraw, register, change, close, another day and policy; all lists looked at after every batch."""
    chance, draw = Chance(100 + seed), random.Random(seed)
    policy = first_policy if seed < 2 else full_policy
    terms = Terms(policy(threshold=20), TODAY)
    state = MatchingState(terms)
    vacancies: dict[str, Vacancy] = {}
    needs: dict[str, NeedProfile] = {}
    said: dict[str, Answer] = {}
    names = [f"vacancy-{n:03}" for n in range(120)]
    for step in range(40):
        changed = set()
        batch = {
            name: None if draw.random() < 0.35 and step > 5 else chance.vacancy(name, step + 1)
            for name in draw.sample(names, draw.choice((1, 1, 3, 40)))
        }
        changed |= set(state.change_vacancies(batch))
        for name, vacancy in batch.items():
            vacancies.pop(name, None)
            if vacancy is not None:
                vacancies[name] = vacancy
        fresh = [chance.need(f"need-{draw.randint(0, 30):02}", step + 1, names) for _ in range(draw.choice((0, 1, 4)))]
        state.put_needs(fresh, live=True)
        changed |= {need.need_id for need in fresh}
        needs |= {need.need_id: need for need in fresh}
        if needs and draw.random() < 0.3:
            closed = draw.choice(list(needs))
            state.remove_needs([closed])
            del needs[closed]
            said.pop(closed, None)
        if step % 15 == 14:
            terms = Terms(policy(version=f"2026-12-01.{step}", threshold=10 + step), TODAY + timedelta(days=step))
            waiting = state.change_terms(terms)
            assert not state.are_live(waiting).any()
            state.make_live(waiting)
            changed |= set(map(state.id_of, waiting.tolist()))
        for need_id, need in needs.items():
            expected = by_reference(need, vacancies, terms)
            assert by_columns(state, need_id) == expected
            # Nobody is told twice of the same, and nobody is left untold.
            assert need_id in changed or said[need_id] == expected
            said[need_id] = expected
    assert sum(map(len, said.values())) > (50 if seed < 2 else 10)


@pytest.mark.parametrize("seed", range(3))
def test_lists_that_overflow_stay_true_while_their_places_come_and_go(seed: int) -> None:
    """150 places that suit every need, under ids in no order, many with equal points: lists are cut, run short and are searched."""
    draw, terms = random.Random(300 + seed), Terms(first_policy(), TODAY)
    state = MatchingState(terms)
    needs = [made.need(f"need-{n}", services=SERVICES[n : n + 3], max_distance_km=None) for n in range(6)]
    state.put_needs(needs, live=True)
    ids = [f"{draw.getrandbits(64):016x}" for _ in range(150)]
    vacancies: dict[str, Vacancy] = {}
    for step in range(60):
        withdraws = step % 4 == 3
        batch: dict[str, Vacancy | None] = {}
        for vacancy_id in draw.sample(ids, draw.choice((1, 2, 30, 60))):
            if withdraws and draw.random() < 0.8:
                batch[vacancy_id] = None
                vacancies.pop(vacancy_id, None)
            else:
                services = tuple(draw.sample(SERVICES[:8], draw.randint(2, 4)))
                batch[vacancy_id] = vacancies[vacancy_id] = made.vacancy(vacancy_id, version=step + 1, services=services)
        if withdraws:  # the leaders go, one by one, which eats the reserves
            for leader in [place.vacancy_id for place in state.places("need-0")]:
                batch[leader] = None
                vacancies.pop(leader, None)
        before = {one.need_id: by_columns(state, one.need_id) for one in needs}
        changed = state.change_vacancies(batch)
        for one in needs:
            expected = by_reference(one, vacancies, terms)
            assert by_columns(state, one.need_id) == expected
            assert one.need_id in changed or before[one.need_id] == expected
        assert set(changed.values()) <= batch.keys()


def test_the_seventeenth_place_pushes_no_better_one_off_a_full_list() -> None:
    """Equal points, ids in order: each that comes is the last, also when the list is full; then the leaders go, one by one."""
    terms, one = Terms(first_policy(), TODAY), made.need()
    state = MatchingState(terms)
    state.put_needs([one], live=True)
    vacancies = {f"vacancy-{n:02}": made.vacancy(f"vacancy-{n:02}") for n in range(WIDTH + 4)}
    for vacancy_id, vacancy in vacancies.items():
        state.change_vacancies({vacancy_id: vacancy})
    for leader in list(vacancies):
        assert by_columns(state, one.need_id) == by_reference(one, vacancies, terms)
        del vacancies[leader]
        state.change_vacancies({leader: None})


def test_ids_that_leave_no_room_between_their_ranks_change_no_list() -> None:
    """Each id comes before all others, so that ranks run out after 17 and all lists and floors are numbered again."""
    terms, one = Terms(first_policy(), TODAY), made.need()
    state = MatchingState(terms)
    state.put_needs([one], live=True)
    vacancies: dict[str, Vacancy] = {}
    for n in range(60, 0, -1):
        vacancy_id = f"zz{'a' * n}"
        vacancies[vacancy_id] = made.vacancy(vacancy_id, services=SERVICES[: 2 + n % 2])
        state.change_vacancies({vacancy_id: vacancies[vacancy_id]})
        assert by_columns(state, one.need_id) == by_reference(one, vacancies, terms)
        if n % 3 == 0:
            leader = state.places(one.need_id)[0].vacancy_id
            del vacancies[leader]
            state.change_vacancies({leader: None})
            assert by_columns(state, one.need_id) == by_reference(one, vacancies, terms)


@given(st.lists(st.tuples(st.booleans(), st.text("abcd", min_size=1, max_size=24)), max_size=80), st.integers(1, 60))
def test_ranks_stand_in_the_order_of_ids_and_are_renumbered_in_that_order(changes: list[tuple[bool, str]], crowd: int) -> None:
    """The crowd comes in one by one before the first: half the room is left each time, until all are numbered again."""
    ranks, known = Ranks(), dict[str, int]()
    for add, name in [(True, f"z{'a' * n}") for n in range(crowd, 0, -1)] + changes:
        if add:
            renumbering = ranks.add(name)
            if renumbering is not None:
                mapped = renumbering.new_rank(np.array(list(known.values()), dtype=np.int64))
                assert [ranks.of(one) for one in known] == mapped.tolist()
            known[name] = 0
        else:
            ranks.remove(name)
            known.pop(name, None)
        known = {one: ranks.of(one) for one in known}
        assert sorted(known) == sorted(known, key=known.__getitem__)
        assert len(set(known.values())) == len(known)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_duplication_of_the_same_states_ends_in_the_same_lists(seed: int) -> None:
    chance, terms = Chance(200 + seed), Terms(first_policy(), TODAY)
    vacancies = {f"vacancy-{n:03}": chance.vacancy(f"vacancy-{n:03}") for n in range(150)}
    needs = [chance.need(f"need-{n:02}") for n in range(30)]
    answers = []
    for order in range(3):
        draw = random.Random(order)
        state = MatchingState(terms)
        events: list[NeedProfile | Vacancy] = [*needs, *vacancies.values(), *draw.sample(list(vacancies.values()), 50)]
        draw.shuffle(events)
        for event in events:
            if isinstance(event, Vacancy):
                state.change_vacancies({event.vacancy_id: event})
            else:
                state.put_needs([event], live=True)
        answers.append({need.need_id: by_columns(state, need.need_id) for need in needs})
    assert answers[0] == answers[1] == answers[2]


def test_needs_that_wait_are_not_scored_and_are_right_once_they_are_live() -> None:
    chance, terms = Chance(7), Terms(first_policy(), TODAY)
    state = MatchingState(terms)
    needs = [chance.need(f"need-{n:02}") for n in range(20)]
    vacancies = {f"vacancy-{n:03}": chance.vacancy(f"vacancy-{n:03}") for n in range(100)}
    state.put_needs(needs, live=False)
    assert state.change_vacancies(vacancies) == {}
    state.make_live(np.array([state.row_of(need.need_id) for need in needs]))
    for need in needs:
        assert by_columns(state, need.need_id) == by_reference(need, vacancies, terms)


@given(st.lists(st.integers(min_value=0, max_value=2**41) | st.integers(0, 1_500_000).map(lambda root: root * root)))
def test_whole_square_roots_are_exact(squares: list[int]) -> None:
    for square, root in zip(squares, integer_sqrt(np.array(squares, dtype=np.int64)).tolist(), strict=True):
        assert root * root <= square < (root + 1) * (root + 1)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 11, 24), date(2027, 12, 31), date(2028, 2, 29)])
def test_another_day_gives_the_columns_what_a_fresh_start_on_that_day_gives(day: date) -> None:
    chance = Chance(9)
    vacancies = {f"vacancy-{n:03}": chance.vacancy(f"vacancy-{n:03}") for n in range(80)}
    needs = [chance.need(f"need-{n:02}") for n in range(60)]
    state = MatchingState(Terms(full_policy(), TODAY))
    state.put_needs(needs, live=True)
    state.change_vacancies(vacancies)
    terms = Terms(full_policy(threshold=10, half_day_minutes=180, opening_days_a_year=200), day)
    state.make_live(state.change_terms(terms))
    for need in needs:
        assert by_columns(state, need.need_id) == by_reference(need, vacancies, terms)
