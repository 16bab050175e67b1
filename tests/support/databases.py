"""A database for each test: migrated once per session as a template, then cloned in some 50 ms."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from shared.database import migrate


def make_template(admin_dsn: str, name: str, folders: Sequence[Path]) -> str:
    """Make a migrated database to clone from, and return its name."""
    template = f"template_{name}_{uuid4().hex[:8]}"

    async def make() -> None:
        await _as_admin(admin_dsn, f'CREATE DATABASE "{template}"')
        if folders:
            await migrate(dsn_of(admin_dsn, template), folders)

    asyncio.run(make())
    return template


def drop_database(admin_dsn: str, name: str) -> None:
    asyncio.run(_as_admin(admin_dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@asynccontextmanager
async def cloned(admin_dsn: str, template: str) -> AsyncIterator[str]:
    """Have a database of one's own, and give its DSN."""
    name = f"test_{uuid4().hex[:12]}"
    await _as_admin(admin_dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield dsn_of(admin_dsn, name)
    finally:
        await _as_admin(admin_dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def dsn_of(admin_dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{database}"))


async def _as_admin(admin_dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def everything_in(dsn: str) -> str:
    """Give every row of every table as text."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        told = [await connection.fetch(f'SELECT t::text FROM "{table["tablename"]}" AS t') for table in tables]  # noqa: S608 - its own tables
        return "\n".join(row[0] for page in told for row in page)
    finally:
        await connection.close()


async def rows_in(dsn: str, table: str) -> int:
    """Count a table's rows."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - its own table
    finally:
        await connection.close()
