"""Whether the database answers, and in plain words what is wrong when it does not."""

import asyncpg

from shared.database.pool import Pool


async def check_database(pool: Pool) -> tuple[bool, str]:
    """Ask the database something trivial; for `health_routes`, which bounds the time."""
    try:
        await pool.fetchval("SELECT 1")
    except asyncpg.PostgresError as error:
        return False, f"PostgreSQL refuses: {type(error).__name__} ({error.sqlstate})"
    except asyncpg.InterfaceError as error:
        return False, f"the connection pool cannot be used: {type(error).__name__}"
    except OSError as error:
        return False, f"PostgreSQL does not answer: {error.strerror or type(error).__name__}"
    return True, "PostgreSQL answers"
