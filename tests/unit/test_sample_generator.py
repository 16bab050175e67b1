"""The seeded market: the same everywhere, honest about its aggregates, and about nobody."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice

import pytest

from deploy.simulate.generator import Generator
from deploy.simulate.market import SectionMarket, market
from shared.contracts import reference
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft

DAY = date(2026, 11, 1)
MANY = 6000
CPR_LIKE = re.compile(r"(?<![0-9A-Za-z-])(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d{2}[- ]?\d{4}(?![0-9A-Za-z-])")


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(7, "test", DAY)


@pytest.fixture(scope="module")
def vacancies(generator: Generator) -> list[tuple[str | None, VacancyDraft]]:
    return [(generator.offer(generator.offer_of(number)).section, generator.vacancy(number)) for number in range(MANY)]


@pytest.fixture(scope="module")
def needs(generator: Generator) -> list[NeedDraft]:
    return list(islice(generator.needs(), MANY))


def _quantiles(values: list[int]) -> tuple[int, int, int]:
    ordered = sorted(values)
    return ordered[len(ordered) // 10], ordered[len(ordered) // 2], ordered[len(ordered) * 9 // 10]


def _net(draft: VacancyDraft) -> int:
    line = draft.price_lines[0]
    return round(line.amount_dkk / 1.25) if line.vat_included else line.amount_dkk


def test_the_same_seed_gives_the_same_market_and_another_seed_another(generator: Generator) -> None:
    again, other = Generator(7, "test", DAY), Generator(8, "test", DAY)

    assert [generator.vacancy(number) for number in range(50)] == [again.vacancy(number) for number in range(50)]
    assert [generator.need(number) for number in range(50)] == [again.need(number) for number in range(50)]
    assert [generator.need(number) for number in range(50)] != [other.need(number) for number in range(50)]


def test_the_millionth_need_is_made_without_the_ones_before_it(generator: Generator) -> None:
    assert generator.need(1_000_000) == next(generator.needs(1_000_000))


def test_every_draft_passes_the_strict_contract_that_intake_holds_it_to(
    generator: Generator, vacancies: list[tuple[str | None, VacancyDraft]], needs: list[NeedDraft]
) -> None:
    for number in range(300):
        OfferDraft.model_validate_json(generator.offer(number).draft.model_dump_json(exclude_defaults=True))
    for _, draft in vacancies[:600]:
        assert VacancyDraft.model_validate_json(draft.model_dump_json(exclude_defaults=True)) == draft
    for need in needs[:600]:
        assert NeedDraft.model_validate_json(need.model_dump_json(exclude_defaults=True)) == need


def test_changes_pass_the_contract_too_and_change_something(generator: Generator) -> None:
    changed = 0
    for number in range(200):
        first, second = generator.vacancy(number), generator.vacancy(number, revision=1)
        VacancyDraft.model_validate_json(second.model_dump_json(exclude_defaults=True))
        assert second.reference == first.reference
        changed += first != second
    assert changed > 150


@pytest.mark.parametrize("section", ["SEL-103", "SEL-104", "SEL-107", "SEL-108"])
def test_capacity_follows_the_registers_p10_p50_and_p90(section: str, vacancies: list[tuple[str | None, VacancyDraft]]) -> None:
    assumed = market().sections[section].places_total
    found = _quantiles([draft.places_total or 0 for own, draft in vacancies if own == section])

    for value, quantile in zip(found, (assumed.p10, assumed.p50, assumed.p90), strict=True):
        assert value == pytest.approx(quantile, rel=0.25, abs=1)


@pytest.mark.parametrize("section", ["SEL-104", "SEL-107", "SEL-108"])
def test_prices_follow_the_registers_p10_p50_and_p90(section: str, vacancies: list[tuple[str | None, VacancyDraft]]) -> None:
    assumed = market().sections[section].price
    assert assumed.basis == "register-2025"
    found = _quantiles([_net(draft) for own, draft in vacancies if own == section and draft.price_lines])

    for value, quantile in zip(found, (assumed.p10, assumed.p50, assumed.p90), strict=True):
        assert value == pytest.approx(quantile, rel=0.15)


def test_a_price_by_the_day_of_a_week_costs_more_a_day_the_fewer_the_days(
    vacancies: list[tuple[str | None, VacancyDraft]],
) -> None:
    lists = [
        [line for line in draft.price_lines if line.kind == "base"]
        for own, draft in vacancies
        if own == "SEL-104" and draft.price_lines
    ]

    # 60 % for two days and 85 % for three of what five days cost: 30 % and 28 % a day, against 20 %.
    for _, three, two in lists:
        assert two.amount_dkk / 2 > three.amount_dkk / 3


def test_places_lie_near_the_centroid_of_their_kommune(generator: Generator) -> None:
    for offer in islice(generator.offers(), 500):
        kommune, at = reference.municipalities()[offer.draft.municipality], offer.draft.location
        assert at is not None
        assert abs(at.easting_m - kommune.easting_m) < 15_000
        assert abs(at.northing_m - kommune.northing_m) < 15_000


def test_every_kind_of_place_occurs_and_open_doors_count_nothing(vacancies: list[tuple[str | None, VacancyDraft]]) -> None:
    assert {own for own, _ in vacancies} == {None, "SEL-103", "SEL-104", "SEL-107", "SEL-108", "SEL-109", "SEL-110"}
    for own, draft in vacancies:
        if own is None:
            assert draft.places_free is None
            assert draft.sections == ()
            assert set(draft.kinds) <= {"VAER", "FRIV", "KULT"}


def test_a_crisis_centre_has_no_address_and_a_protected_one(generator: Generator) -> None:
    centres = [offer.draft for offer in islice(generator.offers(), MANY) if offer.section == "SEL-109"]

    assert centres
    assert all(draft.address is None and draft.address_protected for draft in centres)


def test_no_need_asks_for_a_crisis_centre_and_none_for_sheltered_work_past_the_pension_age(needs: list[NeedDraft]) -> None:
    for need in needs:
        sections = {wanted.section for wanted in need.sections}
        assert "SEL-109" not in sections
        if "SEL-103" in sections:
            assert DAY.year - need.birth_year < 67


def test_a_needs_target_group_belongs_to_its_section(needs: list[NeedDraft]) -> None:
    theirs = {
        section: {group for profile in market().profiles if section in profile.sections for group in profile.primary}
        for section in market().sections
    }
    for need in needs:
        for wanted in need.sections:
            assert need.primary_target_group in theirs[wanted.section]


def test_nothing_in_the_market_looks_like_a_cpr_number(
    generator: Generator, vacancies: list[tuple[str | None, VacancyDraft]], needs: list[NeedDraft]
) -> None:
    assert CPR_LIKE.search("010190-1234")
    for draft in (*(draft for _, draft in vacancies), *needs, *(offer.draft for offer in islice(generator.offers(), 2000))):
        assert not CPR_LIKE.search(draft.model_dump_json(exclude_defaults=True))


def test_every_assumption_says_what_it_rests_on() -> None:
    for section in market().sections.values():
        assert isinstance(section, SectionMarket)
        assert section.price.basis in {"register-2025", "assumption"}
    assert {code for code, part in market().sections.items() if part.price.basis == "register-2025"} == {
        "SEL-104",
        "SEL-107",
        "SEL-108",
    }
