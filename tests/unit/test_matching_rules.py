"""The rules and parts of the whole policy by hand: each alone excludes and says how not to, or is unknown, or holds at its edge."""

from datetime import date
from itertools import product
from typing import Any

import pytest

from services.matching.domain.explaining import explain
from services.matching.domain.prices import CLASSES, PRICE_UNIT, Payer, payer_of, price_range
from services.matching.domain.reference import Assessment, assess
from services.matching.domain.terms import PARTS, RULES, Terms
from shared.contracts import reference
from shared.contracts.need import WantedSection
from shared.contracts.vacancy import PriceLine
from tests.support.matching import GROUPS, THEMES, TODAY, full_policy, need, vacancy

TERMS = Terms(full_policy(), TODAY)
FITTING_NEED: dict[str, Any] = {"levels": {THEMES[0]: 2}}
FITTING_PLACE: dict[str, Any] = {"registered": True, "approved": True, "staffed_levels": {THEMES[0]: 2}}
DAY = {"weekday": 2, "half": "morning"}
ANOTHER_DAY = {"weekday": 4, "half": "afternoon"}


def found(need_changes: dict[str, Any] | None = None, vacancy_changes: dict[str, Any] | None = None) -> Assessment:
    """A day offer under § 104, unless told otherwise."""
    return assess(need(**FITTING_NEED | (need_changes or {})), vacancy(**FITTING_PLACE | (vacancy_changes or {})), TERMS)


def residence(need_changes: dict[str, Any], vacancy_changes: dict[str, Any], section: str = "SEL-107") -> Assessment:
    wanted = {"sections": (WantedSection(section=section),)}
    return found(wanted | need_changes, {"sections": (section,)} | vacancy_changes)


def points(assessment: Assessment) -> dict[str, int]:
    return {code: part.points for code, part in assessment.parts.items()}


def test_the_whole_policy_has_every_rule_and_every_part_once_and_in_both_languages() -> None:
    policy = full_policy()
    assert {rule.code for rule in policy.rules} == set(RULES)
    assert {part.code for part in policy.parts} == set(PARTS)
    assert len(policy.rules) + len(policy.parts) == len(RULES) + len(PARTS)
    assert sum(part.max_points for part in policy.parts) == 100
    assert all(part.points_when_unknown <= part.max_points for part in policy.parts)
    assert all(one.text_da and one.text_en and one.source and one.text_da != one.text_en for one in policy.rules)
    sections = reference.sections()
    named = (policy.day_sections, policy.registered_sections, policy.approved_sections, policy.free_choice_sections)
    assert all(code in sections for codes in named for code in codes)
    assert all(limit.section in sections for limit in policy.section_ages)


def test_a_place_that_fits_in_everything_has_a_hundred_points() -> None:
    fitting = found()
    assert points(fitting) == {
        "services": 25, "target_group": 10, "levels": 25, "activities": 10, "travel": 12, "start": 8, "languages": 5, "opening_hours": 5,
    }  # fmt: skip
    assert (fitting.score, fitting.eligible, dict(fitting.unknown)) == (100, True, {})


# --- each rule alone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "assessment"),
    [
        ("section_age", residence({"birth_year": 1985}, {}, "SEL-108a")),  # 40 or 41, to 35
        ("section_age", residence({"birth_year": 1990, "turns_36": "2026-10"}, {}, "SEL-108a")),  # turned 36 last month
        ("section_age", residence({"birth_year": 2009}, {"age_from": 16})),  # 16 or 17, and § 107 is from 18
        ("cannot_take", found({}, {"cannot_take": ({"code": GROUPS[0], "strength": "absolute"},)})),
        (
            "cannot_take",  # a further target group counts too
            found({"further_target_groups": (GROUPS[1],)}, {"cannot_take": ({"code": GROUPS[1], "strength": "absolute"},)}),
        ),
        ("half_days", found({"half_days": (DAY,)}, {"day_capacity": (ANOTHER_DAY | {"places_free": 3},)})),
        ("half_days", found({"half_days": (DAY,)}, {"day_capacity": (DAY | {"places_free": 0},)})),
        ("half_days", found({"half_days_a_week": 2}, {"day_capacity": (DAY | {"places_free": 1},)})),
        ("reserved", found({}, {"reserved_for_municipalities": ("0101",)})),
        ("reserved", found({}, {"reserved_for_residents": True})),
        ("registered", found({}, {"registered": False})),
        ("approved", residence({}, {"approved": False})),
        ("access", found({"access_needs": ("wheelchair",)}, {"accessibility": {"wheelchair": False}})),
        ("equipment", found({"equipment_needs": ("ceiling_hoist",)}, {"equipment": ("hospital_bed",)})),
        ("company", residence({"partner_comes_along": True}, {"room_for_two": False})),
        ("company", residence({"children_come_along": 1}, {"room_for_children": False})),
        ("company", residence({"pets_come_along": True}, {"pets": False})),
    ],
)
def test_each_rule_alone_excludes_and_says_why_and_what_would_help(code: str, assessment: Assessment) -> None:
    assert list(assessment.failed) == [code]
    [reason] = assessment.failed.values()
    assert reason.words.da != reason.words.en
    assert reason.change is not None
    assert reason.change.da != reason.change.en


@pytest.mark.parametrize(
    ("code", "assessment"),
    [
        ("section_age", residence({"birth_year": 1990}, {}, "SEL-108a")),  # 35 or 36
        ("section_age", residence({"birth_year": 1990, "turns_36": "2026-11"}, {}, "SEL-108a")),  # some day of this month
        ("cannot_take", found({}, {"cannot_take": ({"code": GROUPS[0], "strength": "ask_first"},)})),
        ("half_days", found({"half_days": (DAY,)}, {})),
        ("half_days", found({"half_days": (DAY,)}, {"day_capacity": (DAY,)})),  # nobody counts
        ("registered", found({}, {"registered": None})),
        ("approved", residence({}, {"approved": None})),
        ("access", found({"access_needs": ("lift", "wheelchair")}, {"accessibility": {"lift": True}})),
        ("access", found({"access_needs": ("a_code_of_a_later_build",)}, {})),
        ("equipment", found({"equipment_needs": ("ceiling_hoist",)}, {})),
        ("company", residence({"partner_comes_along": True}, {})),
        ("company", residence({"partner_comes_along": True, "pets_come_along": True}, {"room_for_two": True})),
    ],
)
def test_what_is_not_known_never_excludes_and_is_named(code: str, assessment: Assessment) -> None:
    assert assessment.eligible
    assert code in assessment.unknown
    assert set(assessment.unknown) <= {code, "opening_hours"}


@pytest.mark.parametrize(
    "assessment",
    [
        residence({"birth_year": 1990, "turns_36": "2026-12"}, {}, "SEL-108a"),  # 36 next month
        residence({"birth_year": 1992}, {}, "SEL-108a"),
        found({}, {"cannot_take": ({"code": GROUPS[1], "strength": "absolute"},)}),  # not the citizen's
        found({"half_days_a_week": 2}, {"day_capacity": (DAY | {"places_free": 1}, ANOTHER_DAY | {"places_free": 2})}),
        residence({"half_days_a_week": 2}, {}),  # no day offer
        found({"handlekommune": "0101", "betalingskommune": "0751"}, {"reserved_for_municipalities": ("0751",)}),
        found({}, {"approved": False}),  # § 104 needs no approval
        found({"access_needs": ("lift",)}, {"accessibility": {"lift": True, "wheelchair": False}}),
        found({"equipment_needs": ("ceiling_hoist",)}, {"equipment": ("ceiling_hoist", "hospital_bed")}),
        residence({"partner_comes_along": False, "children_come_along": 0}, {"room_for_two": False, "room_for_children": False}),
    ],
)
def test_at_the_edge_a_rule_holds(assessment: Assessment) -> None:
    assert not assessment.failed
    assert not set(assessment.unknown) - {"opening_hours"}


def test_a_section_for_an_age_matters_only_where_no_other_is_shared() -> None:
    both = (WantedSection(section="SEL-108a"), WantedSection(section="SEL-107"))
    assert found({"birth_year": 1970, "sections": both}, {"sections": ("SEL-107", "SEL-108a")}).eligible
    assert not found({"birth_year": 1970, "sections": both}, {"sections": ("SEL-108a",)}).eligible


def test_registration_matters_only_where_no_other_section_is_shared() -> None:
    both = (WantedSection(section="SEL-104"), WantedSection(section="SEL-85"))
    assert found({"sections": both}, {"sections": ("SEL-104", "SEL-85"), "registered": False}).eligible


# --- prices -----------------------------------------------------------------------------------------------------------


def monthly(lines: tuple[PriceLine, ...], payer: Payer) -> tuple[int | None, int | None, bool, bool]:
    """(lowest, highest in whole kroner, open below, open above)."""
    price = price_range(vacancy(price_lines=lines), payer, TERMS)
    lowest, highest = price.lowest, price.highest
    return (
        None if lowest is None else lowest // PRICE_UNIT, None if highest is None else highest // PRICE_UNIT, price.open_below, price.open_above,
    )  # fmt: skip


def line(amount: int, unit: str = "month", **other: Any) -> PriceLine:
    return PriceLine.model_validate({"amount_dkk": amount, "unit": unit} | other)


NOBODY = Payer(None, None)


@pytest.mark.parametrize(
    ("lines", "payer", "expected"),
    [
        ((line(30_000),), NOBODY, (30_000, 30_000, False, False)),
        ((line(1_200, "calendar_day"),), NOBODY, (36_500, 36_500, False, False)),  # 1200 * 365 / 12
        ((line(1_500, "calendar_day", vat_included=True),), NOBODY, (36_500, 36_500, False, False)),  # net 1200
        ((line(800, "opening_day"),), NOBODY, (15_000, 15_000, False, False)),  # 800 * 225 / 12, five days a week
        ((line(800, "opening_day", days_a_week=2),), NOBODY, (6_000, 6_000, False, False)),  # two fifths of it
        ((line(800, "opening_day"),), Payer(None, 4), (6_000, 12_000, False, False)),  # 4 half-days: on 2 to 4 days
        ((line(300, "hour"),), NOBODY, (None, None, True, True)),
        ((), NOBODY, (None, None, True, True)),
        # the level that is the citizen's; without one any may be; of an unlisted level any may be too
        ((line(20_000, level=1), line(40_000, level=3)), Payer(3, None), (40_000, 40_000, False, False)),
        ((line(20_000, level=1), line(40_000, level=3)), NOBODY, (20_000, 40_000, False, False)),
        ((line(20_000, level=1), line(40_000, level=3)), Payer(2, None), (20_000, 40_000, False, False)),
        # days a week: 3 half-days fall on 2 or 3 days
        ((line(8_000, days_a_week=2), line(16_000, days_a_week=5)), Payer(None, 3), (8_000, 8_000, False, False)),
        # a supplement may come on top; one by the hour leaves the top open
        ((line(20_000), line(5_000, kind="supplement")), NOBODY, (20_000, 25_000, False, False)),
        ((line(20_000), line(300, "hour", kind="supplement")), NOBODY, (20_000, 20_000, False, True)),
        ((line(20_000, valid_to=date(2026, 11, 23)), line(22_000)), NOBODY, (22_000, 22_000, False, False)),
    ],
)
def test_a_price_list_says_what_a_month_may_cost(
    lines: tuple[PriceLine, ...], payer: Payer, expected: tuple[int | None, int | None, bool, bool]
) -> None:
    assert monthly(lines, payer) == expected


def test_a_supplement_that_may_be_needed_makes_a_price_unknown_not_too_dear() -> None:
    lines = (line(20_000), line(5_000, kind="supplement"))
    assert found({"price_ceiling_dkk_per_month": 19_999}, {"price_lines": lines}).failed
    assert "price" in found({"price_ceiling_dkk_per_month": 20_000}, {"price_lines": lines}).unknown
    assert not found({"price_ceiling_dkk_per_month": 25_000}, {"price_lines": lines}).unknown


def test_payers_are_numbered_both_ways() -> None:
    kinds = [Payer(level, half_days) for level, half_days in product((None, *range(5)), (None, *range(1, 15)))]
    assert [kind.number for kind in kinds] == list(range(CLASSES))
    assert [Payer.of_number(number) for number in range(CLASSES)] == kinds
    assert payer_of(need(levels={THEMES[0]: 1, THEMES[1]: 3}, half_days_a_week=4)) == Payer(3, 4)


# --- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed", "staffed", "expected", "known"),
    [
        ({THEMES[0]: 3, THEMES[1]: 2}, {THEMES[0]: 2, THEMES[1]: 4}, 20, True),  # covered 2 + 2 of 5: 25 * 4 // 5
        ({THEMES[0]: 4}, {THEMES[0]: 1}, 6, True),  # 25 * 1 // 4
        ({THEMES[0]: 4, THEMES[1]: 4}, {THEMES[0]: 4}, 25, True),  # what the place does not state is not compared
        ({THEMES[0]: 0}, {THEMES[0]: 0}, 25, True),
        ({THEMES[0]: 3}, {THEMES[1]: 3}, 12, False),
        ({}, {THEMES[1]: 3}, 12, False),  # ikke vurderet is not 0
    ],
)
def test_levels_give_the_share_that_the_place_is_staffed_for(
    needed: dict[str, int], staffed: dict[str, int], expected: int, known: bool
) -> None:
    assessment = found({"levels": needed}, {"staffed_levels": staffed})
    assert points(assessment)["levels"] == expected
    assert ("levels" not in assessment.unknown) is known


@pytest.mark.parametrize(
    ("need_changes", "vacancy_changes", "part", "expected"),
    [
        ({"activities": ("creative", "physical"), "work_tasks": ("creative",)}, {"work_tasks": ("creative",)}, "activities", 3),  # 10 // 3
        ({"activities": ("creative",)}, {}, "activities", 5),  # not stated
        ({}, {"activities": ("creative",)}, "activities", 10),  # nothing wished for
        ({"languages": ("ar", "da")}, {}, "languages", 5),  # every place is taken to speak Danish
        ({"languages": ("ar",)}, {"languages": ("ar", "en")}, "languages", 5),
        ({"languages": ("ar",)}, {"languages": ("en",)}, "languages", 0),
        ({"languages": ("ar",)}, {}, "languages", 2),
        ({"half_days": (DAY, ANOTHER_DAY)}, {}, "opening_hours", 2),
        # Tuesday 8 to 12 is a morning; Thursday 9 to 13 is no afternoon: only an hour of it
        (
            {"half_days": (DAY, ANOTHER_DAY)},
            {"opening_hours": ({"weekday": 2, "opens": "08:00", "closes": "12:00"}, {"weekday": 4, "opens": "09:00", "closes": "13:00"})},
            "opening_hours",
            2,  # 5 * 1 // 2
        ),
    ],
)  # fmt: skip
def test_the_other_parts_give_their_share(
    need_changes: dict[str, Any], vacancy_changes: dict[str, Any], part: str, expected: int
) -> None:
    assert points(found(need_changes, vacancy_changes))[part] == expected


# --- labels, and the remedies -----------------------------------------------------------------------------------------


def labels(need_changes: dict[str, Any], vacancy_changes: dict[str, Any]) -> list[str]:
    told = explain(need(**FITTING_NEED | need_changes), vacancy(**FITTING_PLACE | vacancy_changes), TERMS)["labels"]
    assert all(label["text_da"] != label["text_en"] for label in told)
    return [label["code"] for label in told]


def test_labels_inform_of_free_choice_of_the_own_municipality_and_of_coming_places() -> None:
    lasting = {"sections": (WantedSection(section="SEL-108", basis="decided"),), "handlekommune": "0101"}
    place = {"sections": ("SEL-108",), "price_lines": (line(44_000),)}
    assert labels(lasting | {"reference_price_dkk_per_month": 40_000}, place) == ["section_decided", "inside_free_choice"]
    assert labels(lasting | {"reference_price_dkk_per_month": 39_999}, place) == ["section_decided", "outside_free_choice"]
    assert labels(lasting, place) == ["section_decided", "free_choice_unknown"]
    assert labels({}, {"available_from": date(2027, 2, 1)}) == ["section_expected", "own_municipality", "coming"]


def test_the_explanation_of_half_days_names_them() -> None:
    capacity = (ANOTHER_DAY | {"places_free": 3}, DAY | {"places_free": 1})
    answer = explain(need(half_days_a_week=3), vacancy(**FITTING_PLACE, day_capacity=capacity), TERMS)
    [failed] = answer["failed"]
    assert failed["text_en"] == "Half-days that suit and have room: Tuesday morning, Thursday afternoon (2 of 3)."
    assert failed["change"] == {
        "text_da": "Nøjes med 2 halve dage",
        "text_en": "Make do with 2 half-days",
        "steps": [{"of": "need", "field": "half_days_a_week", "from": 3, "to": 2}],
    }
    assert explain(need(half_days_a_week=2), vacancy(**FITTING_PLACE, day_capacity=capacity), TERMS)["eligible"]
