"""A recorded log in a file: what `kcat -C -J` writes, a line of JSON for each record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from deploy.cli.exits import UsageError
from deploy.cli.log_state import LogReading
from shared.messaging.records import Coordinates, RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORM = "each line must be what `kcat -C -J` writes: topic, partition, offset, ts, headers, key, payload"


def read_log_file(path: str) -> LogReading:
    """Take in the records of `settings`, `vacancies` and `need-profiles`, whatever prefix their topics have; others are passed over.

    Args:
        path: of the file; `-` is stdin.

    Raises:
        UsageError: there is no such file, or a line of it is not of its form; the line is named, never its content.
    """
    reading = LogReading()
    try:
        if path == "-":
            _take(reading, sys.stdin.buffer, path)
        else:
            with Path(path).open("rb") as lines:
                _take(reading, lines, path)
    except OSError as error:
        raise UsageError(f"{path} kan ikke læses. / {path} cannot be read: {error.strerror}.") from error
    return reading


def _take(reading: LogReading, lines: Iterable[bytes], path: str) -> None:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = _record(orjson.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            # The line is somebody's need: not even the parser's message may go on.
            raise UsageError(f"{path}:{number}: {_FORM}.") from None
        for name in LogReading.TOPICS:
            if record.at.topic.endswith(name):
                reading.take(name, record)


def _record(line: dict[str, Any]) -> RawRecord:
    flat: list[str | None] = line.get("headers") or []
    key, payload = line["key"], line["payload"]
    return RawRecord(
        at=Coordinates(str(line["topic"]), int(line["partition"]), int(line["offset"])),
        key=key,
        value=None if payload is None else payload.encode(),
        headers=tuple(
            (str(name), None if value is None else value.encode()) for name, value in zip(flat[::2], flat[1::2], strict=True)
        ),
        timestamp_ms=int(line["ts"]),
        key_bytes=None if key is None else key.encode(),
    )
