"""The search as the service runs it: a pool of its own, so that nobody who searches keeps a posting waiting, and the projector beside it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.intake.search.lexicon import make_lexicon
from services.intake.search.limiting import Limiter
from services.intake.search.projector import Projector
from services.intake.search.searching import Searching
from services.intake.search.stems import Stems
from services.intake.search.store import SearchStore
from shared.background import Background
from shared.database import create_pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from services.intake.settings import IntakeSettings

SERVER_SETTINGS: Final = {
    # Everything that is found is held while it is counted: a hundred thousand narrow rows fit, and nothing is written to disk.
    "work_mem": "32MB",
    # Plans depend on the words: how many places have them.
    "plan_cache_mode": "force_custom_plan",
}
_CONNECTIONS: Final = 4
_LONGEST_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Search:
    """What the rest of the service meets of it."""

    searching: Searching
    store: SearchStore
    projector: Projector
    limiter: Limiter


@asynccontextmanager
async def running_search(settings: IntakeSettings, clock: Callable[[], datetime]) -> AsyncIterator[Search]:
    """Run the search until the block is left."""
    pool = await create_pool(
        settings.intake_postgres_dsn,
        application_name=f"{settings.service}-search",
        max_size=_CONNECTIONS,
        command_timeout_seconds=_LONGEST_SECONDS,
        server_settings=SERVER_SETTINGS,
    )
    background = Background()
    try:
        store = SearchStore(pool)
        stems = Stems(store.stems)
        lexicon = await make_lexicon(stems)
        bits = await store.codes()
        projector = Projector(pool, store, stems, bits, clock, share_percent=settings.intake_search_share_percent)
        background.start("search-projector", projector.run)
        yield Search(Searching(store, lexicon, bits, clock), store, projector, Limiter(settings.intake_search_per_minute))
    finally:
        await background.stop()
        await pool.close()
