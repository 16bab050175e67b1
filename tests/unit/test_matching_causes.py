"""Why a record is written, and which of its places are news that may be pushed."""

from datetime import UTC, datetime, timedelta

from services.matching.domain.causes import SLACK, Cause, CauseKind, joined
from services.matching.domain.partition import Partition, Phase

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def cause(kind: CauseKind, minutes: int = 0) -> Cause:
    """Something that happened so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    return Cause(f"{kind}-{minutes}", at, None, kind, at - SLACK)


def test_a_changed_need_makes_its_whole_list_news_whatever_else_happened() -> None:
    for other in (cause("vacancy"), cause("policy"), cause("day"), cause("start")):
        assert not joined(other, cause("need", 1)).is_quiet
        assert not joined(cause("need"), other).is_quiet


def test_a_place_that_came_before_or_after_a_new_policy_is_news_of_its_own_and_the_policys_are_not() -> None:
    after = joined(cause("policy", 5), cause("vacancy", 9))
    before = joined(cause("vacancy", 0), cause("policy", 5))
    assert (after.kind, after.since) == ("policy", cause("policy", 5).since)
    assert (before.kind, before.since) == ("policy", cause("vacancy", 0).since)
    assert after.is_quiet
    assert before.is_quiet


def test_a_record_belongs_to_the_matter_that_is_pushed() -> None:
    assert joined(cause("vacancy", 0), cause("policy", 5)).correlation_id == "vacancy-0"
    assert joined(cause("policy", 0), cause("vacancy", 5)).correlation_id == "vacancy-5"
    assert joined(cause("vacancy", 0), cause("vacancy", 5)).correlation_id == "vacancy-5"


def test_several_vacancies_reach_back_to_the_first_of_them() -> None:
    told = joined(joined(cause("vacancy", 0), cause("vacancy", 30)), cause("day", 31))
    assert told.since == cause("vacancy", 0).since


def restored(heard_until: int | None) -> Partition:
    """A partition whose needs were met at 10 and at 50 minutes, and of which somebody had spoken until some minute."""
    partition = Partition(0, phase=Phase.RESTORING)
    if heard_until is not None:
        partition.saw_record("need-said", 3, 1, cause("vacancy", heard_until))
    partition.resume()
    partition.note("need-old", cause("need", 10))
    partition.note("need-new", cause("need", 50))
    partition.settle(cause("start", 60))
    return partition


def test_after_a_restart_only_what_happened_meanwhile_is_news() -> None:
    partition = restored(heard_until=30)
    assert partition.unsaid["need-old"].is_quiet
    assert partition.unsaid["need-old"].since == NOON + timedelta(minutes=30) - SLACK
    assert not partition.unsaid["need-new"].is_quiet


def test_the_first_start_ever_pushes_nothing_of_what_it_finds() -> None:
    partition = restored(heard_until=None)
    assert all(one.is_quiet and one.since is None for one in partition.unsaid.values())


def test_a_record_that_was_not_acknowledged_keeps_its_news_when_something_quiet_came_meanwhile() -> None:
    partition = Partition(0, phase=Phase.LIVE)
    partition.note("need-1", cause("policy", 9))
    partition.failed_to_say("need-1", cause("vacancy", 3))
    assert partition.unsaid["need-1"].since == cause("vacancy", 3).since


def test_a_record_that_was_not_acknowledged_keeps_its_news_over_a_rebalance() -> None:
    partition = Partition(0, phase=Phase.RESTORING)
    partition.saw_record("need-said", 3, 1, cause("vacancy", 0))
    partition.resume()
    partition.failed_to_say("need-1", cause("need", 5))
    partition.settle(cause("start", 6))
    assert partition.unsaid["need-1"] == cause("need", 5)
