"""Each service's own database and role, made from an administrator's connection."""

from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from deploy.embedded.errors import CannotStartError


async def create_database(administrator_dsn: str, name: str, password: str) -> str:
    """Make the role and the database of that name (or find them), and return the role's connection string.

    Raises:
        CannotStartError: the server cannot be reached, or the administrator may not make roles and databases.
    """
    try:
        connection = await asyncpg.connect(administrator_dsn)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        message = f"PostgreSQL cannot be reached ({type(error).__name__}): look at the server and at LEDIGPLADS_POSTGRES_DSN"
        raise CannotStartError(message) from error
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name):
            await connection.execute(await _statement(connection, "CREATE ROLE %I LOGIN", name))
        await connection.execute(await _statement(connection, "ALTER ROLE %I PASSWORD %L", name, password))
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            # An administrator who is no superuser may only give a database to a role that he is a member of.
            await connection.execute(await _statement(connection, "GRANT %I TO CURRENT_USER", name))
            await connection.execute(await _statement(connection, "CREATE DATABASE %I OWNER %I", name, name))
    except asyncpg.InsufficientPrivilegeError as error:
        message = (
            f"The user of LEDIGPLADS_POSTGRES_DSN may not make the role and the database {name}: give it CREATEROLE and CREATEDB, or make "
            f"them and say {name.upper()}_POSTGRES_DSN"
        )
        raise CannotStartError(message) from error
    finally:
        await connection.close()
    return role_dsn(administrator_dsn, name, password)


def role_dsn(administrator_dsn: str, name: str, password: str) -> str:
    """The same server, with the database and the role of that name."""
    parts = urlsplit(administrator_dsn)
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(name)}:{quote(password)}@{server}", path=f"/{quote(name)}"))


async def _statement(connection: asyncpg.Connection, template: str, *values: str) -> str:
    """Let PostgreSQL quote names and literals of a statement that takes no parameters."""
    places = ", ".join(f"${number}::text" for number in range(2, len(values) + 2))
    return str(await connection.fetchval(f"SELECT format($1, {places})", template, *values))
