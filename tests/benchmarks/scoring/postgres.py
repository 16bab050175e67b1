"""PostgreSQL at its best: typed columns, a covering index in the order of the candidates, statements prepared, everything in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import asyncpg
import numpy as np

from tests.benchmarks.scoring.dialects import POSTGRESQL
from tests.benchmarks.scoring.ranking import Ranking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.matching.domain.tables import Array
    from tests.benchmarks.scoring.tables import SqlTable

_TYPES: Final = {"i2": "smallint", "i4": "integer", "i8": "bigint"}
_ROWS_AT_ONCE: Final = 20_000
_BITS: Final = 128
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_ARRAY_HEADER_BYTES: Final = 20
SETTINGS: Final = {"jit": "off", "work_mem": "256MB", "random_page_cost": "1.1", "effective_cache_size": "4GB"}
SERIAL: Final = {"max_parallel_workers_per_gather": "0"}
PARALLEL: Final = {
    "max_parallel_workers_per_gather": "2",
    "min_parallel_table_scan_size": "0",
    "min_parallel_index_scan_size": "0",
    "parallel_setup_cost": "10",
    "parallel_tuple_cost": "0.001",
}


async def load(dsn: str, tables: Sequence[SqlTable]) -> None:
    """Fill the tables, index them, and let index-only scans see that all is visible."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET maintenance_work_mem = '1GB'")
        for table in tables:
            columns = ", ".join(f"{name} {_type(values)} NOT NULL" for name, values in table.columns.items())
            await connection.execute(f"CREATE UNLOGGED TABLE {table.name} ({columns})")
            await connection.copy_to_table(table.name, source=_binary(table), columns=list(table.columns), format="binary")
            covered = ", ".join(name for name in table.columns if name not in table.keys)
            await connection.execute(f"CREATE INDEX ON {table.name} ({', '.join(table.keys)}) INCLUDE ({covered})")
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
    finally:
        await connection.close()


def _type(values: Array) -> str:
    return f"bit({_BITS})" if values.ndim > 1 else _TYPES[values.dtype.str[1:]]


async def _binary(table: SqlTable) -> AsyncIterator[bytes]:
    """Give a table as COPY reads it: big-endian, each value after its length."""
    fields: list[Any] = [("fields", ">i2")]
    for name, values in table.columns.items():
        fields.append((f"{name} length", ">i4"))
        if values.ndim > 1:
            fields += [(f"{name} bits", ">i4"), (name, ">u8", (2,))]
        else:
            fields.append((name, f">{values.dtype.str[1:]}"))
    record = np.dtype(fields)
    yield _HEADER
    total = len(next(iter(table.columns.values())))
    for start in range(0, total, _ROWS_AT_ONCE):
        rows = np.zeros(min(_ROWS_AT_ONCE, total - start), dtype=record)
        rows["fields"] = len(table.columns)
        for name, values in table.columns.items():
            rows[name] = values[start : start + _ROWS_AT_ONCE]
            wide = values.ndim > 1
            rows[f"{name} length"] = 4 + _BITS // 8 if wide else values.dtype.itemsize
            if wide:
                rows[f"{name} bits"] = _BITS
        yield rows.tobytes()
    yield _TRAILER


class Asker:
    """One connection with its settings, and the questions that it has prepared."""

    dialect = POSTGRESQL

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, dsn: str, settings: dict[str, str]) -> Asker:
        return cls(await asyncpg.connect(dsn, server_settings={**SETTINGS, **settings}))

    async def close(self) -> None:
        await self._connection.close()

    async def prepare(self, ranked: str, first: int, *, all_ids: bool) -> Prepared:
        """Prepare a question, so that only its running is measured; the answer comes as bytes, which costs a client next to nothing."""
        if all_ids:
            answer = f"array_send(array_agg(id)), array_send((array_agg(packed))[1:{first}])"
            statement = f"SELECT {answer} FROM ({ranked}) AS ranked"  # noqa: S608 - generated
        else:
            answer = "array_send(array_agg(id)), array_send(array_agg(packed))"
            statement = f"SELECT {answer} FROM ({ranked} LIMIT {first}) AS ranked"  # noqa: S608 - generated
        return Prepared(await self._connection.prepare(statement))

    async def plan(self, ranked: str) -> str:
        """Give the plan with its true rows and buffers."""
        lines = await self._connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {ranked}")
        return "\n".join(line[0] for line in lines)

    async def rows(self, ranked: str) -> list[tuple[int, int, int]]:
        """Give (id, score, packed) as they come."""
        return [(row[0], row[1], row[2]) for row in await self._connection.fetch(ranked)]

    async def round_trip(self) -> Prepared:
        """Prepare the question that asks nothing."""
        return Prepared(await self._connection.prepare("SELECT NULL::bytea, NULL::bytea"))


class Prepared:
    """A question that can be asked again and again."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._answer: Any = None

    async def ask(self) -> None:
        self._answer = await self._statement.fetchrow()

    def answer(self) -> Ranking:
        """Give what was answered last."""
        ids, packed = self._answer
        return Ranking(_array(ids, ">i4"), _array(packed, ">i8"))


def _array(sent: bytes | None, kind: str) -> Array:
    """Read an array of PostgreSQL: a header, then each value after its length."""
    if sent is None or len(sent) < _ARRAY_HEADER_BYTES:
        return np.zeros(0, dtype=np.int64)
    record = np.dtype([("length", ">i4"), ("value", kind)])
    return np.frombuffer(sent[_ARRAY_HEADER_BYTES:], dtype=record)["value"].astype(np.int64)
