"""Why a need finds little: every open place is counted once, as the reference scorer judges it, and the change that is told helps."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from services.matching.domain.reference import assess
from services.matching.domain.standing import most_often_alone
from services.matching.domain.terms import RULES, Terms
from shared.contracts.common import Point
from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import PriceLine, Vacancy
from tests.support.market_of_places import MarketOfPlaces
from tests.support.matching import GROUPS, TODAY, Chance, full_policy, need, vacancy

TERMS = Terms(full_policy(), TODAY)


def market_of(places: list[Vacancy], terms: Terms = TERMS) -> MarketOfPlaces:
    return MarketOfPlaces(places, terms)


def counted(one: NeedProfile, places: Mapping[str, Vacancy], terms: Terms) -> Counter[Any]:
    """The same counts by the slow scorer: how many places fail on exactly which rules."""
    found: Counter[Any] = Counter()
    for place in places.values():
        judged = assess(one, place, terms)
        if not {"section", "not_matched"} & set(judged.failed):
            found[tuple(judged.failed)] += 1
            found["proposed"] += judged.eligible and judged.score >= terms.policy.threshold
            found["below"] += judged.eligible and judged.score < terms.policy.threshold
            found["unknown"] += judged.eligible and bool(set(judged.unknown) & set(RULES))
    return found


@pytest.mark.parametrize(("seed", "few_codes"), [(1, True), (2, True), (3, False), (4, True)])
def test_every_open_place_is_counted_once_and_as_the_reference_judges_it(seed: int, few_codes: bool) -> None:
    chance = Chance(seed, few_codes=few_codes)
    terms = Terms(full_policy(threshold=50), TODAY)
    market = market_of([chance.vacancy(f"vacancy-{n:03}") for n in range(150)], terms)
    for n in range(30):
        one = chance.need(f"need-{n:03}", vacancy_ids=list(market.places))
        told, expected = market.near_misses(one), counted(one, market.places, terms)
        causes = {tuple(cause["rules"]): cause["count"] for cause in told["causes"]}
        few = {rules: count for rules, count in expected.items() if isinstance(rules, tuple) and 0 < len(rules) <= 2}
        assert causes.items() <= few.items()
        assert {rules for rules in few if len(rules) == 1} <= set(causes)
        assert sum(causes.values()) + told["other_pairs_of_rules"] == sum(few.values())
        assert (told["proposed"], told["below_threshold"]["count"]) == (expected["proposed"], expected["below"])
        assert told["unknown"]["count"] == expected["unknown"]
        assert told["open"] == 150 == (
            told["found_only"] + told["other_sections"] + told["proposed"] + told["below_threshold"]["count"]
            + sum(causes.values()) + told["other_pairs_of_rules"] + told["more_rules"]
        )  # fmt: skip


def test_the_nearest_of_a_cause_comes_first_and_its_change_lets_it_in() -> None:
    chance = Chance(7)
    market = market_of([chance.vacancy(f"vacancy-{n:03}") for n in range(400)])
    tried: Counter[str] = Counter()
    not_enough = 0
    for n in range(60):
        one = chance.need(f"need-{n:03}", vacancy_ids=list(market.places))
        for cause in market.near_misses(one)["causes"]:
            place = market.places[cause["nearest"]["vacancy_id"]]
            assert [failed["code"] for failed in cause["nearest"]["failed"]] == cause["rules"]
            assert cause["examples"][0]["vacancy_id"] == place.vacancy_id
            for example in cause["examples"]:
                found = assess(one, market.places[example["vacancy_id"]], TERMS)
                assert list(found.failed) == cause["rules"]
                assert found.score == example["score"] == sum(example["points"].values())
            documents = {"need": one.model_dump(mode="json"), "vacancy": place.model_dump(mode="json")}
            changes = [failed["change"] for failed in cause["nearest"]["failed"]]
            if all(change and change["steps"] for change in changes):
                for step in (step for change in changes for step in change["steps"]):
                    documents[step["of"]][step["field"]] = step["to"]
                changed = assess(
                    NeedProfile.model_validate(documents["need"]), Vacancy.model_validate(documents["vacancy"]), TERMS
                )
                assert cause["nearest"]["after"] == {
                    "eligible": changed.eligible,
                    "proposed": changed.eligible and changed.score >= TERMS.policy.threshold,
                    "score": changed.score,
                }
                tried.update(cause["rules"] if changed.eligible else [])
                not_enough += not changed.eligible
    assert {"distance", "price", "age", "target_group", "capacity", "half_days", "cannot_take"} <= set(tried)
    assert not_enough <= tried.total() // 100, "changes that hang together with another rule are rare"


def place(number: int, **changes: Any) -> Vacancy:
    return vacancy(f"vacancy-{number}", registered=True, **changes)


def at_km(km: int) -> Point:
    return Point(easting_m=575_000, northing_m=6_223_000 - km * 1000)


def test_the_sentence_says_how_many_fail_on_what_and_whom_to_ask() -> None:
    market = market_of(
        [
            place(1, location=at_km(27)), place(2, location=at_km(31)), place(3, location=at_km(24)),
            place(4, price_lines=(PriceLine(amount_dkk=31_500, unit="month"),)),
            place(5, price_lines=(PriceLine(amount_dkk=31_501, unit="month"),)),
            place(6),  # no price told
            place(7, places_free=0, gender_rule="women", age_from=80),
            place(8, sections=("SEL-107",)),
            place(9, open_door=True),
            place(10, location=at_km(24), price_lines=(PriceLine(amount_dkk=40_000, unit="month"),)),
        ]
    )  # fmt: skip
    cheap = PriceLine(amount_dkk=20_000, unit="month")
    market = market_of(
        [one if one.price_lines or one.vacancy_id == "vacancy-6" else _with_price(one, cheap) for one in market.places.values()]
    )
    told = market.near_misses(need(gender="man", max_distance_km=20, price_ceiling_dkk_per_month=30_000))
    assert told["text_da"] == (
        "1 foreslås; 3 falder kun på afstand, 2 på pris; 1 passer, så vidt det vides: spørg dem om det ukendte."
    )
    assert told["text_en"] == (
        "1 is proposed; 3 fail only on distance, 2 on price; 1 fits as far as is known: ask them about what is unknown."
    )
    distance, price, both = told["causes"]
    assert (distance["rules"], distance["count"], distance["nearest"]["vacancy_id"]) == (["distance"], 3, "vacancy-3")
    assert [one["vacancy_id"] for one in distance["examples"]] == ["vacancy-3", "vacancy-1", "vacancy-2"]
    assert distance["nearest"]["failed"][0]["change"]["steps"] == [
        {"of": "need", "field": "max_distance_km", "from": 20, "to": 24}
    ]
    assert price["nearest"]["failed"][0]["change"]["steps"] == [
        {"of": "need", "field": "price_ceiling_dkk_per_month", "from": 30_000, "to": 31_500}
    ]
    assert (both["rules"], both["count"], both["text_da"]) == (["distance", "price"], 1, "1 falder kun på afstand og pris")
    assert (told["more_rules"], told["other_sections"], told["found_only"], told["open"]) == (1, 1, 1, 10)
    [unknown] = told["unknown"]["rules"]
    assert (unknown["code"], unknown["examples"][0]["vacancy_id"]) == ("price", "vacancy-6")
    assert unknown["text_da"] == "Prisen pr. måned er ikke oplyst; loftet er 30000 kr."
    assert told["often_in_the_way"] == "distance"


def _with_price(one: Vacancy, line: PriceLine) -> Vacancy:
    return one.model_copy(update={"price_lines": (line,)})


def test_a_place_that_passes_with_too_few_points_is_told_with_them() -> None:
    far = Terms(full_policy(threshold=95), TODAY)
    told = market_of([place(1, location=at_km(29), services=())], far).near_misses(need())
    assert told["below_threshold"]["count"] == 1
    [example] = told["below_threshold"]["examples"]
    assert example["score"] == sum(example["points"].values()) < told["threshold"] == 95
    assert told["causes"] == []
    assert told["text_da"] == "0 foreslås; 1 passer, men med for få point."


def test_of_rules_that_are_in_the_way_as_often_the_policy_decides() -> None:
    market = market_of([place(1, places_free=0), place(2, location=at_km(40))])
    codes = [rule.code for rule in TERMS.policy.rules]
    assert codes.index("capacity") < codes.index("distance")
    assert market.near_misses(need())["often_in_the_way"] == "capacity"
    policy = full_policy()
    turned = policy.model_copy(update={"rules": tuple(reversed(policy.rules))})
    assert market_of(list(market.places.values()), Terms(turned, TODAY)).near_misses(need())["often_in_the_way"] == "distance"
    assert most_often_alone(market.state.observer.look(need(sections=({"section": "SEL-85"},))).failed, TERMS) is None


def test_what_is_only_asked_about_takes_no_bit_of_the_codes_that_are_announced() -> None:
    market = market_of([place(1)])
    for n in range(80):
        market.near_misses(need(activities=(f"asked-{n}",), further_target_groups=(f"group-{n}",)))
    late = place(2, activities=("gardening",), target_groups=(GROUPS[0], "announced-late"))
    market.places[late.vacancy_id] = late
    market.state.change_vacancies({late.vacancy_id: late})
    row_is_odd = market.state.observer.look(need()).rows
    assert len(row_is_odd) == 2
    assert market.near_misses(need(primary_target_group="announced-late"))["proposed"] == 1


def test_a_closed_need_is_told_of_as_if_it_were_open() -> None:
    told = market_of([place(1), place(2, places_free=0)]).near_misses(need(status="closed", closed_reason="other"))
    assert told["proposed"] == 1
    assert [failed["code"] for failed in told["causes"][0]["nearest"]["failed"]] == ["capacity"]


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_rule_most_often_in_the_way_of_a_need_is_that_of_the_slow_count(seed: int) -> None:
    chance = Chance(seed)
    market = market_of([chance.vacancy(f"vacancy-{n:03}") for n in range(120)])
    needs = [chance.need(f"need-{n:03}", vacancy_ids=list(market.places)) for n in range(40)]
    market.state.put_needs(needs, live=True)
    found = set()
    for one in needs:
        expected = counted(one, market.places, TERMS)
        alone = {code: expected[(code,)] for code in TERMS.rules}
        most = max(alone.values())
        by_columns = market.state.observer.often_in_the_way(one.need_id)
        assert by_columns == (next(code for code, count in alone.items() if count == most) if most else None)
        found.add(by_columns)
    assert len(found) > 3


@pytest.mark.parametrize(("seed", "few_codes"), [(21, True), (22, False)])
def test_a_need_read_back_from_its_row_is_judged_and_measured_like_the_need_itself(seed: int, few_codes: bool) -> None:
    chance = Chance(seed, few_codes=few_codes)
    market = market_of([chance.vacancy(f"vacancy-{n:03}") for n in range(60)])
    needs = [chance.need(f"need-{n:03}", vacancy_ids=list(market.places)) for n in range(60)]
    market.state.put_needs(needs, live=True)
    for one in needs:
        again = market.state.observer.profile(one.need_id, version=one.version, handlekommune=one.handlekommune)
        for place in market.places.values():
            expected, found = assess(one, place, TERMS), assess(again, place, TERMS)
            assert list(found.failed) == list(expected.failed)
            assert list(found.unknown) == list(expected.unknown)
            assert [part.points for part in found.parts.values()] == [part.points for part in expected.parts.values()]
