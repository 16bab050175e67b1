"""The search inside a test: intake's tables filled through intake's own code, the projector, and HTTP in front; no Kafka, which it does not need."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
from starlette.applications import Starlette

from services.intake.domain.commands import CloseVacancy, Command, ConfirmVacancy, Named, PostVacancy, PutOffer
from services.intake.domain.outcomes import Accepted, Outcome
from services.intake.domain.states import VacancyState
from services.intake.http import places, search
from services.intake.http.handling import not_there_handlers
from services.intake.pages.rendering import Pages
from services.intake.search.lexicon import make_lexicon
from services.intake.search.limiting import Limiter
from services.intake.search.projector import Projector
from services.intake.search.searching import Searching
from services.intake.search.stems import Stems
from services.intake.search.store import SearchStore
from services.intake.service import Intake, Request
from services.intake.settings import IntakeSettings, load_freshness, load_policies
from services.intake.store import Store
from shared.contracts.drafts import OfferDraft, VacancyDraft
from shared.database import create_pool, load_queries
from shared.identity import Identity
from shared.web import exception_handlers
from tests.conftest import REPOSITORY
from tests.support.running import RunningService, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    import httpx2

    from services.intake.search.codes import Bits
    from shared.database import Pool


@dataclass
class SearchWorld:
    """What a test does to the market, and asks of the search."""

    pool: Pool
    intake: Intake
    store: SearchStore
    stems: Stems
    bits: Bits
    searching: Searching
    service: RunningService
    moved: timedelta = field(default_factory=timedelta)

    @property
    def client(self) -> httpx2.AsyncClient:
        return self.service.client

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def projector(self, *, share_percent: int = 100) -> Projector:
        return Projector(self.pool, self.store, self.stems, self.bits, self.now, share_percent=share_percent)

    async def change(self, *commands: Command) -> list[Outcome]:
        outcomes = await self.intake.change([Request(command, "matter") for command in commands])
        assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
        return outcomes

    async def offer(self, offer_id: str, **stated: Any) -> None:
        """Register an offer, or change it."""
        draft = OfferDraft.model_validate(
            {"name": offer_id, "municipality": "0751", "kinds": ["SEL-104"], "sections": ["SEL-104"]} | stated
        )
        await self.change(PutOffer(offer_id, draft))

    async def vacancy(self, offer_id: str, **stated: Any) -> str:
        """Announce a vacancy, and give its id."""
        draft = VacancyDraft.model_validate({"offer_id": offer_id, "title_da": "Plads", "places_free": 1} | stated)
        [outcome] = await self.change(PostVacancy(draft, f"http:{offer_id}", self.intake.new_id(), "http"))
        assert isinstance(outcome, Accepted)
        assert isinstance(outcome.state, VacancyState)
        return outcome.state.entity_id

    async def close(self, vacancy_id: str, reason: Any = "filled") -> None:
        await self.change(CloseVacancy(Named(vacancy_id), reason))

    async def confirm(self, vacancy_id: str) -> None:
        await self.change(ConfirmVacancy(Named(vacancy_id)))

    async def catch_up(self) -> None:
        await self.projector().catch_up()

    async def search(self, q: str = "", **parameters: Any) -> dict[str, Any]:
        """Search over HTTP, and give the answer."""
        answer = await self.client.get("/search", params={"q": q, **parameters})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def everything(self, q: str = "", **parameters: Any) -> list[dict[str, Any]]:
        """Read all pages of a search."""
        page = await self.search(q, **parameters)
        hits: list[dict[str, Any]] = page["hits"]
        while page["next_cursor"]:
            page = await self.search(q, **parameters, cursor=page["next_cursor"])
            hits += page["hits"]
        return hits


@asynccontextmanager
async def search_world(
    dsn: str, *, per_minute: int = 1_000_000, store_type: type[SearchStore] = SearchStore
) -> AsyncIterator[SearchWorld]:
    """Have a market and its search until the block is left; nothing is projected unless the test asks."""
    pool = await create_pool(dsn, application_name="search-test", max_size=6)
    store = store_type(pool)
    stems = Stems(store.stems)
    lexicon = await make_lexicon(stems)
    bits = await store.codes()
    world: SearchWorld

    def now() -> datetime:
        return world.now()

    settings = IntakeSettings(kafka_bootstrap_servers="nowhere:1", port=1, intake_postgres_dsn=dsn)
    queries = load_queries(REPOSITORY / "services" / "intake" / "queries.sql")
    searching = Searching(store, lexicon, bits, now)
    state = {
        "searching": searching,
        "search_store": store,
        "search_limiter": Limiter(per_minute),
        "store": Store(pool, queries),
        "pages": Pages(),
        "identity": Identity.of(settings),
        "clock": now,
    }

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield state

    app = Starlette(
        routes=[*search.routes(), *places.routes()],
        exception_handlers=exception_handlers() | not_there_handlers(),
        lifespan=lifespan,
    )
    try:
        async with running(app) as service:
            intake = Intake(Store(pool, queries), now, load_freshness(settings), load_policies(settings.intake_policies))
            world = SearchWorld(pool, intake, store, stems, bits, searching, service)
            await world.projector().begin()
            yield world
    finally:
        await pool.close()


async def count(dsn: str, statement: str) -> int:
    """Ask the database for a number."""
    connection = await asyncpg.connect(dsn)
    try:
        number: int = await connection.fetchval(statement)
    finally:
        await connection.close()
    return number


def names(hits: Iterable[dict[str, Any]]) -> list[str]:
    """Give the offers of hits, each once, in their order."""
    return list(dict.fromkeys(hit["offer_id"] for hit in hits))
