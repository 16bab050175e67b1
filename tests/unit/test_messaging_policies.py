"""The fuse's arithmetic, the delays, the declared topics and what counts as passing."""

from pathlib import Path

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.backoff import Backoff
from shared.messaging.consuming import partner_pattern
from shared.messaging.errors import PassingError, PermanentError, is_passing
from shared.messaging.outbox import SHARDS, decode_headers, encode_headers, shard_of
from shared.messaging.policies import blown_at, trailing
from shared.messaging.topics import TopicNames, load_topics, topics_to_create

TOPICS_FILE = Path(__file__).parents[2] / "deploy" / "topics.yaml"


@pytest.mark.parametrize(
    ("bad", "count", "carried", "start"),
    [
        (set(), 5, 2, None),
        ({0, 1, 2}, 5, 0, 0),
        ({1, 2, 3}, 5, 0, 1),
        ({0}, 1, 2, 0),  # the run began in the batch before
        ({1}, 2, 2, None),  # the good record in between ends it
        ({0, 1, 3, 4}, 5, 0, None),
        ({2, 3, 4}, 4, 0, None),  # the third is not looked at yet
    ],
)
def test_three_failures_in_a_row_blow_a_fuse_of_three(bad: set[int], count: int, carried: int, start: int | None) -> None:
    assert blown_at(bad, count, carried=carried, limit=3) == start


@given(st.sets(st.integers(0, 30)), st.integers(1, 31), st.integers(0, 5))
def test_the_run_carried_over_is_that_of_the_records_laid_end_to_end(bad: set[int], count: int, carried: int) -> None:
    line = "x" * carried + "".join("x" if index in bad else "." for index in range(count))
    assert trailing(bad, count, carried=carried) == len(line) - len(line.rstrip("x"))


@given(st.integers(1, 1000))
def test_delays_grow_and_are_never_longer_than_the_limit(failures: int) -> None:
    backoff = Backoff(first_seconds=0.1, limit_seconds=5)
    whole = min(5, 0.1 * 2 ** min(failures - 1, 20))
    assert 0.75 * whole <= backoff.seconds(failures) <= whole


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (KafkaConnectionError(), True),
        (PassingError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.exceptions.CannotConnectNowError(), True),
        (asyncpg.exceptions.AdminShutdownError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (ExceptionGroup("both", [TimeoutError(), ConnectionResetError()]), True),
        (ExceptionGroup("one", [TimeoutError(), ValueError()]), False),
        (PermanentError(), False),
        (MessageSizeTooLargeError(), False),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.exceptions._base.InternalClientError(), True),
        (asyncpg.UndefinedTableError(), False),
        (ValueError(), False),
        (KeyError(), False),
    ],
)
def test_trouble_of_the_surroundings_passes_and_trouble_of_the_record_stays(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


def test_a_value_that_does_not_fit_its_column_is_no_passing_trouble_though_asyncpg_calls_it_an_interface_error() -> None:
    assert not is_passing(asyncpg.exceptions._base.DataError("invalid input for query argument"))


def test_the_declared_topics_say_how_they_are_kept() -> None:
    topics = load_topics(TOPICS_FILE)
    wanted = {topic.name: topic for topic in topics_to_create(topics, TopicNames("t-"), replication=3, partitions={"matches": 4})}
    needs, dead = wanted["t-need-profiles"], wanted["t-vacancies-notifications-dlq"]
    assert (needs.num_partitions, wanted["t-matches"].num_partitions, dead.num_partitions) == (48, 4, 1)
    assert needs.topic_configs == {
        "cleanup.policy": "compact",
        "max.compaction.lag.ms": "86400000",
        "segment.ms": "86400000",
        "delete.retention.ms": "604800000",
        "min.insync.replicas": "2",
    }
    assert dead.topic_configs["retention.ms"] == str(30 * 86_400_000)
    assert "t-submissions-intake-dlq" in wanted
    assert not any("{" in name for name in wanted)


def test_a_partner_pattern_hears_partners_and_not_its_own_dead_letters() -> None:
    import re  # noqa: PLC0415

    pattern = re.compile(partner_pattern("t-1.submissions-{partner}"))
    assert pattern.match("t-1.submissions-vaerkstedet")
    assert pattern.match("t-1.submissions-by-og-land")
    assert not pattern.match("t-1.submissions-intake-dlq")
    assert not pattern.match("t-1.submissions-")
    assert not pattern.match("t-1xsubmissions-vaerkstedet")
    assert not pattern.match("other-t-1.submissions-vaerkstedet")


@given(st.none() | st.text())
def test_every_key_has_one_shard(key: str | None) -> None:
    assert 0 <= shard_of(key) < SHARDS
    assert shard_of(key) == shard_of(key)


@given(st.lists(st.tuples(st.text(), st.text().map(str.encode))))
def test_headers_come_out_of_the_outbox_as_they_went_in(headers: list[tuple[str, bytes]]) -> None:
    assert decode_headers(encode_headers(headers)) == headers
