"""Exceptions in logs: where and what kind, but not what the exception says, since it often quotes the data."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What these say comes from the operating system or the broker, never from a citizen's data.
_SPEAKING_TYPES: tuple[type[BaseException], ...] = (OSError, ImportError, NotImplementedError)
_SPEAKING_PACKAGES = ("aiokafka.",)

# What PostgreSQL says quotes values ("Key (mail)=(...) already exists"); these parts of it name only the schema.
_POSTGRES_PARTS = ("sqlstate", "table_name", "column_name", "constraint_name")

_MOST_FRAMES = 25
_MOST_CAUSES = 4


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Tell type, stack and causes of an exception without its text.

    The text is kept only for kinds whose text cannot be about a citizen. pydantic and PostgreSQL quote the offending
    value, so for them only the kind, the constraint and the place in the code are told.
    """
    chain = [_describe_one(link) for link, _ in zip(_causes(error), range(_MOST_CAUSES), strict=False)]
    first = chain[0]
    return first if len(chain) == 1 else first | {"causes": chain[1:]}


def _describe_one(error: BaseException) -> dict[str, Any]:
    described: dict[str, Any] = {"type": _qualified_name(type(error)), "stack": list(_frames(error))}
    if _may_speak(error):
        described["text"] = str(error)
    for part in _POSTGRES_PARTS:
        if isinstance(found := getattr(error, part, None), str):
            described[part] = found
    if isinstance(error, BaseExceptionGroup):
        described["inner"] = [describe_exception(inner) for inner in error.exceptions[:_MOST_CAUSES]]
    return described


def _may_speak(error: BaseException) -> bool:
    return isinstance(error, _SPEAKING_TYPES) or type(error).__module__.startswith(_SPEAKING_PACKAGES)


def _qualified_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]:
        yield f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}"


def _short_path(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
