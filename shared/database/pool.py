"""A pool of asyncpg connections with this project's habits: JSON by orjson, no round trip when one is given back."""

from collections.abc import Mapping

import asyncpg
import orjson
import stamina
from asyncpg.pool import PoolConnectionProxy

Pool = asyncpg.Pool
Connection = asyncpg.Connection | PoolConnectionProxy

NOT_THERE_YET = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)
"""What connecting raises while PostgreSQL starts, restarts or recovers; anything else is a mistake and is not retried."""

_JSONB_VERSION = b"\x01"


async def create_pool(
    dsn: str,
    *,
    application_name: str,
    min_size: int = 2,
    max_size: int = 10,
    command_timeout_seconds: float = 30,
    wait_seconds: float = 60,
    server_settings: Mapping[str, str] | None = None,
) -> Pool:
    """Connect, waiting a bounded time for a PostgreSQL that is still starting.

    Giving a connection back costs no round trip: an open transaction is rolled back, but session state is not reset.
    So nothing that outlives a transaction may be set on a pooled connection: `SET LOCAL` and `set_config(…, true)`, not
    `SET`; `pg_advisory_xact_lock`, not `pg_advisory_lock`; LISTEN belongs to `Listener`, which has its own connection.

    Python values go in and out of `json` and `jsonb` columns. Their codecs are binary, since COPY
    (`copy_records_to_table`) takes no others. Cast to text or bytea in the query to get the bytes themselves.

    Args:
        dsn: of one database and role.
        application_name: shown in `pg_stat_activity`; name the service and what the pool is for.
        min_size: connections kept open, so that no request waits for one to be made.
        max_size: connections at most.
        command_timeout_seconds: longest that one command may take.
        wait_seconds: how long to try before giving up.
        server_settings: of PostgreSQL, for every connection, beside those that all pools have.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: PostgreSQL is not there after `wait_seconds`, or refuses at once.
    """
    attempts = stamina.retry_context(
        on=NOT_THERE_YET, attempts=None, timeout=wait_seconds, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
    )
    async for attempt in attempts:
        with attempt:
            return await asyncpg.create_pool(
                dsn,
                min_size=min_size,
                max_size=max_size,
                init=_prepare,
                reset=_keep_session,
                timeout=5,
                command_timeout=command_timeout_seconds,
                max_inactive_connection_lifetime=0,
                server_settings={
                    "application_name": application_name,
                    "timezone": "UTC",
                    # Compiling a query costs more than any query of ours takes.
                    "jit": "off",
                    "idle_in_transaction_session_timeout": "60s",
                    **(server_settings or {}),
                },
            )
    raise AssertionError("stamina ends in a result or an exception")


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb)
    await connection.set_type_codec("json", schema="pg_catalog", format="binary", encoder=orjson.dumps, decoder=orjson.loads)


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + orjson.dumps(value)


def _decode_jsonb(value: bytes) -> object:
    decoded: object = orjson.loads(memoryview(value)[1:])
    return decoded


async def _keep_session(_connection: asyncpg.Connection | PoolConnectionProxy) -> None:
    """Spare the `RESET ALL` that asyncpg sends before the answer can leave; it has rolled back what was open."""
