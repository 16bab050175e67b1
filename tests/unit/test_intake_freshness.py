"""How long a posting is believed, bare: by kind, to the reminder, to the end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.domain import offers, vacancies
from services.intake.domain.freshness import Freshness, Moment, Validity
from services.intake.domain.outcomes import Accepted, Outcome, Unchanged
from services.intake.domain.states import OfferState, VacancyState
from services.intake.domain.vacancies import Sent
from services.intake.settings import IntakeSettings, load_freshness
from shared.contracts.drafts import OfferDraft, VacancyDraft
from shared.contracts.reference import offer_types, sections
from tests.support.intake import OFFER, VACANCY

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def freshness(**changed: Any) -> Freshness:
    return load_freshness(IntakeSettings.model_construct(**changed))


USUAL = freshness()


def later(passed: timedelta) -> Moment:
    return Moment(NOW + passed, USUAL)


def taken(outcome: Outcome) -> VacancyState:
    assert isinstance(outcome, Accepted), outcome
    assert isinstance(outcome.state, VacancyState)
    return outcome.state


def offer() -> OfferState:
    outcome = offers.register("skovly", OfferDraft.model_validate(OFFER), None)
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.state, OfferState)
    return outcome.state


def announced(**changed: Any) -> VacancyState:
    draft = VacancyDraft.model_validate(VACANCY | changed)
    return taken(vacancies.announce("v-1", draft, offer(), Sent("http:skovly", None, "http"), later(timedelta())))


def restated(before: VacancyState, passed: timedelta, **changed: Any) -> Outcome:
    draft = VacancyDraft.model_validate(VACANCY | changed)
    return vacancies.restate(before, draft, offer(), Sent("http:skovly", None, "http"), later(passed))


# --- the file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections_", "kinds", "days"),
    [
        (["SEL-103"], [], 30),
        (["SEL-104"], ["SEL-104", "DAGC"], 30),
        (["SEL-107"], [], 14),
        (["SEL-109"], ["SEL-109"], 1),
        (["SEL-110"], [], 1),
        (["SEL-108", "SEL-107"], [], 14),  # one place under both: the shorter
        ([], ["VAER"], 90),
        (["SEL-104"], ["VAER"], 30),  # a drop-in place that is also visited to
        ([], ["SOCV"], 30),
        ([], [], 30),
    ],
)
def test_a_posting_is_believed_as_long_as_the_shortest_of_its_sections_and_kinds(
    sections_: list[str], kinds: list[str], days: int
) -> None:
    assert USUAL.validity(sections_, kinds).lasts == days * DAY


@given(st.sets(st.sampled_from(sorted(sections())), min_size=1), st.sets(st.sampled_from(sorted(offer_types()))))
def test_one_more_section_or_kind_never_makes_it_last_longer(sections_: set[str], kinds: set[str]) -> None:
    whole = USUAL.validity(sections_, kinds).lasts
    assert all(whole <= USUAL.validity([section], []).lasts for section in sections_)
    assert whole <= USUAL.validity(sections_, []).lasts


def test_every_rule_of_the_file_has_its_reason_in_both_languages_and_a_reminder_before_its_end() -> None:
    file = yaml.safe_load(IntakeSettings.model_fields["intake_freshness"].default.read_text(encoding="utf-8"))
    for rule in (file["otherwise"], *file["codes"].values()):
        assert len(rule["reason_da"]) > 15
        assert len(rule["reason_en"]) > 15
    assert all(one.remind_before < one.lasts for one in (USUAL.otherwise, *USUAL.by_code.values()))


def test_one_setting_overrides_every_kind() -> None:
    changed = freshness(intake_validity_days=8)
    assert changed.validity(["SEL-109"], []) == changed.validity(["SEL-103"], []) == Validity(8 * DAY, 2 * DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"codes": {"SEL-192": {"lasts": "P1D", "remind_before": "PT1H", "reason_da": "x", "reason_en": "x"}}},
        {"otherwise": {"lasts": "P1D", "remind_before": "P2D", "reason_da": "x", "reason_en": "x"}},
        {"otherwise": {"lasts": "P1D", "remind_before": "PT2H", "reason_en": "no Danish"}},
        {"otherwise": {"lasts": "soon", "remind_before": "PT2H", "reason_da": "x", "reason_en": "x"}},
    ],
)
def test_a_file_with_an_unknown_code_no_reason_or_a_late_reminder_stops_the_service(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    given_file = yaml.safe_load(IntakeSettings.model_fields["intake_freshness"].default.read_text(encoding="utf-8"))
    file = tmp_path / "freshness.yaml"
    file.write_text(yaml.safe_dump(given_file | wrong), encoding="utf-8")
    with pytest.raises(ValidationError):
        freshness(intake_freshness=file)


# --- a vacancy through its term ------------------------------------------------------------------------------------


def test_an_offer_is_reminded_once_before_the_end_and_not_before_its_time() -> None:
    before = announced()  # § 103: 30 days, reminded 5 before
    assert isinstance(vacancies.remind(before, later(25 * DAY - HOUR)), Unchanged)

    reminded = taken(vacancies.remind(before, later(25 * DAY)))
    assert (reminded.vacancy.version, reminded.vacancy.reminded_at) == (2, NOW + 25 * DAY)
    assert reminded.vacancy.expires_at == before.vacancy.expires_at
    assert reminded.vacancy.opening == before.vacancy.opening
    assert isinstance(vacancies.remind(reminded, later(26 * DAY)), Unchanged)


def test_a_confirmation_clears_the_reminder_and_the_next_term_has_its_own() -> None:
    reminded = taken(vacancies.remind(announced(), later(26 * DAY)))
    confirmed = taken(vacancies.confirm(reminded, later(27 * DAY)))

    assert confirmed.vacancy.reminded_at is None
    assert confirmed.vacancy.expires_at == NOW + 57 * DAY
    assert isinstance(vacancies.remind(confirmed, later(51 * DAY)), Unchanged)
    assert taken(vacancies.remind(confirmed, later(52 * DAY))).vacancy.reminded_at == NOW + 52 * DAY


def test_the_same_stated_again_answers_a_reminder_however_young_the_posting_is() -> None:
    beds: dict[str, Any] = {"sections": ["SEL-109"], "kinds": ["SEL-109"], "municipality": "0740"}
    young = announced(**beds)  # 1 day, reminded 4 hours before
    assert isinstance(restated(young, 5 * HOUR, **beds), Unchanged)  # a quarter of a day: 6 hours
    assert isinstance(restated(young, 6 * HOUR, **beds), Accepted)

    reminded = taken(vacancies.remind(announced(), later(25 * DAY)))
    again = taken(restated(reminded, 25 * DAY + HOUR))
    assert (again.vacancy.reminded_at, again.vacancy.confirmed_at) == (None, NOW + 25 * DAY + HOUR)


def test_an_offer_that_was_asked_soon_is_believed_when_it_says_the_same_again() -> None:
    # 10 days of which half a day is over when the offer is asked; the same again within a day of the posting is else no confirmation.
    eager = Freshness(otherwise=Validity(10 * DAY, 9.5 * DAY), confirm_again_after=DAY, keep_closed=30 * DAY)
    before = taken(
        vacancies.announce(
            "v-1", VacancyDraft.model_validate(VACANCY), offer(), Sent("http:skovly", None, "http"), Moment(NOW, eager)
        )
    )
    half_a_day = Moment(NOW + 12 * HOUR, eager)
    reminded = taken(vacancies.remind(before, half_a_day))
    again = [
        vacancies.restate(one, VacancyDraft.model_validate(VACANCY), offer(), Sent("http:skovly", None, "http"), half_a_day)
        for one in (before, reminded)
    ]
    assert [type(outcome) for outcome in again] == [Unchanged, Accepted]


def test_what_has_expired_or_closed_is_not_reminded() -> None:
    before = announced()
    assert isinstance(vacancies.remind(before, later(30 * DAY)), Unchanged)
    assert isinstance(vacancies.remind(taken(vacancies.close(before, "filled")), later(26 * DAY)), Unchanged)


def test_a_changed_offer_leaves_the_reminder_as_it_is() -> None:
    waiting, reminded = announced(), taken(vacancies.remind(announced(), later(25 * DAY)))
    renamed = offers.register("skovly", OfferDraft.model_validate(OFFER | {"name": "Skovbo"}), offer())
    assert isinstance(renamed, Accepted)
    assert isinstance(renamed.state, OfferState)

    followed = taken(vacancies.follow_offer(waiting, renamed.state))
    assert (followed.vacancy.reminded_at, followed.remind_at) == (None, NOW + 25 * DAY)
    assert taken(vacancies.follow_offer(reminded, renamed.state)).vacancy.reminded_at == NOW + 25 * DAY


@given(st.sets(st.sampled_from(sorted(sections())), min_size=1), st.integers(0, 100))
def test_a_reminder_always_lies_between_the_confirmation_and_the_end(sections_: set[str], hours: int) -> None:
    moment = later(hours * HOUR)
    term = moment.term(sections_, ())
    assert moment.now < term.remind_at < term.expires_at
    assert not Moment(term.remind_at, USUAL).believes(moment.now, sections_, ())
