"""The only place that constructs things: the notifications service as an ASGI app."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from starlette.applications import Starlette
from starlette.middleware import Middleware

from services.notifications.delivering import Sender
from services.notifications.domain.delivery import Patience
from services.notifications.forgetting import Forgetting
from services.notifications.inbox import Inbox
from services.notifications.live import Live
from services.notifications.mail import MailComposer, MailServer
from services.notifications.metrics import Metrics
from services.notifications.pages.rendering import Pages
from services.notifications.rereading import GroupPosition, Rereading
from services.notifications.routes import routes
from services.notifications.service import Notifications
from services.notifications.store import ALERTS_CHANNEL, DELIVERIES_CHANNEL, Store
from services.notifications.subscribers import GROUP, TOPICS, subscribe
from services.notifications.waiting import WaitingKeeper
from shared.background import Background
from shared.database import Listener, check_database, create_pool
from shared.identity import Identity, IdentityMiddleware
from shared.identity.guarding import guarded
from shared.identity.permissions import Service
from shared.messaging.consuming import Consumers, make_broker
from shared.messaging.deadletters import DeadLetters
from shared.messaging.groups import committed_offsets
from shared.messaging.log import end_offsets
from shared.messaging.producing import Producer
from shared.messaging.security import client_options
from shared.messaging.topics import TopicNames, check_partition_counts, load_topics
from shared.web import CorrelationMiddleware, HeadersMiddleware, exception_handlers, health_routes, metrics_route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from services.notifications.settings import NotificationsSettings
    from shared.web import Check

_FINISH_MAIL_SECONDS = 12.0


def _now() -> datetime:
    return datetime.now(UTC)


def build_app(settings: NotificationsSettings, *, clock: Callable[[], datetime] = _now) -> Starlette:
    """Make the app; nothing connects before its lifespan begins."""
    names = TopicNames(settings.topic_prefix)
    broker = make_broker(settings.brokers, client_id=settings.service)
    producer = Producer(settings.brokers, client_id=settings.service)
    consumers = Consumers(
        broker,
        names,
        DeadLetters(producer, names, service=settings.service),
        bootstrap_servers=settings.brokers,
    )
    background = Background()
    identity = Identity.of(settings)
    checks: dict[str, Check] = {"background": background.check, "kafka": partial(_check_broker, settings.brokers)}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        await check_partition_counts(settings.brokers, load_topics(settings.topics_file), names, only=TOPICS)
        async with AsyncExitStack() as stack:
            pool = await create_pool(settings.notifications_postgres_dsn, application_name=settings.service)
            stack.push_async_callback(pool.close)
            checks["database"] = partial(check_database, pool)
            await producer.start()
            stack.push_async_callback(producer.stop)
            store = Store(pool)
            position = GroupPosition(settings.brokers, names, GROUP)
            rereading = Rereading(store, position, clock, TOPICS)
            checks["reading"] = rereading.check
            state = await _start(
                settings,
                store,
                consumers,
                names,
                background=background,
                stack=stack,
                rereading=rereading,
                identity=identity,
                clock=clock,
            )
            checks.update({name: partial(_check_consumer, consumers, name) for name in consumers.checks()})
            yield state

    return Starlette(
        routes=guarded(Service.NOTIFICATIONS, [*routes(), *health_routes(checks), metrics_route()]),
        middleware=[
            Middleware(HeadersMiddleware),
            Middleware(CorrelationMiddleware),
            Middleware(IdentityMiddleware, identity=identity),
        ],
        exception_handlers=exception_handlers(),
        lifespan=lifespan,
    )


async def _start(
    settings: NotificationsSettings,
    store: Store,
    consumers: Consumers,
    names: TopicNames,
    *,
    background: Background,
    stack: AsyncExitStack,
    rereading: Rereading,
    identity: Identity,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """Start the parts, each stopped by the stack in the opposite order; gives what the routes need."""
    metrics, pages = Metrics(), Pages(settings.public_url)
    live = Live(store, metrics)
    sender = Sender(
        store,
        MailComposer(pages, settings.mail_from, settings.public_url),
        lambda: MailServer(settings.smtp_host, settings.smtp_port, Patience()),
        metrics,
        lease_seconds=settings.mail_lease_seconds,
        clock=clock,
    )
    keeper = WaitingKeeper(
        store,
        ends=partial(end_offsets, settings.brokers, names.topic("vacancies")),
        passed=partial(committed_offsets, settings.brokers, names.group(GROUP), names.topic("vacancies")),
        metrics=metrics,
    )

    def hear_deliveries(_payload: str) -> None:
        sender.wake()

    def look_at_all() -> None:
        live.look()
        sender.wake()

    listener = Listener(
        settings.notifications_postgres_dsn,
        {ALERTS_CHANNEL: live.hear, DELIVERIES_CHANNEL: hear_deliveries},
        on_reconnect=look_at_all,
        application_name=f"{settings.service}-listener",
    )
    pages.learn(await store.policies())
    await live.start()
    stack.push_async_callback(background.stop)
    background.start("listener", listener.run)
    background.start("live inbox", live.run)
    background.start("waiting places", keeper.run)
    background.start("mail", sender.run)
    forgetting = Forgetting(store, settings.notifications_rewrite_at_most_mb * 1_000_000)
    background.start("forgetting", forgetting.run)

    async def stop_sender() -> None:
        sender.stop()
        await background.finish("mail", within_seconds=_FINISH_MAIL_SECONDS)

    stack.push_async_callback(stop_sender)
    await rereading.begin()
    background.start("reading", rereading.run)
    subscribe(consumers, Notifications(store, await store.born_at(), keeper, metrics, rereading, forgetting=forgetting))
    stack.push_async_callback(consumers.stop)
    await consumers.start()
    return {"store": store, "inbox": Inbox(store, live, pages), "consumers": consumers, "identity": identity}


async def _check_broker(bootstrap_servers: str) -> tuple[bool, str]:
    client = AIOKafkaClient(**client_options(bootstrap_servers))
    try:
        await client.bootstrap()
    except KafkaError as error:
        return False, f"Kafka does not answer: {type(error).__name__}"
    finally:
        await client.close()
    return True, "Kafka answers"


async def _check_consumer(consumers: Consumers, name: str) -> tuple[bool, str]:
    check = consumers.checks()[name]
    return check.ok, check.detail
