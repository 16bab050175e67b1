"""The change that an explanation proposes, made in the documents as a program would make it, makes the rule hold."""

from collections import Counter
from typing import Any

import pytest

from services.matching.domain.explaining import explain
from services.matching.domain.terms import RULES, Terms
from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import Vacancy
from tests.support.matching import GROUPS, TODAY, Chance, full_policy, need, vacancy

TERMS = Terms(full_policy(), TODAY)
DAY = {"weekday": 2, "half": "morning"}
OTHER_DAY = {"weekday": 4, "half": "afternoon"}


def made(steps: list[dict[str, Any]], need: NeedProfile, vacancy: Vacancy) -> tuple[NeedProfile, Vacancy]:
    """Write the proposed values into the documents and read them by their contracts."""
    sides = {"need": need.model_dump(mode="json"), "vacancy": vacancy.model_dump(mode="json")}
    for step in steps:
        assert sides[step["of"]][step["field"]] == step["from"] != step["to"]
        sides[step["of"]][step["field"]] = step["to"]
    return NeedProfile.model_validate(sides["need"]), Vacancy.model_validate(sides["vacancy"])


def test_every_change_that_is_proposed_makes_its_rule_hold() -> None:
    """400 times 60 random pairs, every failed rule of each: the fields are changed, the pair is judged again."""
    proposed: Counter[str] = Counter()
    for seed in range(60):
        chance = Chance(seed)
        places = [chance.vacancy(f"vacancy-{n:03}") for n in range(20)]
        for n in range(20):
            one = chance.need(f"need-{n:03}", vacancy_ids=[place.vacancy_id for place in places])
            for place in places:
                _try_all(one, place, proposed)
    without = {"status", "not_matched"}  # Chance draws open ones only; a place that is never matched is to be rung
    assert set(proposed) == set(RULES) - without


def _try_all(one: NeedProfile, place: Vacancy, proposed: Counter[str]) -> None:
    for failed in explain(one, place, TERMS)["failed"]:
        change = failed["change"]
        if change is None or not change["steps"] or proposed[failed["code"]] > 300:
            continue
        proposed[failed["code"]] += 1
        after = explain(*made(change["steps"], one, place), TERMS)
        assert failed["code"] not in [rule["code"] for rule in after["failed"]], (failed, one, place)


@pytest.mark.parametrize(
    ("need_changes", "vacancy_changes", "fields"),
    [
        ({"status": "closed", "closed_reason": "other"}, {}, ["status", "closed_reason"]),
        (
            {"status": "closed", "closed_reason": "other"},
            {"status": "closed", "closed_reason": "filled"},
            ["status", "closed_reason", "status", "closed_reason"],
        ),
        ({"sections": ({"section": "SEL-107"},)}, {}, ["sections"]),
        ({}, {"sections": ()}, ["sections"]),
        ({"birth_year": 1990}, {"age_from": 60}, ["age_from"]),
        ({"birth_year": 1990}, {"age_from": 60, "age_to": 20}, ["age_from", "age_to"]),
        ({"primary_target_group": GROUPS[1]}, {}, ["further_target_groups"]),
        ({"half_days": (DAY,)}, {"day_capacity": (OTHER_DAY | {"places_free": 1},)}, ["half_days"]),
        (
            {"half_days": (DAY,), "half_days_a_week": 3},
            {"day_capacity": (OTHER_DAY | {"places_free": 1},)},
            ["half_days", "half_days_a_week"],
        ),
        ({"half_days": (DAY,)}, {"day_capacity": (DAY | {"places_free": 0},)}, ["day_capacity"]),
        ({}, {"reserved_for_residents": True}, ["reserved_for_residents"]),
        (
            {},
            {"reserved_for_residents": True, "reserved_for_municipalities": ("0101",)},
            ["reserved_for_residents", "reserved_for_municipalities"],
        ),
        (
            {"partner_comes_along": True, "pets_come_along": True},
            {"room_for_two": False, "pets": False},
            ["room_for_two", "pets"],
        ),
    ],
)
def test_a_change_names_each_field_of_each_side(
    need_changes: dict[str, Any], vacancy_changes: dict[str, Any], fields: list[str]
) -> None:
    one, place = need(**need_changes), vacancy(registered=True, **vacancy_changes)
    [failed] = explain(one, place, TERMS)["failed"]
    assert [step["field"] for step in failed["change"]["steps"]] == fields
    assert explain(*made(failed["change"]["steps"], one, place), TERMS)["failed"] == []


@pytest.mark.parametrize(
    ("need_changes", "vacancy_changes"),
    [
        ({}, {"open_door": True}),  # nobody can change it
        ({"birth_year": 1940}, {"age_to": None, "sections": ("SEL-103",)}),  # pension age: only another section would help
    ],
)
def test_what_no_field_can_mend_proposes_none(need_changes: dict[str, Any], vacancy_changes: dict[str, Any]) -> None:
    one = need(sections=({"section": "SEL-103"},), **need_changes)
    place = vacancy(registered=True, **{"sections": ("SEL-103",)} | vacancy_changes)
    [failed] = explain(one, place, TERMS)["failed"]
    assert failed["change"] is None or failed["change"]["steps"] == []
