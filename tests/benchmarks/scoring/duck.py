"""DuckDB at its best: the same columns in memory, in the order of the candidates, so that whole groups of rows are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from tests.benchmarks.scoring.dialects import DUCKDB
from tests.benchmarks.scoring.ranking import Ranking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.scoring.tables import SqlTable


class Duck:
    """A database in this process."""

    dialect = DUCKDB

    def __init__(self, tables: Sequence[SqlTable]) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("SET enable_progress_bar = false")
        for table in tables:
            columns: dict[str, Any] = {}
            for name, values in table.columns.items():
                if values.ndim > 1:
                    words = np.ascontiguousarray(values.T).view(np.int64)
                    columns |= dict(zip(DUCKDB.wide_columns(name), words, strict=True))
                else:
                    columns[name] = values
            self._connection.register("given", columns)
            self._connection.execute(f"CREATE TABLE {table.name} AS SELECT * FROM given")  # noqa: S608 - names of our own
            self._connection.unregister("given")
        self._prepared = 0

    def use_threads(self, threads: int) -> None:
        self._connection.execute(f"SET threads = {threads}")

    def prepare(self, ranked: str, first: int | None) -> Question:
        self._prepared += 1
        name = f"question_{self._prepared}"
        limit = "" if first is None else f" LIMIT {first}"
        self._connection.execute(f"PREPARE {name} AS {ranked}{limit}")
        return Question(self._connection, name)

    def rows(self, ranked: str) -> list[tuple[int, int, int]]:
        """Give (id, score, packed) as they come."""
        return [(row[0], row[1], row[2]) for row in self._connection.execute(ranked).fetchall()]

    def plan(self, ranked: str) -> str:
        return "\n".join(row[1] for row in self._connection.execute(f"EXPLAIN ANALYZE {ranked}").fetchall())

    def close(self) -> None:
        self._connection.close()


class Question:
    """A prepared question; its answer stays in columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection = connection
        self._statement = f"EXECUTE {name}"
        self._answer: Any = None

    def ask(self) -> None:
        self._answer = self._connection.execute(self._statement).fetchnumpy()

    def answer(self, first: int) -> Ranking:
        """Give what was answered last, with the points of the first."""
        return Ranking(self._answer["id"].astype(np.int64), self._answer["packed"][:first].astype(np.int64))
