"""What matching has said of each need, followed as it is said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import orjson

from shared.contracts.match import CLAIM_KEY
from shared.messaging.log import LogTail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from shared.contracts.need import NeedProfile
    from shared.messaging.records import RawRecord
    from tests.support.matching_log import MatchingLog

_NOT_CANONICAL: Final = b',"day":'


class SaidOnLog:
    """The last record of each need in `matches`, as compaction would leave it, in its canonical form."""

    def __init__(self) -> None:
        self.last: dict[str, bytes | None] = {}
        self.written = 0

    async def on_records(self, records: list[RawRecord]) -> None:
        for record in records:
            if record.key is not None and record.key != CLAIM_KEY:
                self.written += 1
                self.last[record.key] = None if record.value is None else record.value.rpartition(_NOT_CANONICAL)[0]

    def wrong(self, needs: Mapping[str, NeedProfile]) -> list[str]:
        """Give the needs of which something else stands there than of its present version: needs that are open, and no others."""
        standing = {id_ for id_, body in self.last.items() if body is not None}
        older = [id_ for id_ in needs.keys() & standing if not (self.last[id_] or b"").startswith(_head(needs[id_]))]
        return sorted({*older, *(needs.keys() ^ standing)})

    def places(self, need_id: str) -> list[str]:
        """Give the ids on the list of an open need, the best first."""
        body = self.last[need_id]
        assert body is not None, f"{need_id} has a tombstone"
        return [place["vacancy_id"] for place in orjson.loads(body + b"}")["places"]]


def _head(need: NeedProfile) -> bytes:
    return b'{"need_id":"%b","need_version":%d,' % (need.need_id.encode(), need.version)


@asynccontextmanager
async def said_on(log: MatchingLog) -> AsyncIterator[SaidOnLog]:
    """Follow the topic until the block is left."""
    said = SaidOnLog()
    tail = LogTail(log.bootstrap, log.names.topic("matches"), said.on_records)
    following = asyncio.create_task(tail.run())
    try:
        yield said
    finally:
        tail.stop()
        await following
