"""The only place that constructs things: a matching worker as an ASGI app."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware

from services.matching.engine.compiled import FOLDER
from services.matching.engine.warming import warm_up
from services.matching.kernel_cache import forget_unused
from services.matching.metrics import Metrics
from services.matching.replaying import Replayer
from services.matching.routes import Parts, routes
from services.matching.service import Matching
from services.matching.speaking import Speaker
from services.matching.subscribers import GROUP, MATCHES, NEEDS, SETTINGS, VACANCIES, NeedReader, SettingsReader, VacancyReader
from services.matching.unreadable import Unreadables
from shared.background import Background
from shared.identity import Identity, IdentityMiddleware
from shared.identity.guarding import guarded
from shared.identity.permissions import Service
from shared.messaging.deadletters import DeadLetters
from shared.messaging.producing import Producer
from shared.messaging.topics import PartitionMismatch, TopicNames, check_partition_counts, load_topics
from shared.web import CorrelationMiddleware, HeadersMiddleware, exception_handlers, health_routes, metrics_route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from services.matching.settings import MatchingSettings
    from shared.messaging.health import Check
    from shared.web import Check as WebCheck

log = structlog.get_logger(__name__)

# A burst changes many needs of each partition: some hundred records go into a batch before the speaker has to wait for the sender.
_BATCH_BYTES: Final = 262_144
_PROGRESS_SECONDS: Final = 5.0
_FIGURES_SECONDS: Final = 1.0
_FINISH_SECONDS: Final = 8.0


class Worker:
    """The parts of one worker, and the order in which they begin and end."""

    def __init__(self, settings: MatchingSettings) -> None:
        bootstrap, names = settings.brokers, TopicNames(settings.topic_prefix)
        self.name = f"matching-{settings.matching_worker}"
        self.topics = load_topics(settings.topics_file)
        self.names = names
        self.bootstrap = bootstrap
        self.metrics = Metrics()
        self.matching = Matching(self.metrics)
        self.producer = Producer(bootstrap, client_id=self.name, max_batch_size=_BATCH_BYTES)
        count = self.topics.named(NEEDS).partitions
        self.unreadables = Unreadables(
            bootstrap,
            names,
            DeadLetters(self.producer, names, service=settings.service),
            group=GROUP,
            is_mine=lambda offset: offset % count in self.matching.partitions,
        )
        self.speaker = Speaker(self.matching, self.producer, names.topic(MATCHES), worker=self.name, metrics=self.metrics)
        self.matching.on_unsaid = self.speaker.wake
        self.settings_reader = SettingsReader(bootstrap, names, self.matching, self.unreadables)
        self.vacancies = VacancyReader(bootstrap, names, self.matching, self.unreadables)
        self.needs = NeedReader(
            bootstrap,
            names,
            self.matching,
            self.unreadables,
            self.producer,
            worker=settings.matching_worker,
            session_timeout_ms=settings.matching_session_timeout_ms,
            reclaim_seconds=settings.matching_reclaim_seconds,
            metrics=self.metrics,
        )
        self.replayer = Replayer(
            bootstrap, names, self.matching, self.settings_reader, self.needs, partitions=count, worker=self.name
        )
        self._background = Background()

    def checks(self) -> dict[str, WebCheck]:
        return {
            "kafka": self._check_kafka,
            "settings": _told(self._check_settings),
            "vacancies": _told(self.vacancies.tail.check),
            "needs": _told(self.needs.check),
            "speaking": _told(self.speaker.check),
            "background": self._background.check,
        }

    async def start(self) -> None:
        """Connect and begin; restoring goes on after this has returned, and readiness follows it.

        Raises:
            PartitionMismatch: the topics are not those that are declared, or needs and matches have different counts.
        """
        if self.topics.named(NEEDS).partitions != self.topics.named(MATCHES).partitions:
            raise PartitionMismatch(f"{NEEDS} and {MATCHES} must be declared with the same number of partitions")
        await check_partition_counts(self.bootstrap, self.topics, self.names, only=[SETTINGS, VACANCIES, NEEDS, MATCHES])
        await self.producer.start()
        self._background.start("settings", self.settings_reader.tail.run)
        self._background.start("speaking", self.speaker.run)
        self._background.start("dead letters", self.unreadables.run)
        self._background.start("figures", self._show_figures)
        self._background.start("restore", self._restore)

    async def stop(self) -> None:
        """Take nothing new, say what is left to be said, leave the group, and disconnect."""
        await self._background.finish("restore", within_seconds=0)
        for name, ask in (
            ("vacancies", self.vacancies.tail.stop),
            ("settings", self.settings_reader.tail.stop),
            ("speaking", self.speaker.stop),
        ):
            ask()
            await self._background.finish(name, within_seconds=_FINISH_SECONDS)
        await self.speaker.flush(_FINISH_SECONDS)
        self.needs.stop()
        await self._background.finish("needs", within_seconds=_FINISH_SECONDS)
        await self._background.stop()
        await self.producer.stop()

    async def _restore(self) -> None:
        """The engine and the settings, then all vacancies, then a share of the needs: the group is joined by those who can answer."""
        began = time.monotonic()
        await asyncio.to_thread(warm_up)
        log.info("engine_warm", seconds=round(time.monotonic() - began, 1))
        await asyncio.to_thread(forget_unused, FOLDER)
        await self.settings_reader.tail.caught_up.wait()
        await self.matching.terms_known.wait()
        self._background.start("vacancies", self.vacancies.tail.run)
        await self.vacancies.tail.caught_up.wait()
        log.info("vacancies_restored", open=self.matching.state.vacancies_open)
        self._background.start("needs", self.needs.run)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _check_settings(self) -> Check:
        found = self.settings_reader.tail.check()
        if found.ok and (missing := self.matching.missing_settings):
            return type(found)(ok=False, detail=missing)
        return found

    async def _check_kafka(self) -> tuple[bool, str]:
        is_there = await self.producer.answers()
        return is_there, "Kafka answers" if is_there else "Kafka does not answer"

    async def _show_figures(self) -> None:
        next_line = 0.0
        while True:
            counts, metrics, parts = self.matching.counts(), self.metrics, self.matching.partitions.values()
            unsaid = sum(len(part.unsaid) for part in parts)
            metrics.needs.set(counts["needs"])
            metrics.pairs.set(counts["pairs"])
            metrics.vacancies.set(counts["vacancies"])
            metrics.partitions.set(len(parts))
            metrics.unsaid.set(unsaid)
            checks = (self._check_settings(), self.vacancies.tail.check(), self.needs.check())
            restored = all(check.ok for check in checks)
            metrics.restored.set(restored)
            now = asyncio.get_running_loop().time()
            if not restored and now >= next_line:
                next_line = now + _PROGRESS_SECONDS
                log.info("restoring", **counts, unsaid=unsaid, detail=next(check.detail for check in checks if not check.ok))
            await asyncio.sleep(_FIGURES_SECONDS)


def build_app(settings: MatchingSettings) -> Starlette:
    """Make the app; nothing connects before its lifespan begins."""
    worker = Worker(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        try:
            await worker.start()
            yield {"parts": Parts(worker.matching, worker.replayer, worker.name)}
        finally:
            await worker.stop()

    return Starlette(
        routes=guarded(Service.MATCHING, [*routes(), *health_routes(worker.checks()), metrics_route(worker.metrics.registry)]),
        middleware=[
            Middleware(HeadersMiddleware),
            Middleware(CorrelationMiddleware),
            Middleware(IdentityMiddleware, identity=Identity.of(settings)),
        ],
        exception_handlers=exception_handlers(),
        lifespan=lifespan,
    )


def _told(check: Callable[[], Check]) -> WebCheck:
    async def tell() -> tuple[bool, str]:
        found = check()
        return found.ok, found.detail

    return tell
