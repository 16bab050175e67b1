"""LISTEN on a connection of its own, which comes back by itself after PostgreSQL was away."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from shared.database.pool import NOT_THERE_YET

_log = structlog.get_logger(__name__)

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0
# A connection whose other end vanished without a word looks alive until it is used.
_HEARTBEAT_SECONDS = 10.0
_ANSWER_WITHIN_SECONDS = 5.0

OnNotify = Callable[[str], None]


class Listener:
    """Calls back for each notification, and says when some may have been missed.

    A callback must be quick and must not fail: it sets an event or puts into a queue.

        listener = Listener(dsn, {"outbox": lambda shard: wake.set()}, on_reconnect=wake.set)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listener.run())

    Args:
        dsn: of the database; LISTEN is per database.
        channels: what to call with the payload of each notification of a channel.
        on_reconnect: called after every connect, the first too: what was notified before may not have been heard, so
            look for yourself.
        application_name: shown in `pg_stat_activity`.
    """

    def __init__(
        self,
        dsn: str,
        channels: Mapping[str, OnNotify],
        *,
        on_reconnect: Callable[[], None] | None = None,
        application_name: str = "ledigplads-listener",
    ) -> None:
        self._dsn = dsn
        self._channels = channels
        self._on_reconnect = on_reconnect
        self._application_name = application_name
        self._listening = asyncio.Event()

    @property
    def is_listening(self) -> bool:
        return self._listening.is_set()

    async def wait_until_listening(self) -> None:
        await self._listening.wait()

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            asyncpg.PostgresError: PostgreSQL refuses for a reason that waiting does not cure, such as a wrong password.
        """
        wait_seconds = _FIRST_WAIT_SECONDS
        while True:
            try:
                connection = await self._connect()
            except NOT_THERE_YET as error:
                _log.warning("listener_cannot_connect", error=type(error).__name__, again_in_seconds=wait_seconds)
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(2 * wait_seconds, _LONGEST_WAIT_SECONDS)
                continue
            wait_seconds = _FIRST_WAIT_SECONDS
            try:
                await self._listen(connection)
            finally:
                self._listening.clear()
                connection.terminate()
            _log.warning("listener_lost_its_connection")

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._dsn,
            timeout=_ANSWER_WITHIN_SECONDS,
            command_timeout=_ANSWER_WITHIN_SECONDS,
            server_settings={"application_name": self._application_name},
        )

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """Return when the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        try:
            for channel in self._channels:
                await connection.add_listener(channel, self._hear)
            self._listening.set()
            if self._on_reconnect is not None:
                self._on_reconnect()
            while not lost.is_set():
                await connection.execute("SELECT 1")
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), _HEARTBEAT_SECONDS)
        except (*NOT_THERE_YET, asyncpg.InterfaceError, asyncpg.OperatorInterventionError):
            # Told by PostgreSQL (it stops) or by the socket: either way the connection is gone.
            return

    def _hear(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:  # noqa: ANN401 - asyncpg's own union
        self._channels[channel](str(payload))
