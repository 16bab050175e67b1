"""The decisions of the notifications service, bare."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.alerts import push
from services.notifications.domain.delivery import Attempt, GiveUp, Patience, Retry, answered, not_reached
from services.notifications.domain.matches import Claim, MatchRecord, accept, loud_places, recipient
from services.notifications.domain.places import AlertNow, AlreadySaid, Copy, Outdated, Place, Wait, judge
from services.notifications.domain.vacancies import VacancyState, newest
from shared.contracts.match import ScoredPlace

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def place(
    *,
    opening: int = 2,
    version: int = 5,
    vacancy_id: str = "vac-1",
    person: str = "person-1",
    at: datetime = NOW,
    epoch: int | None = 1,
    is_quiet: bool = False,
) -> Place:
    return Place(
        person=person, need_id="need-1", vacancy_id=vacancy_id, opening=opening, vacancy_version=version, vacancy_epoch=epoch, score=80,
        points={"services": 80}, unknown=(), policy="p", match=(1, 1), happened_at=at, correlation_id="c", is_quiet=is_quiet,
    )  # fmt: skip


def record(need_id: str = "need-1", *, epoch: int = 1, version: int = 1, offset: int = 0, partition: int = 0) -> MatchRecord:
    return MatchRecord(
        need_id=need_id, partition=partition, offset=offset, position=(epoch, version), happened_at=NOW, correlation_id="c",
        person="person-1", policy="p", need=None, places=(),
    )  # fmt: skip


def test_the_first_opening_that_a_person_hears_of_is_new() -> None:
    assert judge(place(opening=2), Copy(1, 5, 2, "open"), None) == AlertNow("new")


def test_an_opening_after_one_that_was_said_is_reopened() -> None:
    assert judge(place(opening=2), Copy(1, 5, 2, "open"), 1) == AlertNow("reopened")


def test_an_opening_that_was_said_is_not_said_again_and_neither_is_an_earlier_one() -> None:
    assert judge(place(opening=2), Copy(1, 5, 2, "open"), 2) == AlreadySaid()
    assert judge(place(opening=2), Copy(1, 5, 2, "open"), 3) == AlreadySaid()


def test_a_place_waits_for_the_version_of_the_vacancy_that_matching_saw() -> None:
    assert judge(place(version=5), None, None) == Wait()
    assert judge(place(version=5), Copy(1, 4, 2, "open"), None) == Wait()
    assert judge(place(version=5), Copy(1, 4, 1, "closed"), None) == Wait()


def test_a_place_that_the_vacancy_has_left_behind_is_outdated() -> None:
    assert judge(place(version=5, opening=2), Copy(1, 6, 3, "open"), None) == Outdated()
    assert judge(place(version=5, opening=2), Copy(1, 6, 2, "closed"), None) == Outdated()
    assert judge(place(version=5, opening=2), Copy(1, 6, 0, "gone"), None) == Outdated()


def test_a_newer_version_of_the_same_opening_is_alerted_to() -> None:
    assert judge(place(version=5, opening=2), Copy(1, 7, 2, "open"), None) == AlertNow("new")


def test_a_claim_ends_lower_epochs_from_where_it_stands_and_not_before() -> None:
    entries: list[Claim | MatchRecord] = [
        record("need-a", epoch=1, offset=0),
        Claim(0, 2, 1),
        record("need-b", epoch=1, offset=2),
        record("need-c", epoch=2, offset=3),
    ]
    accepted = accept(entries, {})
    assert [one.need_id for one in accepted.records] == ["need-a", "need-c"]
    assert accepted.claims == [Claim(0, 2, 1)]


def test_what_was_written_by_right_before_a_claim_is_accepted_when_it_is_read_again_after_it() -> None:
    assert len(accept([record(epoch=1, offset=5)], {0: Claim(0, 2, 9)}).records) == 1
    assert accept([record(epoch=1, offset=10)], {0: Claim(0, 2, 9)}).records == []


def test_a_claim_concerns_its_own_partition_only() -> None:
    assert len(accept([record(epoch=1, offset=10, partition=1)], {0: Claim(0, 2, 9)}).records) == 1


def test_a_lower_claim_changes_nothing() -> None:
    accepted = accept([Claim(0, 1, 10), record(epoch=1, offset=11)], {0: Claim(0, 2, 9)})
    assert (accepted.records, accepted.claims) == ([], [])


positions = st.tuples(st.integers(1, 3), st.integers(1, 5))


@given(st.lists(st.tuples(st.sampled_from(["need-a", "need-b"]), positions), max_size=12))
def test_of_each_need_the_record_with_the_highest_epoch_and_version_is_left_whatever_the_order(
    written: list[tuple[str, tuple[int, int]]],
) -> None:
    entries = [record(need, epoch=at[0], version=at[1], offset=offset) for offset, (need, at) in enumerate(written)]
    accepted = {one.need_id: one.position for one in accept(entries, {}).records}
    assert accepted == {need: max(at for other, at in written if other == need) for need, _ in written}


@given(st.lists(st.tuples(st.sampled_from(["vac-a", "vac-b"]), positions), max_size=12))
def test_of_each_vacancy_the_newest_state_is_left(written: list[tuple[str, tuple[int, int]]]) -> None:
    states = newest(VacancyState(id_, at, "open", 1, {}) for id_, at in written)
    assert {state.vacancy_id: state.position for state in states} == {
        id_: max(at for other, at in written if other == id_) for id_, _ in written
    }


def test_a_need_without_a_caseworker_goes_to_its_municipality() -> None:
    assert recipient(None, "0791") == "unassigned-0791"
    assert recipient("person-1", "0791") == "person-1"


def test_places_of_one_record_are_one_mail_with_an_id_that_is_always_the_same() -> None:
    due = [(place(vacancy_id="vac-1"), "new"), (place(vacancy_id="vac-2"), "new")]
    alerts, [mail] = push(due, frozenset({"person-1"}), NOW)  # type: ignore[arg-type] # literals in a list
    assert {alert.delivery_id for alert in alerts} == {mail.delivery_id}
    _, [again] = push(list(reversed(due)), frozenset({"person-1"}), NOW)  # type: ignore[arg-type] # the same
    assert again.delivery_id == mail.delivery_id


def test_what_happened_before_the_database_began_is_not_pushed() -> None:
    [alert], mails = push([(place(at=NOW - timedelta(seconds=1)), "new")], frozenset({"person-1"}), NOW)
    assert (alert.delivery_id, mails) == (None, [])


def test_who_has_no_mail_address_gets_the_inbox_only() -> None:
    [alert], mails = push([(place(), "new")], frozenset(), NOW)
    assert (alert.delivery_id, mails) == (None, [])


def attempt(number: int = 1, *, age: timedelta = timedelta()) -> Attempt:
    return Attempt(number, NOW - age, NOW)


def test_back_off_doubles_up_to_its_bound() -> None:
    patience = Patience(first_wait_seconds=1, longest_wait_seconds=10)
    waits = [not_reached(attempt(number), patience) for number in (1, 2, 3, 4, 5, 500)]
    assert waits == [Retry("unreachable", seconds) for seconds in (1, 2, 4, 8, 10, 10)]


def test_a_final_no_is_final_and_a_passing_one_is_tried_again_for_five_days() -> None:
    assert answered(550, attempt(), Patience()) == GiveUp("refused")
    assert answered(451, attempt(), Patience()) == Retry("refused_for_now", 0.5)
    assert answered(451, attempt(age=timedelta(days=6)), Patience()) == GiveUp("too_old")
    assert not_reached(attempt(age=timedelta(days=6)), Patience()) == GiveUp("too_old")


def test_after_an_epoch_rise_a_place_waits_for_the_newer_epoch_although_its_version_is_lower() -> None:
    """Intake restored from a backup counts versions anew: epoch 2 version 3 comes after epoch 1 version 9."""
    assert judge(place(epoch=2, version=3, opening=2), Copy(1, 9, 2, "open"), None) == Wait()
    assert judge(place(epoch=2, version=3, opening=2), Copy(1, 9, 2, "closed"), None) == Wait()
    assert judge(place(epoch=2, version=3, opening=2), Copy(2, 3, 2, "open"), None) == AlertNow("new")
    assert judge(place(epoch=1, version=9, opening=2), Copy(2, 3, 2, "open"), None) == AlertNow("new")
    assert judge(place(epoch=1, version=9, opening=2), Copy(2, 3, 0, "gone"), None) == Outdated()


def test_a_record_that_does_not_say_its_epoch_is_compared_by_version() -> None:
    assert judge(place(epoch=None, version=5), Copy(7, 4, 2, "open"), None) == Wait()
    assert judge(place(epoch=None, version=5), Copy(7, 5, 2, "open"), None) == AlertNow("new")


def test_what_a_new_policy_or_day_brought_is_in_the_inbox_and_in_no_mail() -> None:
    quiet, loud = place(vacancy_id="vac-1", is_quiet=True), place(vacancy_id="vac-2")
    alerts, deliveries = push([(quiet, "new"), (loud, "new")], frozenset({"person-1"}), NOW)
    assert [alert.delivery_id is None for alert in alerts] == [True, False]
    assert len(deliveries) == 1


@pytest.mark.parametrize("cause", ["vacancy", "need", None])
def test_news_of_a_place_or_of_a_need_is_loud(cause: str | None) -> None:
    assert loud_places(cause, ()) is None


@pytest.mark.parametrize("cause", ["policy", "day", "start"])
def test_of_a_quiet_record_only_the_places_that_are_news_of_their_own_are_loud(cause: str) -> None:
    assert loud_places(cause, ("vac-2",)) == frozenset({"vac-2"})


def test_a_quiet_record_does_not_silence_the_news_before_it_in_the_same_batch() -> None:
    loud = replace(record(version=1), places=(scored("vac-1"),))
    quiet = replace(record(version=2, offset=1), places=(scored("vac-1"), scored("vac-2")), loud=frozenset())
    [accepted] = accept([loud, quiet], {}).records
    assert [accepted.place(rank).is_quiet for rank in (0, 1)] == [False, True]


def scored(vacancy_id: str) -> ScoredPlace:
    return ScoredPlace(vacancy_id=vacancy_id, vacancy_version=1, opening=1, score=80, points={"services": 80})
