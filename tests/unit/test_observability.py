"""What gets into a log line, and what does not."""

import asyncio
import logging
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared.observability import correlated, current_correlation_id, use_correlation_id
from shared.observability.exceptions import describe_exception
from shared.observability.logs import NEVER_LOGGED, configure_logging, drop_dangerous_keys, hide_text_of_foreign_exceptions


class Person(BaseModel):
    cpr: int


def caught(work: Any) -> BaseException:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - the test wants whatever it is
        return error
    raise AssertionError("nothing was raised")


def raise_from_a_secret() -> None:
    try:
        Person.model_validate({"cpr": "hemmelig"})
    except ValidationError as error:
        raise RuntimeError("hemmelig") from error


def test_an_exception_is_told_by_kind_place_and_cause_but_not_by_its_text() -> None:
    described = describe_exception(caught(raise_from_a_secret))
    assert described["type"] == "RuntimeError"
    assert described["stack"][-1].startswith("tests/unit/test_observability.py:")
    assert [cause["type"] for cause in described["causes"]] == ["pydantic_core._pydantic_core.ValidationError"]
    assert "hemmelig" not in repr(described)


def test_what_the_operating_system_says_is_kept_since_it_knows_no_citizen() -> None:
    described = describe_exception(ConnectionRefusedError(111, "Connection refused"))
    assert described["text"] == "[Errno 111] Connection refused"


def test_an_error_of_postgres_names_the_constraint_and_not_the_row() -> None:
    error = asyncpg.UniqueViolationError("Key (mail)=(hemmelig) already exists")
    error.constraint_name = "people_mail_key"
    described = describe_exception(error)
    assert (described["sqlstate"], described["constraint_name"]) == ("23505", "people_mail_key")
    assert "hemmelig" not in repr(described)


def test_every_failure_in_a_task_group_is_told() -> None:
    described = describe_exception(ExceptionGroup("hemmelig", [ValueError("hemmelig"), OSError("disk full")]))
    assert [inner["type"] for inner in described["inner"]] == ["ValueError", "OSError"]
    assert "hemmelig" not in repr(described)


@given(st.dictionaries(st.sampled_from([*sorted(NEVER_LOGGED), "need_id", "topic"]), st.just("hemmelig")))
def test_dangerous_keys_are_dropped_and_named_whatever_the_line(event: dict[str, Any]) -> None:
    kept = drop_dangerous_keys(None, "info", dict(event))
    assert not NEVER_LOGGED & kept.keys()
    assert kept.get("dropped_keys", []) == sorted(NEVER_LOGGED & event.keys())
    assert {"need_id", "topic"} & kept.keys() == {"need_id", "topic"} & event.keys()


def test_a_librarys_line_about_an_exception_loses_the_exceptions_text() -> None:
    error = caught(raise_from_a_secret)
    exc_info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("faststream.kafka", logging.ERROR, "", 0, "RuntimeError: hemmelig", None, exc_info)
    event = hide_text_of_foreign_exceptions(None, "error", {"event": record.msg, "_record": record})
    assert event["event"] == "faststream.kafka met RuntimeError"


def test_an_unknown_log_level_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        configure_logging("demo", "loud")


@given(st.text())
def test_a_correlation_id_never_breaks_a_header_or_a_line(given_id: str) -> None:
    with correlated(given_id) as chosen:
        assert chosen.isascii()
        assert chosen.isprintable()
        assert 0 < len(chosen) <= 128
        assert not set(chosen) & set(" \"'<>&;,\\")


def test_after_a_block_the_former_matter_goes_on() -> None:
    with correlated("outer"):
        with correlated("inner"):
            assert current_correlation_id() == "inner"
        assert current_correlation_id() == "outer"


async def test_tasks_at_the_same_time_work_under_ids_of_their_own() -> None:
    both_have_begun = asyncio.Barrier(2)

    async def work(given_id: str) -> str | None:
        use_correlation_id(given_id)
        await both_have_begun.wait()
        return current_correlation_id()

    assert list(await asyncio.gather(work("one"), work("two"))) == ["one", "two"]
