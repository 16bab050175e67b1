"""Named, described queries in .sql files, called by name through aiosql."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import aiosql


class Queries(Protocol):
    """What a `queries.sql` holds: a method for each query, with the query's named parameters."""

    def __getattr__(self, name: str) -> Callable[..., Any]: ...


def load_queries(path: Path) -> Queries:
    """Load a `queries.sql`; every query becomes a method that takes a connection and named parameters.

    The sign behind the name says what comes back, and the comment under it what the query is for:

        -- name: open_needs(municipality)     rows: an async iterator, `[row async for row in queries.open_needs(...)]`
        -- name: need(need_id)^               awaited: one row or None
        -- name: count_of_needs()$            awaited: one value
        -- name: close_need(need_id)!         awaited: the status ("UPDATE 1")
        -- name: add_needs(need_id, body)*!   awaited: once for each mapping of parameters in a list
        -- name: add_need(body)<!             awaited: the row that RETURNING gives
    """
    return cast("Queries", aiosql.from_path(path, "asyncpg"))
