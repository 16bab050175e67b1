"""The whole road as it is in earnest: the three services as processes, a mail catcher, and ways in and out of them."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import httpx2
import orjson

from deploy.embedded.databases import create_database
from deploy.embedded.mailcatcher import Mailbox
from deploy.embedded.mailcatcher import build_app as build_mail_catcher
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.principals.administration import administration, brokers_as
from deploy.principals.applying import apply
from deploy.principals.bindings import Declaration
from deploy.principals.declared import SERVICES, load_access
from deploy.simulate.broker_view import BrokerView
from deploy.simulate.settling import settle
from deploy.simulate.ways_in import Service
from shared.database import migrate
from shared.identity import Role
from shared.messaging.log import read_to_end
from shared.messaging.security import environment_of, security_of
from shared.messaging.topics import TopicNames, load_topics
from tests.support.asking import AsWhoeverMay
from tests.support.identity import token_for
from tests.support.notifications import EventStream
from tests.support.processes import REPOSITORY, ServiceProcess
from tests.support.running import RunningService, running
from tests.support.topics import create_all
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from shared.messaging.records import RawRecord

PATIENCE = 60
"""Seconds: how long a machine with too much to do may take for what takes milliseconds."""
_PAGE = 1000
_PASSWORD = "secret"
_MESSAGING_MIGRATIONS = REPOSITORY / "shared" / "messaging" / "migrations"


@dataclass(frozen=True, slots=True)
class Around:
    """What the services need around them: servers, names on them, and a database each.

    Attributes:
        topics_file: the declaration that the services check themselves against.
    """

    bootstrap_servers: str
    names: TopicNames
    topics_file: Path
    intake_dsn: str
    notifications_dsn: str

    def brokers_of(self, service: str) -> str:
        """Give the brokers to a service, which is nobody but itself to a Kafka that asks."""
        if not security_of(self.bootstrap_servers).logs_in:
            return self.bootstrap_servers
        return brokers_as(self.bootstrap_servers, f"{self.names.prefix}{service}", _PASSWORD)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.out)
        return found


class Road:
    """Intake, matching (as many workers as wished), notifications and a mail catcher, on servers that exist.

        async with Road(around, tmp_path, workers=2) as road:
            await road.intake.client.post("/vacancies", json=...)

    The services are processes, to be killed and started again; the mail catcher lives in the test's own loop.
    """

    def __init__(self, around: Around, folder: Path, *, workers: int = 1) -> None:
        self.around = around
        self.folder = folder
        self._smtp_port = free_port()
        self.intake = self._process("intake", self.intake_environment)
        self.matching = [self.matching_worker(number) for number in range(1, workers + 1)]
        self.notifications = self._process("notifications", self.notifications_environment)
        self._closing = AsyncExitStack()
        self._mail: RunningService | None = None

    @property
    def services(self) -> dict[str, ServiceProcess]:
        workers = {f"matching-{number}": worker for number, worker in enumerate(self.matching, start=1)}
        return {"intake": self.intake, **workers, "notifications": self.notifications}

    @property
    def mail(self) -> RunningService:
        assert self._mail is not None, "not started"
        return self._mail

    @property
    def environment(self) -> dict[str, str]:
        """What every service and the command line are told; the command line is an administrator's."""
        return {
            **environment_of(self.around.bootstrap_servers),
            "LEDIGPLADS_TOPIC_PREFIX": self.around.names.prefix,
            "LEDIGPLADS_TOPICS_FILE": str(self.around.topics_file),
        }

    @property
    def intake_environment(self) -> dict[str, str]:
        return self._as("intake") | {"LEDIGPLADS_INTAKE_POSTGRES_DSN": self.around.intake_dsn}

    @property
    def notifications_environment(self) -> dict[str, str]:
        return self._as("notifications") | {
            "LEDIGPLADS_NOTIFICATIONS_POSTGRES_DSN": self.around.notifications_dsn,
            "LEDIGPLADS_SMTP_HOST": LOOPBACK,
            "LEDIGPLADS_SMTP_PORT": str(self._smtp_port),
            "LEDIGPLADS_MAIL_FROM": "Ledigplads <varsel@ledigplads.test>",
            "LEDIGPLADS_MAIL_LEASE_SECONDS": "20",
        }

    def matching_worker(self, number: int) -> ServiceProcess:
        """Make a worker that belongs to this road; whoever makes another one starts and stops it."""
        environment = self._as("matching") | {
            "LEDIGPLADS_MATCHING_WORKER": str(number),
            "LEDIGPLADS_MATCHING_SESSION_TIMEOUT_MS": "6000",
            "LEDIGPLADS_MATCHING_RECLAIM_SECONDS": "1",
        }
        return self._process("matching", environment, f"matching-{number}")

    def _as(self, service: str) -> dict[str, str]:
        return self.environment | environment_of(self.around.brokers_of(service))

    def _process(self, service: str, environment: Mapping[str, str], name: str | None = None) -> ServiceProcess:
        return ServiceProcess(f"services.{service}", environment, log=self.folder / f"{name or service}.log")

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as started:
            mailbox = Mailbox(self.folder / "mail")
            self._mail = await started.enter_async_context(running(build_mail_catcher(mailbox, self._smtp_port)))
            # Whatever has been spawned is ended, also when another one does not come up.
            for process in self.services.values():
                started.push_async_exit(process)
            await asyncio.gather(*(process.start(ready_within_seconds=PATIENCE) for process in self.services.values()))
            self._closing = started.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._closing.aclose()

    # --- from outside ------------------------------------------------------------------------------------------------

    async def command(self, *words: object, stdin: bytes | None = None) -> Ended:
        """Run the command line as a person does, as a program of its own."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDIGPLADS_")}
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("ledigplads"),
            *(str(word) for word in words),
            cwd=REPOSITORY,
            env=environment
            | self.environment
            | {
                "LEDIGPLADS_INTAKE_URL": self.intake.url,
                "LEDIGPLADS_NOTIFICATIONS_URL": self.notifications.url,
                "LEDIGPLADS_MATCHING_URLS": ",".join(worker.url for worker in self.matching),
                "LEDIGPLADS_MAIL_URL": self.mail.url,
                "LEDIGPLADS_TOKEN": token_for(Role.OPERATOR, Role.CASEWORKER, municipality="0751"),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin or b"")
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def alerts(self, person: str | None = None) -> list[dict[str, Any]]:
        """Every alert, of one person or of everybody, each asking for his own; oldest first."""
        if person is None:
            everybody = await self._alerted_people()
            return sorted([alert for one in everybody for alert in await self.alerts(one)], key=itemgetter("alert_id"))
        found: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"limit": _PAGE, "person": person}
        while True:
            after = found[-1]["alert_id"] if found else 0
            answer = await self.notifications.client.get("/notifications/alerts", params=query | {"after": after})
            answer.raise_for_status()
            page = [orjson.loads(line) for line in answer.content.splitlines()]
            found += page
            if not page:
                return found

    async def _alerted_people(self) -> list[str]:
        connection = await asyncpg.connect(self.around.notifications_dsn)
        try:
            return [row["person"] for row in await connection.fetch("SELECT DISTINCT person FROM alerts")]
        finally:
            await connection.close()

    async def alerted(self, person: str, count: int = 1, within_seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """Wait until a person has so many alerts."""
        return await eventually(
            lambda: self.alerts(person), until=lambda alerts: len(alerts) >= count, within_seconds=within_seconds
        )

    @asynccontextmanager
    async def stream(self, person: str) -> AsyncIterator[EventStream]:
        """Open a person's live stream, as the inbox page does."""
        request = self.notifications.client.stream("GET", "/notifications/stream", params={"person": person}, timeout=60)
        async with request as answer:
            answer.raise_for_status()
            yield EventStream(answer.aiter_lines())

    async def mails(self) -> list[dict[str, Any]]:
        """What the catcher holds: number, message_id, to, subject, text, headers."""
        answer = await self.mail.client.get("/mail/messages")
        return [orjson.loads(line) for line in answer.content.splitlines()]

    async def records(self, topic: str, key: str | None = None) -> list[RawRecord]:
        """Read a topic (logical name) from beginning to end; of one key only, if it is given."""
        batches = read_to_end(self.around.bootstrap_servers, self.around.names.topic(topic))
        return [record async for batch in batches for record in batch if key is None or record.key == key]

    async def is_quiet(self, within_seconds: float = PATIENCE) -> None:
        """Wait until every service is ready and nothing is on its way any more.

        Raises:
            AssertionError: something was still moving, or not ready.
        """
        await asyncio.gather(*(process.wait_until_ready(within_seconds) for process in self.services.values()))
        await eventually(self._nothing_waits, within_seconds=within_seconds)
        async with httpx2.AsyncClient(auth=AsWhoeverMay()) as client:
            around = self.around
            async with BrokerView(around.bootstrap_servers, around.names, load_topics(around.topics_file)) as view:
                settled = await settle(view, Service(client, self.notifications.url), within_seconds)
        assert settled.quiet, f"not quiet within {within_seconds} s: {settled.notifications}"

    async def _nothing_waits(self) -> bool:
        """Whether intake has published everything, and notifications neither waits for a vacancy nor has a mail to send."""
        connection = await asyncpg.connect(self.around.intake_dsn)
        try:
            unpublished = await connection.fetchval("SELECT count(*) FROM outbox")
        finally:
            await connection.close()
        counts = (await self.notifications.client.get("/notifications/operator/counts")).raise_for_status().json()
        left = {"unpublished": unpublished} | {name: counts[name] for name in ("places_waiting", "deliveries_waiting")}
        assert not any(left.values()), left
        return True


@asynccontextmanager
async def new_surroundings(
    bootstrap_servers: str, postgres_dsn: str, topics_file: Path, names: TopicNames
) -> AsyncIterator[Around]:
    """Make topics and migrated databases for one road on servers that exist; both are for whoever ends the servers to forget."""
    dsns = {}
    for service in ("intake", "notifications"):
        dsns[service] = await create_database(postgres_dsn, f"{names.prefix}{service}", "secret")
        await migrate(dsns[service], [REPOSITORY / "services" / service / "migrations", _MESSAGING_MIGRATIONS])
    topics = load_topics(topics_file)
    await create_all(bootstrap_servers, topics, names)
    if security_of(bootstrap_servers).logs_in:
        async with administration(bootstrap_servers) as admin:
            await apply(admin, Declaration(load_access(), topics, names), dict.fromkeys(SERVICES, _PASSWORD))
    yield Around(bootstrap_servers, names, topics_file, dsns["intake"], dsns["notifications"])
