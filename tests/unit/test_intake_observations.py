"""The formula of the truth record, bare."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import offers
from services.intake.domain.observations import (
    FINDINGS,
    LEAST,
    Finding,
    Objection,
    Observation,
    Ruling,
    Standing,
    Tally,
    next_change,
    standing,
    tally,
    truth,
)
from services.intake.domain.outcomes import Accepted, Unchanged
from services.intake.domain.states import OfferState
from services.intake.settings import IntakeSettings, load_observation_rules
from shared.contracts.drafts import OfferDraft
from tests.support.intake import OFFER

REPOSITORY = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = date(2026, 11, 25)
PERIOD, WINDOW = timedelta(days=14), timedelta(days=730)


def observed(
    finding: Finding = "still_free",
    *,
    days_ago: float = 30,
    objection: Objection | None = None,
    ruling: Ruling | None = None,
    number: int = 1,
) -> Observation:
    asked = NOW - timedelta(days=days_ago)
    return Observation(
        number, "v-1", 1, 1, "", finding, asked, asked, asked + PERIOD, objection, asked if objection else None, ruling
    )  # fmt: skip


observations = st.lists(
    st.builds(
        observed,
        st.sampled_from(FINDINGS),
        days_ago=st.floats(0, 1000),
        objection=st.sampled_from([None, "was_still_free"]),
        ruling=st.none(),
    )
    | st.builds(
        observed,
        st.sampled_from(FINDINGS),
        days_ago=st.floats(0, 1000),
        objection=st.just("told_twice"),
        ruling=st.sampled_from(["upheld", "dismissed"]),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("observation", "stands"),
    [
        (observed(days_ago=13.9), "waiting"),
        (observed(days_ago=14), "counts"),  # the first moment after the objection period
        (observed(objection="was_still_free"), "objected"),
        (observed(objection="was_still_free", ruling="upheld"), "set_aside"),
        (observed(objection="was_still_free", ruling="dismissed"), "counts"),
        (observed(days_ago=3, objection="was_still_free", ruling="dismissed"), "waiting"),
    ],
)
def test_an_observation_counts_after_the_period_and_not_while_objected(observation: Observation, stands: Standing) -> None:
    assert standing(observation, NOW) == stands


def test_seven_true_of_eleven_are_63_percent() -> None:
    # 7 free + 3 gone + 1 otherwise = 11 that count; 100 * 7 / 11 = 63.6…, rounded down. The others do not count.
    found = [observed() for _ in range(7)] + [observed("place_gone") for _ in range(3)] + [observed("not_as_stated")]
    found += [observed(days_ago=2), observed("place_gone", objection="told_twice"), observed(days_ago=731)]
    counted = tally(found, NOW, WINDOW)

    assert counted == Tally(11, 7)
    published = truth(counted, DAY)
    assert published is not None
    assert (published.observed, published.still_true, published.percent, published.as_of) == (11, 7, 63, DAY)


def test_nine_say_nothing_and_ten_do() -> None:
    assert truth(Tally(9, 9), DAY) is None
    assert truth(Tally(10, 0), DAY) is not None


@given(st.integers(LEAST, 10_000), st.data())
def test_percent_is_whole_and_a_hundred_only_when_each_was_true(count: int, data: st.DataObject) -> None:
    still_true = data.draw(st.integers(0, count))
    published = truth(Tally(count, still_true), DAY)
    assert published is not None
    assert (published.percent == 100) == (still_true == count)
    assert published.percent <= 100 * still_true / count < published.percent + 1


@given(observations, st.randoms())
def test_the_order_of_observations_is_no_matter(found: list[Observation], chance: object) -> None:
    shuffled = sorted(found, key=lambda _: chance.random())  # type: ignore[attr-defined] # Hypothesis's Random
    assert tally(shuffled, NOW, WINDOW) == tally(found, NOW, WINDOW)


@given(observations)
def test_one_more_that_was_true_never_lowers_the_record_and_one_that_was_not_never_raises_it(found: list[Observation]) -> None:
    before = tally([*found, *[observed()] * LEAST], NOW, WINDOW)
    better, worse = Tally(before.observed + 1, before.still_true + 1), Tally(before.observed + 1, before.still_true)
    percents = [told.percent for one in (worse, before, better) if (told := truth(one, DAY)) is not None]
    assert percents == sorted(percents)
    assert tally([*found, *[observed()] * (LEAST + 1)], NOW, WINDOW) == better


@given(observations)
def test_an_objection_takes_out_what_it_is_about_and_nothing_else(found: list[Observation]) -> None:
    with_one = tally([*found, observed("place_gone")], NOW, WINDOW)
    objected = tally([*found, observed("place_gone", objection="was_still_free")], NOW, WINDOW)
    assert objected == tally(found, NOW, WINDOW)
    assert with_one == Tally(objected.observed + 1, objected.still_true)


@given(observations, st.floats(0, 1))
def test_between_now_and_the_next_change_nothing_changes(found: list[Observation], share: float) -> None:
    change = next_change(found, NOW, WINDOW)
    assert change is None or change > NOW
    between = NOW + timedelta(days=3000) if change is None else NOW + (change - NOW) * share * 0.999
    assert tally(found, between, WINDOW) == tally(found, NOW, WINDOW)


def test_the_same_count_on_another_day_is_no_news_of_the_offer() -> None:
    registered = offers.register("skovly", OfferDraft.model_validate(OFFER), None)
    assert isinstance(registered, Accepted)
    assert isinstance(registered.state, OfferState)
    first = offers.count_truth(registered.state, truth(Tally(11, 7), DAY))
    assert isinstance(first, Accepted)
    assert isinstance(first.state, OfferState)

    assert isinstance(offers.count_truth(first.state, truth(Tally(11, 7), date(2026, 12, 1))), Unchanged)
    assert isinstance(offers.count_truth(first.state, truth(Tally(12, 7), DAY)), Accepted)
    assert isinstance(offers.count_truth(first.state, None), Accepted)
    assert isinstance(offers.count_truth(registered.state, None), Unchanged)


def test_the_public_page_tells_the_numbers_that_are_counted_by() -> None:
    rules = load_observation_rules(IntakeSettings.model_construct())
    danish, _, english = (REPOSITORY / "docs/reference/truth-record.md").read_text(encoding="utf-8").partition("## English")
    numbers = (rules.objection_period.days, rules.window.days, rules.told_within.days)
    assert all(f"{number} dage" in danish and f"{number} days" in english for number in numbers)
    assert f"mindst {LEAST}" in danish
    assert f"at least {LEAST}" in english
    assert all(f"`{finding}`" in danish and f"`{finding}`" in english for finding in FINDINGS)
