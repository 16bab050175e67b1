"""What was accepted, written down by the client itself: for tests that compare it with what the topics hold after faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Literal, Self

import orjson

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

Entity = Literal["vacancy", "need"]
Way = Literal["http", "kafka"]
Status = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted change of one entity: from now on its state is at least of this version."""

    entity: Entity
    entity_id: str
    reference: str
    version: int
    status: Status
    way: Way


class Ledger:
    """A file of JSON lines, each on disk before the next is written; without a path it forgets."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, accepted: Accepted) -> None:
        if self._file is None:
            return
        self._file.write(
            orjson.dumps({"at": datetime.now(UTC), **{name: getattr(accepted, name) for name in accepted.__slots__}}) + b"\n"
        )
