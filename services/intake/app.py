"""The only place that constructs things: the intake service as an ASGI app."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka.errors import KafkaError
from starlette.applications import Starlette
from starlette.middleware import Middleware

from services.intake.access.log import AccessLog, Anchors
from services.intake.access.store import AccessStore
from services.intake.citizens.exporting import Exporting
from services.intake.citizens.registry import Citizens
from services.intake.citizens.store import CitizenStore
from services.intake.citizens.vault import Vault
from services.intake.duties import Duties
from services.intake.erasing.erasing import Erasing
from services.intake.erasing.job import waiting_of
from services.intake.erasing.log_scan import LogScan
from services.intake.erasing.proof import Backups
from services.intake.erasing.retention import Retention, load_retention
from services.intake.erasing.steps import Steps, TheLog
from services.intake.erasing.store import ErasureStore
from services.intake.http.handling import not_there_handlers
from services.intake.http.login import Logins, login_routes
from services.intake.observations.observing import Observing
from services.intake.observations.store import ObservationStore
from services.intake.operator_routes import operator_routes
from services.intake.pages.rendering import Pages
from services.intake.partners import Partners
from services.intake.publishing import OWN_TOPICS
from services.intake.receipts import Answering
from services.intake.republishing import Republishing
from services.intake.restoring.adoption import Adoption
from services.intake.restoring.hold import Hold, HoldMiddleware
from services.intake.restoring.restoring import Restoring
from services.intake.restoring.store import RestoringStore
from services.intake.routes import routes
from services.intake.search.running import running_search
from services.intake.service import Intake
from services.intake.settings import load_freshness, load_observation_rules, load_policies, master_keys_reader
from services.intake.sheets.downloading import Downloading
from services.intake.sheets.store import SheetStore
from services.intake.sheets.uploading import Uploading
from services.intake.store import Store
from services.intake.subscribers import subscribe, subscribe_to_looks
from services.intake.timers import Timers
from shared.access import AccessRecorder
from shared.database import check_database, create_pool, load_queries
from shared.identity import Identity, IdentityMiddleware
from shared.identity.codeflow import CodeFlow, Program
from shared.identity.guarding import guarded
from shared.identity.permissions import Service
from shared.identity.sessions import Sealer
from shared.messaging.consuming import Consumers, make_broker
from shared.messaging.deadletters import DeadLetters
from shared.messaging.producing import Producer
from shared.messaging.relay import OutboxRelay
from shared.messaging.topics import TopicNames, check_partition_counts, list_topics, load_topics
from shared.web import CorrelationMiddleware, HeadersMiddleware, exception_handlers, health_routes, metrics_route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from services.intake.settings import IntakeSettings
    from shared.database import Pool
    from shared.messaging.health import Check as Answer
    from shared.web import Check

log = structlog.get_logger(__name__)

_QUERIES = Path(__file__).with_name("queries.sql")


def build_app(settings: IntakeSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Starlette:
    """Make the app; nothing connects before its lifespan begins."""
    topics = load_topics(settings.topics_file)
    names = TopicNames(settings.topic_prefix)
    bootstrap = settings.brokers
    broker = make_broker(bootstrap, client_id=settings.service)
    producer = Producer(bootstrap, client_id=settings.service)
    dead_letters = DeadLetters(producer, names, service=settings.service, clock=clock)
    consumers = Consumers(broker, names, dead_letters, bootstrap_servers=bootstrap)
    hold = Hold()
    identity = Identity.of(settings)
    checks: dict[str, Check] = {"log and database": hold.check, "kafka": partial(_check_broker, bootstrap)}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            await check_partition_counts(bootstrap, topics, names, only=OWN_TOPICS)
            pool = await create_pool(settings.intake_postgres_dsn, application_name=settings.service)
            stack.push_async_callback(pool.close)
            checks["database"] = partial(check_database, pool)
            await producer.start()
            stack.push_async_callback(producer.stop)
            relay = OutboxRelay(pool, producer, names)
            checks["outbox"] = _answering(relay.check)
            store, sheets = Store(pool, load_queries(_QUERIES)), SheetStore(pool)
            intake = Intake(store, clock, load_freshness(settings), load_policies(settings.intake_policies))
            vault = await stack.enter_async_context(_open_vault(settings))
            observing = Observing(intake, store, ObservationStore(), load_observation_rules(settings), clock)
            timers = Timers(intake, observing, clock, every_seconds=settings.intake_timer_seconds)
            checks["timers"] = _answering(timers.check)
            citizen_store = CitizenStore(pool)
            access = AccessLog(store, AccessStore(pool), vault, clock, Anchors(bootstrap, names))
            subscribe_to_looks(consumers, access)
            subscribe(consumers, names, Answering(intake, store, clock))
            checks.update({name: partial(_check_consumer, consumers, name) for name in consumers.checks()})
            search = await stack.enter_async_context(running_search(settings, clock))
            checks["search"] = _answering(search.projector.check)
            erasures = ErasureStore(pool, await stack.enter_async_context(_open_maintenance(settings)))
            steps = Steps(
                intake=intake,
                store=store,
                erasures=erasures,
                vault=vault,
                log=TheLog(bootstrap, names, waiting_of(topics), LogScan(bootstrap, names, topics)),
                rewrite_at_most_bytes=settings.intake_rewrite_at_most_mb * 1_000_000,
                clock=clock,
            )
            erasing = Erasing(store, erasures, vault, steps, clock)
            retention = Retention(intake, erasing, erasures, load_retention(settings.intake_retention), clock)
            work = Duties(intake, relay, timers, consumers, clock, erasing=erasing, retention=retention)
            stack.push_async_callback(work.end)
            republishing = Republishing(store, bootstrap, names, clock)
            restoring = _restoring(pool, store, republishing, settings, clock)
            hold.reason = (
                "an operator said so (LEDIGPLADS_INTAKE_HELD)" if settings.intake_held else await restoring.reason_to_hold()
            )
            if hold.reason is None:
                await work.begin()
            else:
                log.error("intake_held", reason=hold.reason)
            yield {
                "intake": intake,
                "store": store,
                "observing": observing,
                "vault": vault,
                "citizens": None if vault is None else Citizens(store, citizen_store, vault, clock),
                "citizen_store": citizen_store,
                "access": access,
                "exporting": Exporting(citizen_store, access, bootstrap, names),
                "recorder": AccessRecorder(producer, names, "intake", clock),
                "erasing": erasing,
                "erasures": erasures,
                "erasure_waiting": waiting_of(topics),
                "backups": Backups(timedelta(days=settings.intake_backup_days), timedelta(days=settings.intake_keys_backup_days)),
                "retention": retention,
                "pages": Pages(),
                "identity": identity,
                "logins": _logins(identity, settings),
                "clock": clock,
                "searching": search.searching,
                "search_store": search.store,
                "search_limiter": search.limiter,
                "uploading": Uploading(intake, store, sheets, clock),
                "downloading": Downloading(sheets),
                "consumers": consumers,
                "republishing": republishing,
                "restoring": restoring,
                "hold": hold,
                "work": work,
                "partners": Partners(store, bootstrap, names, topics),
            }

    app = Starlette(
        routes=guarded(Service.INTAKE, [*routes(), *login_routes(), *operator_routes(), *health_routes(checks), metrics_route()]),
        middleware=[
            Middleware(HeadersMiddleware),
            Middleware(CorrelationMiddleware),
            Middleware(IdentityMiddleware, identity=identity),
            Middleware(HoldMiddleware, hold=hold),
        ],
        exception_handlers=exception_handlers() | not_there_handlers(),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address that is none is a problem, and no redirect to another that may be none
    return app


@asynccontextmanager
async def _open_vault(settings: IntakeSettings) -> AsyncIterator[Vault | None]:
    """Connect to the database of citizens' keys; None where there is none."""
    if settings.intake_keys_postgres_dsn is None:
        yield None
        return
    read = master_keys_reader(settings)
    pool = await create_pool(
        settings.intake_keys_postgres_dsn, application_name=f"{settings.service} keys", min_size=1, max_size=4
    )
    try:
        yield Vault(pool, read)
    finally:
        await pool.close()


@asynccontextmanager
async def _open_maintenance(settings: IntakeSettings) -> AsyncIterator[Pool]:
    """Connect for VACUUM, which must not stand in everybody's way while it waits for a lock."""
    pool = await create_pool(
        settings.intake_postgres_dsn,
        application_name=f"{settings.service} maintenance",
        min_size=0,
        max_size=1,
        server_settings={"lock_timeout": "5s"},
    )
    try:
        yield pool
    finally:
        await pool.close()


def _logins(identity: Identity, settings: IntakeSettings) -> Logins:
    program = Program(settings.identity_client_id, settings.identity_client_secret, settings.identity_scopes)
    flow = CodeFlow(identity.provider, identity.keys, program, settings.identity_clock_skew_seconds, time.time)
    return Logins(identity, flow, Sealer([settings.identity_session_secret], "login"))


def _restoring(
    pool: Pool, store: Store, republishing: Republishing, settings: IntakeSettings, clock: Callable[[], datetime]
) -> Restoring:
    names, bootstrap = TopicNames(settings.topic_prefix), settings.brokers
    own = RestoringStore(pool)
    return Restoring(
        store=store,
        restoring=own,
        adoption=Adoption(
            store=store, restoring=own, bootstrap=bootstrap, names=names, clock=clock, freshness=load_freshness(settings)
        ),
        republishing=republishing,
        bootstrap=bootstrap,
        names=names,
    )


def _answering(check: Callable[[], Answer]) -> Check:
    async def answer() -> tuple[bool, str]:
        found = check()
        return found.ok, found.detail

    return answer


async def _check_consumer(consumers: Consumers, name: str) -> tuple[bool, str]:
    found = consumers.checks()[name]
    return found.ok, found.detail


async def _check_broker(bootstrap: str) -> tuple[bool, str]:
    """Ask on a connection of its own: the producer's and the consumers' would wait for a broker that is away."""
    try:
        await list_topics(bootstrap)
    except (KafkaError, OSError) as error:
        return False, f"Kafka does not answer: {type(error).__name__}"
    return True, "Kafka answers"
