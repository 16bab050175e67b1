"""deploy/topics.yaml against the table that the parts have agreed on: what is costly to change later does not change by the way."""

from pathlib import Path

import pytest

from shared.messaging.topics import Topic, load_topics

_DAY_MS = 24 * 3_600_000
TOPICS = load_topics(Path(__file__).parents[2] / "deploy" / "topics.yaml")

# name: (key, partitions, days kept or None for compacted, writer, groups that read it)
AGREED: dict[str, tuple[str, int, int | None, str, set[str]]] = {
    "submissions-{partner}": ("the partner's own reference", 1, 7, "partner", {"intake"}),
    "receipts-{partner}": ("the partner's own reference", 1, 7, "intake", set()),
    "deliveries-{partner}": ("entity id", 1, 30, "notifications", set()),
    "offers": ("offer id", 12, None, "intake", set()),
    "vacancies": ("vacancy id", 12, None, "intake", {"matching", "notifications"}),
    "need-profiles": ("need id", 48, None, "intake", {"matching"}),
    "matches": ("need id", 48, None, "matching", {"matching", "notifications"}),
    "referrals": ("referral id", 12, None, "intake", {"notifications"}),
    "settings": ("policy or today", 1, None, "intake", {"matching", "notifications"}),
    "market-signals": ("kommune, section and target group", 1, None, "notifications", set()),
    "access-events": ("citizen reference", 12, 30, "every service", {"intake"}),
    "access-anchors": ("municipality", 1, 3650, "intake", set()),
}


@pytest.mark.parametrize("topic", TOPICS.topics, ids=lambda topic: topic.name)
def test_a_topic_is_declared_as_agreed(topic: Topic) -> None:
    kept_days = None if topic.retention_ms is None else topic.retention_ms // _DAY_MS
    readers = {reader.group for reader in topic.readers}
    assert (topic.key, topic.partitions, kept_days, topic.writer, readers) == AGREED[topic.name]
    assert topic.policy == ("compact" if kept_days is None else "delete")
    assert all(reader.dead_letters for reader in topic.readers), "whoever reads has dead letters"


def test_no_agreed_topic_is_missing() -> None:
    assert {topic.name for topic in TOPICS.topics} == AGREED.keys()


def test_needs_and_matches_have_the_same_partitions_for_a_worker_writes_where_it_read() -> None:
    assert TOPICS.named("need-profiles").partitions == TOPICS.named("matches").partitions


def test_erasure_is_done_a_day_after_the_tombstone_and_seen_by_whoever_was_away_for_less_than_a_week() -> None:
    config = TOPICS.config(TOPICS.named("need-profiles"))
    assert config == {
        "cleanup.policy": "compact",
        "max.compaction.lag.ms": str(_DAY_MS),
        "segment.ms": str(_DAY_MS),
        "delete.retention.ms": str(7 * _DAY_MS),
    }


def test_dead_letters_are_kept_for_thirty_days_on_one_partition() -> None:
    assert (TOPICS.dead_letter_partitions, TOPICS.dead_letter_retention_ms) == (1, 30 * _DAY_MS)
