"""The whole embedded stack: brought up in order, looked after, stopped in order."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.embedded import identity, services
from deploy.embedded.counts import counts, growth, settled_counts
from deploy.embedded.databases import create_database
from deploy.embedded.errors import CannotStartError
from deploy.embedded.home import Home
from deploy.embedded.kafka import EmbeddedKafka, NodePorts
from deploy.embedded.logins import Logins
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.process import Child
from deploy.embedded.reports import Ready, Reporter, Said, Step
from deploy.embedded.services import CHECKOUT, WITH_DATABASE, Service, Surroundings
from deploy.embedded.supervisor import Member, Supervisor
from deploy.embedded.warden import end_all, started_at
from deploy.principals.bindings import Declaration
from deploy.principals.declared import load_access
from deploy.signing import LAUNCHER, AsProgram, signed_as
from deploy.simulate import sample
from deploy.simulate.ways_in import AwayError, RefusedError
from shared.messaging.security import Brokers, settings_of
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import TopicCreationFailed, TopicNames, create_topics, load_topics

_READY_WITHIN_SECONDS = 120.0
_HELD = "HELD"
"""How the first check of a service begins that will not work before an operator has decided something."""
_MIGRATED_WITHIN_SECONDS = 120.0
_SETTLED_WITHIN_SECONDS = 60.0
_FINISH_WORK_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 0.1
_COUNT_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """What `up` was asked for; None is what the stack had before."""

    brokers: int | None = None
    workers: int | None = None
    sample: bool = True


class Stack:
    """One stack under one home. `start`, then `watch` until it should end, then `stop`."""

    def __init__(self, home: Home, options: Options, report: Reporter) -> None:
        self._home = home
        self._options = options
        self._report = report
        self._supervisor = Supervisor(report, self._write_state)
        self._kafka: EmbeddedKafka | None = None
        self._postgres: EmbeddedPostgres | None = None
        self._services: dict[str, Service] = {}
        self._bootstrap = _given_kafka()
        self._names = TopicNames(os.environ.get("LEDIGPLADS_TOPIC_PREFIX", ""))
        self._topics = load_topics(CHECKOUT / "deploy" / "topics.yaml")
        self._administrator_dsn = os.environ.get("LEDIGPLADS_POSTGRES_DSN", "")
        self._address = ""
        self._smtp_port = 0
        self._ready = False
        self._held: set[str] = set()

    async def start(self) -> Ready:
        """Bring everything up.

        Raises:
            CannotStartError: something is missing, with the remedy; what had been started is still to be stopped.
        """
        await asyncio.to_thread(end_leftovers, self._home)
        port = self._home.address_port()
        self._address = f"http://{LOOPBACK}:{port}"
        brokers, workers = self._sizes()
        if not self._bootstrap:
            self._kafka = self._make_kafka(brokers)
            self._bootstrap = self._kafka.bootstrap_servers
        self._smtp_port = self._home.port("smtp")
        self._write_state()
        around, *_ = await _all(
            self._prepare_databases(), self._prepare_topics(), self._start_mail(), self._start_login_provider()
        )
        started = [services.service(self._home, name, around) for name in WITH_DATABASE]
        started += [services.service(self._home, "matching", around, worker) for worker in range(1, workers + 1)]
        await _all(*(self._start_service(one) for one in started))
        await self._start_service(services.proxy(self._home, port, self._services), path="/mail/count")
        self._home.remember(brokers=brokers, workers=workers)
        async with httpx2.AsyncClient(auth=AsProgram(LAUNCHER, self._home)) as client:
            await self._load_sample(client)
            found = await settled_counts(client, self._services.values(), _SETTLED_WITHIN_SECONDS)
        self._ready = True
        self._write_state()
        return Ready(self._address, found)

    async def watch(self) -> None:
        """Keep everything running and say what happens, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervisor.run())
            group.create_task(self._tell_growth())

    async def stop(self) -> None:
        """Stop in order: the services finish the work in hand, then the proxy, the mail, PostgreSQL and Kafka."""
        self._ready = False
        await self._supervisor.leave_alone()
        last = ("proxy", "mail", "login-provider")
        working = [one for name, one in self._services.items() if name not in last]
        for one in working:
            one.child.ask_to_stop()
        for one in (*working, *(self._services[name] for name in last if name in self._services)):
            await asyncio.to_thread(one.child.stop, _FINISH_WORK_SECONDS)
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)
        if self._kafka is not None:
            await asyncio.to_thread(self._kafka.stop)
        self._home.forget_state()

    def _sizes(self) -> tuple[int, int]:
        had = self._home.remembered()
        brokers = self._options.brokers or had.get("brokers") or 1
        workers = self._options.workers or had.get("workers") or 1
        if workers < 1:
            message = f"There is no stack with {workers} matching workers: say --workers 1 or more"
            raise CannotStartError(message)
        if not self._bootstrap and self._home.kafka.exists() and had.get("brokers") not in (None, brokers):
            message = f"This stack was made with {had['brokers']} broker(s): say --brokers {had['brokers']}, or forget its data with: make clean"
            raise CannotStartError(message)
        return brokers, workers

    def _make_kafka(self, brokers: int) -> EmbeddedKafka:
        ports = [
            NodePorts(self._home.port(f"kafka-{number}"), self._home.port(f"kafka-{number}-controller"))
            for number in range(1, brokers + 1)
        ]
        return EmbeddedKafka(
            self._home.kafka,
            brokers,
            ports=ports,
            progress=lambda done, of: self._report(Step("Kafka", f"fetching jar {done} of {of} (the first time only)")),
        )

    @property
    def _logins(self) -> Logins:
        return Logins(self._home, self._bootstrap, Declaration(load_access(), self._topics, self._names))

    async def _prepare_topics(self) -> None:
        await self._start_kafka()
        await _all(self._create_topics(), self._make_users())

    async def _make_users(self) -> None:
        made = await self._logins.make()
        self._report(Step("Kafka users", f"{made}, each with its own rights" if made else "yours", done=True))

    async def _prepare_databases(self) -> Surroundings:
        """What the services need of PostgreSQL, while Kafka is still starting."""
        await self._start_postgres()
        logins = self._logins
        around = Surroundings(
            {name: logins.of_service(name) for name in (*WITH_DATABASE, "matching")},
            await self._create_databases(),
            self._smtp_port,
            self._address,
            identity.settings(self._home, self._address),
            identity.pages_settings(self._home),
            await self._keys(),
        )
        await _all(*(self._migrate(name, around) for name in WITH_DATABASE))
        return around

    async def _start_kafka(self) -> None:
        kafka = self._kafka
        if kafka is None:
            self._report(Step("Kafka", f"yours, at {self._bootstrap}", done=True))
            return
        self._report(Step("Kafka", "starting"))
        await asyncio.to_thread(kafka.start)
        for number, node in enumerate(kafka.nodes):
            name = "kafka" if kafka.brokers == 1 else f"kafka-{number + 1}"
            self._supervisor.add(Member(name, node, partial(kafka.restart, number)))
        self._write_state()
        self._report(Step("Kafka", f"{kafka.brokers} broker(s) at {self._bootstrap}", done=True))

    async def _start_postgres(self) -> None:
        if self._administrator_dsn:
            self._report(Step("PostgreSQL", "yours", done=True))
            return
        self._postgres = postgres = EmbeddedPostgres(self._home.postgres, self._home.port("postgres"))
        self._report(Step("PostgreSQL", "starting"))
        await asyncio.to_thread(postgres.start)
        self._administrator_dsn = postgres.dsn
        self._supervisor.add(Member("postgres", postgres.server, postgres.restart))
        self._write_state()
        self._report(Step("PostgreSQL", f"at {LOOPBACK}:{postgres.port}", done=True))

    async def _start_mail(self) -> None:
        await self._start_service(services.mail_catcher(self._home, self._smtp_port))

    async def _start_login_provider(self) -> None:
        one = await asyncio.to_thread(identity.prepare, self._home, self._address)
        if one is None:
            self._report(Step("login", "yours, by LEDIGPLADS_IDENTITY_ISSUER", done=True))
            return
        await self._start_service(one)

    async def _start_service(self, one: Service, path: str = "/readyz") -> None:
        self._report(Step(one.name, "starting"))
        self._services[one.name] = one
        one.child.start()
        self._write_state()
        held = await _until_ready(one, path)
        self._supervisor.add(Member(one.name, one.child, one.child.start))
        if held:
            self._held.add(one.name)
        self._report(Step(one.name, held or "ready", done=True))

    async def _create_databases(self) -> dict[str, str]:
        """Each service's connection string: given one by one, or made from the administrator's."""
        return {name: await self._database(name, name.upper()) for name in WITH_DATABASE}

    async def _keys(self) -> dict[str, str]:
        """The keys of citizens: a database apart, and master keys in no database."""
        return {
            "LEDIGPLADS_INTAKE_KEYS_POSTGRES_DSN": await self._database("intake_keys", "INTAKE_KEYS"),
            "LEDIGPLADS_INTAKE_MASTER_KEYS_FILE": str(self._home.master_keys()),
        }

    async def _database(self, name: str, variable: str) -> str:
        """Give what LEDIGPLADS_…_POSTGRES_DSN says, or make the database and its role."""
        database = f"ledigplads_{name}"
        given = os.environ.get(f"LEDIGPLADS_{variable}_POSTGRES_DSN")
        return given or await create_database(self._administrator_dsn, database, self._home.secret(database))

    async def _create_topics(self) -> None:
        try:
            await create_topics(self._bootstrap, self._topics, self._names)
        except (KafkaError, OSError, TopicCreationFailed) as error:
            message = f"The topics cannot be made on Kafka at {self._bootstrap} ({error}): look at that server and at what its clients may do"
            raise CannotStartError(message) from error
        self._report(Step("topics", f"{len(self._topics.topics)} declared", done=True))

    async def _migrate(self, name: str, around: Surroundings) -> None:
        child = services.migration(self._home, name, around)
        child.start()
        if not await asyncio.to_thread(child.wait, _MIGRATED_WITHIN_SECONDS) or child.exit_code != 0:
            await asyncio.to_thread(child.kill)
            raise CannotStartError(_why_not(f"The database of {name} cannot be brought up to date", child))
        self._report(Step(f"database of {name}", "up to date", done=True))

    async def _load_sample(self, client: httpx2.AsyncClient) -> None:
        if not self._options.sample or self._home.remembered().get("sample") or self._held:
            return
        there = await counts(client, self._services.values())
        if self._kafka is None and any(there.get(name) for name in ("vacancies", "needs")):
            self._report(Step("sample", "left out: there are vacancies or needs already", done=True))
            return
        self._report(Step("sample", "loading"))
        urls = self._services["intake"].url, self._services["notifications"].url
        try:
            await sample.load(
                *urls,
                self._bootstrap,
                self._names,
                partner_bootstrap=await self._logins.admit(sample.PARTNER),
                signed=signed_as(sample.SENDER, self._home),
                progress=lambda text: self._report(Step("sample", text)),
            )
        except (sample.SampleRefusedError, AwayError, RefusedError, TimeoutError) as error:
            message = f"The sample cannot be loaded ({type(error).__name__}: {error}): read the logs beside {self._services['intake'].child.log}"
            raise CannotStartError(message) from error
        self._home.remember(sample=True)
        self._report(Step("sample", "loaded", done=True))

    async def _tell_growth(self) -> None:
        async with httpx2.AsyncClient(auth=AsProgram(LAUNCHER, self._home)) as client:
            last = await counts(client, self._services.values())
            while True:
                await asyncio.sleep(_COUNT_EVERY_SECONDS)
                now = await counts(client, self._services.values())
                change = growth(last, now)
                if change:
                    self._report(Said(change))
                last = last | now

    def _write_state(self) -> None:
        """For the command line, and for the next launcher if this one should be killed."""
        children: list[Child] = [one.child for one in self._services.values()]
        nodes = self._kafka.nodes if self._kafka is not None else ()
        children += nodes
        postgres: dict[str, object] = {"dsn": self._administrator_dsn}
        if self._postgres is not None and self._postgres.started:
            children.append(self._postgres.server)
            postgres["pid"] = self._postgres.server.pid
        shown = {name: {"url": one.url, "pid": one.child.pid, "port": one.port} for name, one in self._services.items()}
        if "mail" in shown:
            shown["mail"]["smtp_port"] = self._smtp_port
        self._home.write_state(
            {
                "address": self._address,
                "ready": self._ready,
                "launcher": os.getpid(),
                "kafka": {
                    "bootstrap_servers": self._bootstrap,
                    "pids": [node.pid for node in nodes],
                    "administrator": {name: str(value) for name, value in settings_of(self._bootstrap).items()},
                },
                "postgres": postgres,
                "proxy": shown.pop("proxy", None),
                "services": shown,
                "identity": {"issuer": identity.issuer(self._address), "audience": identity.audience()},
                "topic_prefix": self._names.prefix,
                "processes": [
                    {"pid": child.pid, "started": started_at(child.pid)} for child in children if child.pid is not None
                ],
            }
        )


def _given_kafka() -> Brokers:
    """Where LEDIGPLADS_KAFKA_… says; nowhere is no address."""
    if not os.environ.get("LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS"):
        return Brokers("")
    try:
        return KafkaSettings().brokers
    except ValidationError as error:
        message = f"LEDIGPLADS_KAFKA_… cannot be used: {'; '.join(item['msg'] for item in error.errors())}"
        raise CannotStartError(message) from None


def end_leftovers(home: Home) -> None:
    """End what a launcher that was killed, and its warden with it, left running."""
    left = home.state().get("processes", [])
    end_all({int(one["pid"]): (float(one["started"]), int(signal.SIGINT)) for one in left if one["started"] is not None})


async def _until_ready(one: Service, path: str) -> str | None:
    """Wait until a service is ready; gives what it says if it waits for an operator instead, whose commands need the rest up."""
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    said = ""
    async with httpx2.AsyncClient(timeout=5) as client:
        while time.monotonic() < deadline:
            if not one.child.running:
                raise CannotStartError(_why_not(f"{one.name} cannot start", one.child))
            try:
                answer = await client.get(f"{one.url}{path}")
                if answer.status_code == httpx2.codes.OK:
                    return None
                said = _not_well(answer)
                if said.partition(": ")[2].startswith(_HELD):
                    return said
            except httpx2.HTTPError:
                said = said or "no answer"
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
    message = f"{one.name} is not ready after {_READY_WITHIN_SECONDS:.0f} seconds ({said}): read {one.child.log}"
    raise CannotStartError(message)


def _not_well(answer: httpx2.Response) -> str:
    """What `/readyz` says is not well, in its own words."""
    try:
        checks = answer.json()["checks"]
    except (ValueError, KeyError):
        return f"it answers {answer.status_code}"
    return ", ".join(f"{name}: {check['detail']}" for name, check in checks.items() if not check["ok"])


def _why_not(what: str, child: Child) -> str:
    """The child's own sentence where it has one."""
    lines = [line for line in child.last_words().splitlines() if line.strip()]
    own = next((line.partition("cannot start: ")[2] for line in reversed(lines) if "cannot start: " in line), "")
    return f"{what}: {own} (its log is {child.log})" if own else f"{what}, it ended with code {child.exit_code}: read {child.log}"


async def _all(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run side by side, let every one end, then raise the first failure: nothing is still starting when it is told."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)
