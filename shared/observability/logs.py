"""structlog as JSON on stdout, with the standard library's logging (uvicorn, aiokafka, FastStream) routed into it."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.observability.correlation import current_correlation_id
from shared.observability.exceptions import describe_exception

# Under these names stands what identifies a citizen, what is free text, or what opens a door. No log line has them:
# a line names fields and ids, and whoever may see the rest looks it up where access is recorded.
NEVER_LOGGED = frozenset(
    {
        "address", "authorization", "body", "citizen", "cookie", "cpr", "data", "dsn", "email", "headers", "input",
        "mail", "name", "note", "password", "payload", "phone", "query", "recipient", "secret", "subject_line", "text",
        "token", "value", "values",
    }
)  # fmt: skip

# Libraries whose chatter at info says nothing to an operator, at their most useful level.
_QUIETER = {
    "aiokafka": logging.WARNING,
    "numba": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "asyncio": logging.WARNING,
}


def configure_logging(service: str, level: str = "info") -> None:
    """Send every line of this process to stdout as one JSON object; called once, when a process starts.

    Args:
        service: stands in every line.
        level: the lowest level that is written ("debug", "info", "warning", "error").

    Raises:
        ValueError: the level is not one of logging's.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"LEDIGPLADS_LOG_LEVEL is {level!r}; it must be one of debug, info, warning, error")
    common = _common_processors(service)
    structlog.configure(
        processors=[*common, structlog.processors.JSONRenderer(serializer=_to_json)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_standard_logging(common, threshold)


def _common_processors(service: str) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        add_correlation_id,
        drop_dangerous_keys,
        render_exception,
    ]


def _route_standard_logging(common: list[Processor], threshold: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, hide_text_of_foreign_exceptions, *common],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_to_text),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for library, quietest in _QUIETER.items():
        logging.getLogger(library).setLevel(max(quietest, threshold))
    logging.captureWarnings(capture=True)


def add_correlation_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "correlation_id" not in event and (correlation_id := current_correlation_id()) is not None:
        event["correlation_id"] = correlation_id
    return event


def drop_dangerous_keys(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take out what must not be logged and say which keys it was, so that the line's author sees it in development."""
    if dangerous := sorted(NEVER_LOGGED & event.keys()):
        for key in dangerous:
            del event[key]
        event["dropped_keys"] = dangerous
    return event


def render_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = _exception_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = describe_exception(error)
    return event


def hide_text_of_foreign_exceptions(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the message of a library's line about an exception, because it may quote the exception's text.

    FastStream, for one, logs "ValidationError: … input_value=…" when a handler fails.
    """
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_info and (error := record.exc_info[1]) is not None:
        event["event"] = f"{record.name} met {type(error).__name__}"
        event["exc_info"] = error
    return event


def _exception_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return next((part for part in exc_info if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if exc_info else None


def _to_json(event: MutableMapping[str, Any], **_: object) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _to_text(event: MutableMapping[str, Any], **_: object) -> str:
    return _to_json(event).decode()
