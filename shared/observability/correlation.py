"""One id that follows a matter from where it came in (HTTP or Kafka) to the alert, through every log line."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)

# Foreign ids are taken over only when they cannot break a header, a log line or a page.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/-]{1,128}", re.ASCII)


def new_correlation_id() -> str:
    return uuid.uuid4().hex


def current_correlation_id() -> str | None:
    """The id of the matter that this task works on, if it works on one."""
    return _correlation_id.get()


def use_correlation_id(given: str | None) -> str:
    """Let the rest of this task work under the given id, or under a new one when there is none fit to be used."""
    chosen = given if given is not None and _ACCEPTABLE.fullmatch(given) else new_correlation_id()
    _correlation_id.set(chosen)
    return chosen


@contextmanager
def correlated(given: str | None) -> Iterator[str]:
    """Work under the given id (or a new one) inside the block, and under the former one after it."""
    before = _correlation_id.get()
    try:
        yield use_correlation_id(given)
    finally:
        _correlation_id.set(before)
