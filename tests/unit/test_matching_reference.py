"""The reference scorer by hand: each number can be followed in the comment beside it."""

from datetime import date
from typing import Any

import pytest

from services.matching.domain.explaining import explain
from services.matching.domain.reference import Assessment, assess
from services.matching.domain.terms import Terms, is_newer_policy
from shared.contracts.common import Point
from shared.contracts.need import ReferencePoint, RuledOut, WantedSection
from shared.contracts.settings import Policy
from shared.contracts.vacancy import PriceLine
from tests.support.matching import GROUPS, SERVICES, TODAY, first_policy, full_policy, need, vacancy

TERMS = Terms(first_policy(), TODAY)


def found(need_changes: dict[str, Any] | None = None, vacancy_changes: dict[str, Any] | None = None) -> Assessment:
    return assess(need(**(need_changes or {})), vacancy(**(vacancy_changes or {})), TERMS)


def points(assessment: Assessment) -> dict[str, int]:
    return {code: part.points for code, part in assessment.parts.items()}


def test_a_place_that_fits_in_everything_has_a_hundred_points() -> None:
    fitting = found()
    # 3 of 3 services: 40; primary target group: 25; 0 m: 20; free today: 15.
    assert points(fitting) == {"services": 40, "target_group": 25, "travel": 20, "start": 15}
    assert (fitting.score, fitting.eligible, dict(fitting.unknown)) == (100, True, {})


def test_the_first_policy_is_whole() -> None:
    policy = first_policy()
    assert sum(part.max_points for part in policy.parts) == 100
    assert all(part.points_when_unknown <= part.max_points for part in policy.parts)
    assert len({rule.code for rule in policy.rules}) == len(policy.rules) == 12
    years = [age.born_from_year for age in policy.pension_ages]
    assert years == sorted(years)


# --- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        (SERVICES[:3], SERVICES[1:9], 26),  # 2 of 3: 40 * 2 // 3 = 26
        (SERVICES[:7], SERVICES[:1], 5),  # 1 of 7: 40 * 1 // 7 = 5
        (SERVICES[:2], SERVICES[2:4], 0),  # 0 of 2
    ],
)
def test_services_give_their_share_rounded_down(wanted: tuple[str, ...], given: tuple[str, ...], expected: int) -> None:
    assert points(found({"services": wanted}, {"services": given}))["services"] == expected


@pytest.mark.parametrize("changes", [({"services": ()}, {}), ({}, {"services": ()})])
def test_services_that_one_side_does_not_state_are_unknown_and_give_half(changes: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assessment = found(*changes)
    assert points(assessment)["services"] == 20
    assert list(assessment.unknown) == ["services"]
    assert assessment.eligible


def test_a_further_target_group_gives_its_share() -> None:
    further = found({"primary_target_group": GROUPS[1], "further_target_groups": (GROUPS[0],)})
    assert points(further)["target_group"] == 15  # 25 * 60 // 100
    assert further.eligible


@pytest.mark.parametrize(
    ("east_m", "expected"),
    [
        (5_000, 20),  # at 5 km still all
        (5_001, 19),  # 20 * (100000 - 5001) // 95000 = 1899980 // 95000 = 19
        (24_000, 16),  # 20 * 76000 // 95000 = 16
        (99_999, 0),  # 20 * 1 // 95000 = 0
        (100_000, 0),
    ],
)
def test_each_metre_counts_between_the_two_distances(east_m: int, expected: int) -> None:
    place = Point(easting_m=575_000 + east_m, northing_m=6_223_000)
    assert points(found({"max_distance_km": None}, {"location": place}))["travel"] == expected


def test_the_nearest_point_counts() -> None:
    # 3-4-5: the near point lies 30 km east and 40 km north, 50 km: 20 * 50000 // 95000 = 10.
    near, far = Point(easting_m=605_000, northing_m=6_263_000), Point(easting_m=700_000, northing_m=6_400_000)
    references = tuple(ReferencePoint(**point.model_dump()) for point in (far, near))
    assert points(found({"points_of_reference": references, "max_distance_km": None}))["travel"] == 10


@pytest.mark.parametrize(
    ("wish", "free_from", "expected"),
    [
        ({}, date(2026, 11, 25), 14),  # 1 day late: 15 * 89 // 90 = 14
        ({"start_by": date(2027, 1, 1)}, date(2027, 1, 1), 15),
        ({"start_by": date(2027, 1, 1)}, date(2027, 1, 31), 10),  # 30 days late: 15 * 60 // 90 = 10
        ({"start_from": date(2027, 2, 1)}, date(2026, 11, 1), 15),  # free earlier than wanted: no matter
        ({"start_by": date(2026, 1, 1)}, None, 15),  # a wish that is past counts from today
        ({}, date(2027, 12, 1), 0),
    ],
)
def test_each_day_after_the_wanted_start_counts(wish: dict[str, Any], free_from: date | None, expected: int) -> None:
    assert points(found(wish, {"available_from": free_from}))["start"] == expected


# --- the rules --------------------------------------------------------------------------------------------------------


def far_place(km: int) -> Point:
    return Point(easting_m=575_000 + km * 1000 + 1, northing_m=6_223_000)


@pytest.mark.parametrize(
    ("code", "need_changes", "vacancy_changes"),
    [
        ("status", {"status": "closed"}, {}),
        ("status", {}, {"status": "closed", "closed_reason": "filled"}),
        ("not_matched", {}, {"address_protected": True}),
        ("not_matched", {}, {"open_door": True}),
        ("not_matched", {}, {"sections": ("SEL-104", "SEL-109")}),
        ("section", {}, {"sections": ("SEL-107",)}),
        ("section", {}, {"sections": ()}),
        ("age", {"birth_year": 2009}, {}),  # 16 or 17, from 18
        ("age", {"birth_year": 1939}, {}),  # 86 or 87, up to 85
        ("target_group", {}, {"target_groups": (GROUPS[7],)}),
        ("gender", {"gender": "man"}, {"gender_rule": "women"}),
        ("capacity", {}, {"places_free": 0}),
        ("dates", {"start_from": date(2027, 1, 1)}, {"available_until": date(2026, 12, 31)}),
        ("distance", {"max_distance_km": 30}, {"location": far_place(30)}),  # one metre too far
        ("ruled_out", {"ruled_out": (RuledOut(vacancy_id="vacancy-1", reason="declined_by_citizen"),)}, {}),
        (
            "price",
            {"price_ceiling_dkk_per_month": 30_416},
            # 1000 a calendar day: 1000 * 365 / 12 = 30416.67 a month
            {"price_lines": (PriceLine(amount_dkk=1_000, unit="calendar_day"),)},
        ),
    ],
)
def test_each_rule_alone_excludes_and_says_why(code: str, need_changes: dict[str, Any], vacancy_changes: dict[str, Any]) -> None:
    assessment = found(need_changes, vacancy_changes)
    assert list(assessment.failed) == [code]
    reason = next(iter(assessment.failed.values()))
    assert reason.words.da != reason.words.en
    assert reason.change is None or reason.change.da != reason.change.en


@pytest.mark.parametrize(
    ("code", "need_changes", "vacancy_changes"),
    [
        ("age", {}, {"age_from": None, "age_to": None}),
        ("age", {"birth_year": 2008}, {}),  # 17 or 18 on the day
        ("age", {"birth_year": 2008, "turns_18": "2026-11"}, {}),  # some day of this month
        ("gender", {}, {"gender_rule": "women"}),
        ("gender", {"gender": "woman"}, {"gender_rule": None}),
        ("gender", {"gender": "woman"}, {"gender_rule": "a code of a later build"}),
        ("capacity", {}, {"places_free": None}),
        ("price", {"price_ceiling_dkk_per_month": 1}, {}),
        ("price", {"price_ceiling_dkk_per_month": 30_000}, {"price_lines": (PriceLine(amount_dkk=100, unit="hour"),)}),
        (
            "price",  # one line below and one above: which one would be this citizen's is not known
            {"price_ceiling_dkk_per_month": 30_000},
            {"price_lines": (PriceLine(amount_dkk=20_000, unit="month"), PriceLine(amount_dkk=40_000, unit="month"))},
        ),
    ],
)
def test_what_is_not_known_never_excludes(code: str, need_changes: dict[str, Any], vacancy_changes: dict[str, Any]) -> None:
    assessment = found(need_changes, vacancy_changes)
    assert assessment.eligible
    assert list(assessment.unknown) == [code]


@pytest.mark.parametrize(
    ("need_changes", "vacancy_changes"),
    [
        ({"birth_year": 2008, "turns_18": "2026-10"}, {}),  # turned 18 last month: certain
        ({"gender": "woman"}, {"gender_rule": "women"}),
        ({}, {"gender_rule": None}),  # nobody asked
        ({"max_distance_km": 30}, {"location": Point(easting_m=605_000, northing_m=6_223_000)}),  # 30 km exactly
        ({"start_from": date(2026, 12, 31)}, {"available_until": date(2026, 12, 31)}),
        ({"ruled_out": (RuledOut(vacancy_id="vacancy-1", reason="declined", until=date(2026, 11, 23)),)}, {}),
        ({"ruled_out": (RuledOut(vacancy_id="vacancy-1", reason="declined", opening=2),)}, {}),
        (
            {"price_ceiling_dkk_per_month": 24_334},
            # net of VAT: 1000 * 365 / 12 * 4 / 5 = 24333.33
            {"price_lines": (PriceLine(amount_dkk=1_000, unit="calendar_day", vat_included=True),)},
        ),
    ],
)
def test_at_the_edge_a_rule_holds(need_changes: dict[str, Any], vacancy_changes: dict[str, Any]) -> None:
    assessment = found(need_changes, vacancy_changes)
    assert not assessment.failed
    assert not assessment.unknown


@pytest.mark.parametrize(
    ("born", "named", "expected"),
    [
        (1959, None, "unknown"),  # months 12 * 1959 + 804 to + 815 are January to December 2026: November does not decide
        (1958, None, "fails"),  # 1958 * 12 + 804 ... + 11: reached by December 2025
        (1960, None, "holds"),
        (1959, "2026-12", "holds"),
        (1959, "2026-11", "unknown"),  # some day of this month
        (1959, "2026-10", "fails"),
    ],
)
def test_sheltered_work_ends_with_the_pension_age(born: int, named: str | None, expected: str) -> None:
    assessment = found(
        {"birth_year": born, "sections": (WantedSection(section="SEL-103"),), "reaches_pension_age": named},
        {"sections": ("SEL-103", "SEL-104")},
    )
    actual = "fails" if "pension_age" in assessment.failed else "unknown" if "pension_age" in assessment.unknown else "holds"
    assert actual == expected


def test_the_pension_age_matters_only_where_no_other_section_is_shared() -> None:
    both = (WantedSection(section="SEL-103"), WantedSection(section="SEL-104"))
    assert found({"birth_year": 1950, "sections": both}, {"sections": ("SEL-103", "SEL-104")}).eligible


def test_a_rule_that_is_not_yet_in_force_does_not_apply() -> None:
    policy = first_policy()
    later = tuple(
        rule.model_copy(update={"in_force_from": date(2027, 1, 1)}) if rule.code == "capacity" else rule for rule in policy.rules
    )
    dated = policy.model_copy(update={"rules": later})
    full = vacancy(places_free=0)
    assert assess(need(), full, Terms(dated, date(2026, 12, 31))).eligible
    assert not assess(need(), full, Terms(dated, date(2027, 1, 1))).eligible


# --- the answer -------------------------------------------------------------------------------------------------------


def test_the_explanation_names_the_numbers_the_remedy_and_the_policy() -> None:
    answer = explain(need(max_distance_km=30), vacancy(location=far_place(41), places_free=None), TERMS)
    assert answer["eligible"] is answer["proposed"] is False
    assert sum(part["points"] for part in answer["parts"]) == answer["score"]
    [failed] = answer["failed"]
    assert failed["text_da"] == "41,0 km i luftlinje; grænsen er 30 km."
    assert failed["text_en"] == "41.0 km in a straight line; the limit is 30 km."
    assert failed["change"]["text_da"] == "Sæt afstandsgrænsen op til 42 km"
    assert failed["change"]["text_en"] == "Raise the distance limit to 42 km"
    assert answer["unknown"] == ["capacity"]
    assert answer["policy"] == first_policy().hash()
    assert explain(need(max_distance_km=42), vacancy(location=far_place(41)), TERMS)["eligible"], "the remedy works"


def test_every_failed_rule_is_told_not_only_the_first() -> None:
    answer = explain(need(birth_year=2015), vacancy(places_free=0, sections=("SEL-108",)), TERMS)
    assert [failed["code"] for failed in answer["failed"]] == ["section", "age", "capacity"]


def test_nobody_is_advised_to_add_a_section_that_no_need_is_registered_for() -> None:
    def advice(*sections: str) -> Any:
        failed = explain(need(), vacancy(sections=sections), Terms(full_policy(), TODAY))["failed"]
        change = next(rule["change"] for rule in failed if rule["code"] == "section")
        return change and change["text_da"]

    assert advice("SEL-109") is None
    assert advice("SEL-109", "SEL-110") == "Tilføj § 110 til behovet"


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        (None, "2026-11-01.1", True),
        ("2026-11-01.9", "2026-11-01.10", True),
        ("2026-11-01.1", "2026-11-01.1", False),
        ("2026-11-01.1", "2026-10-31.7", False),
    ],
)
def test_a_worker_leaves_a_policy_only_for_a_newer_one(known: str | None, new: str, expected: bool) -> None:
    def policy(version: str) -> Policy:
        return first_policy(version=version)

    assert is_newer_policy(None if known is None else policy(known), policy(new)) is expected
