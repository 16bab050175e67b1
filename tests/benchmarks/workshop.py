"""A benchmark's own corner of the stack's servers: topics under a prefix of their own, databases of their own, services as processes."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from shared.database import migrate
from shared.messaging.security import environment_of
from shared.messaging.topics import TopicNames, create_topics, delete_topics, list_topics
from tests.support.processes import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.cli.stack_state import StackState
    from shared.messaging.topics import Topics

_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Workshop:
    """Where the pieces of a benchmark live until it ends."""

    bootstrap_servers: str
    declared: Topics
    names: TopicNames
    intake_dsn: str
    notifications_dsn: str
    bare_dsn: str
    folder: Path

    def service(self, name: str, **more: str) -> ServiceProcess:
        """One of the three services in earnest, not yet started."""
        environment = {
            **environment_of(self.bootstrap_servers),
            "LEDIGPLADS_TOPIC_PREFIX": self.names.prefix,
            "LEDIGPLADS_INTAKE_POSTGRES_DSN": self.intake_dsn,
            "LEDIGPLADS_NOTIFICATIONS_POSTGRES_DSN": self.notifications_dsn,
            "LEDIGPLADS_SMTP_HOST": "127.0.0.1",
            "LEDIGPLADS_SMTP_PORT": "9",
            "LEDIGPLADS_MAIL_FROM": "Ledigplads <varsel@ledigplads.example>",
            "LEDIGPLADS_MATCHING_WORKER": "1",
            "LEDIGPLADS_LOG_LEVEL": "warning",
            **more,
        }
        return ServiceProcess(f"services.{name}", environment, log=self.folder / f"{name}.log")

    @property
    def intake_copy_dsn(self) -> str:
        """What `copy_intake_database` makes."""
        return f"{self.intake_dsn}-copy"

    async def copy_intake_database(self) -> None:
        """Keep intake's database as it is now, for a peer that is to write the same on top; nobody may be connected to it."""
        name = urlsplit(self.intake_dsn).path.removeprefix("/")
        await _as_admin(self.bare_dsn, f'CREATE DATABASE "{name}-copy" TEMPLATE "{name}"')

    async def with_empty_topics(self) -> Workshop:
        """The same workshop with a second set of topics, for a stage that must begin without what another wrote."""
        place = replace(self, names=TopicNames(f"{self.names.prefix}again-"))
        await create_topics(place.bootstrap_servers, place.declared, place.names)
        return place


@asynccontextmanager
async def workshop(stack: StackState) -> AsyncIterator[Workshop]:
    """Make topics and databases, and remove them after."""
    names = TopicNames(f"bench{uuid4().hex[:8]}-")
    async with AsyncExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="ledigplads-bench-")))
        await create_topics(stack.bootstrap_servers, stack.topics, names)
        after.push_async_callback(_forget_topics, stack.bootstrap_servers, names)
        dsns = []
        for name, folders in (
            ("intake", ["services/intake/migrations", "shared/messaging/migrations"]),
            ("notifications", ["services/notifications/migrations", "shared/messaging/migrations"]),
            ("bare", []),
        ):
            database = f"{names.prefix}{name}"
            await _as_admin(stack.intake_dsn, f'CREATE DATABASE "{database}"')
            for made in (database, f"{database}-copy"):
                after.push_async_callback(_as_admin, stack.intake_dsn, f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
            dsn = urlunsplit(urlsplit(stack.intake_dsn)._replace(path=f"/{database}"))
            if folders:
                await migrate(dsn, [_REPOSITORY / one for one in folders])
            dsns.append(dsn)
        yield Workshop(stack.bootstrap_servers, stack.topics, names, dsns[0], dsns[1], dsns[2], folder)


async def _forget_topics(bootstrap_servers: str, names: TopicNames) -> None:
    ours = [topic for topic in await list_topics(bootstrap_servers) if topic.startswith(names.prefix)]
    await delete_topics(bootstrap_servers, ours)


async def _as_admin(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
