"""The projector: takes what has changed into the search, in batches, in the order of their generations, and nothing twice or never.

What is due was written in the transaction of the change. A batch takes it, reads what is published now, and writes it to the search, all in one
transaction: killed at any point, it is done again. Processes take turns on one locked row.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from prometheus_client import Counter, Gauge

from services.intake.search import words as words_module
from services.intake.search.entries import NothingFree, offer_entry, vacancy_entry
from services.intake.search.lexicon import listed_words, spellings
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging.backoff import Backoff
from shared.messaging.errors import is_passing
from shared.messaging.health import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from pydantic import BaseModel

    from services.intake.search.codes import Bits
    from services.intake.search.entries import Entry
    from services.intake.search.stems import Stems
    from services.intake.search.store import DueOffer, SearchStore
    from shared.database import Connection, Pool

log = structlog.get_logger(__name__)

WAITING: Final = Gauge("ledigplads_search_waiting", "Changes that are not yet searchable, counted up to 10,000")
LAG: Final = Gauge("ledigplads_search_lag_seconds", "How long the oldest change that is not yet searchable has waited")
FAILED: Final = Counter(
    "ledigplads_search_failed", "Offers and vacancies that could not be indexed; they stand in the search as before"
)

CURSORS_LIVE: Final = timedelta(minutes=15)
"""A replaced version is kept so long, for those who read page by page."""

_INDEXING: Final = "1"
"""Part of the hash: raise it when entries are made otherwise from the same words."""
_BATCH: Final = 200
_CALM: Final = 5
_IDLE_SECONDS: Final = 0.2
_TIDY_EVERY_SECONDS: Final = 60.0
_SAID_BY_THE_OFFER: Final = frozenset({"filled", "withdrawn"})


class Projector:
    """One loop per process."""

    def __init__(
        self,
        pool: Pool,
        store: SearchStore,
        stems: Stems,
        bits: Bits,
        clock: Callable[[], datetime],
        *,
        share_percent: int,
    ) -> None:
        """Take the parts; `run` does the work.

        Args:
            pool: for the batches.
            store: the search's SQL.
            stems: shared with those who ask.
            bits: what stands for each code.
            clock: says when.
            share_percent: the part of the time that it works at most while a flood of postings comes in, so that they stay quick; what makes
                them searchable waits for the flood's end. Otherwise it takes five times as much.
        """
        self._pool = pool
        self._store = store
        self._stems = stems
        self._bits = bits
        self._clock = clock
        self._share = share_percent
        self._newest = 0
        self._remembered: set[str] = set()
        self._trouble: str | None = "not started"
        self._since: datetime | None = None
        self._failed = 0

    async def run(self) -> None:
        """Work until cancelled; what fails is told by readiness and tried again."""
        backoff, failures, tidied = Backoff(), 0, time.monotonic()
        begun = False
        while True:
            try:
                if not begun:
                    await self.begin()
                    begun = True
                rest = await self._work()
                if time.monotonic() - tidied > _TIDY_EVERY_SECONDS:
                    await self._store.tidy(self._clock() - CURSORS_LIVE)
                    tidied = time.monotonic()
                self._trouble, failures = None, 0
                await asyncio.sleep(_IDLE_SECONDS if rest is None else rest)
            except Exception as error:
                failures += 1
                self._trouble = type(error).__name__
                if is_passing(error):
                    log.warning("search_projector_held", error_type=self._trouble)
                else:
                    log.exception("search_projector_failed")
                await asyncio.sleep(backoff.seconds(failures))

    async def begin(self) -> None:
        """Have everything indexed again if the words of the lists or the way to read them are others than those of the index."""
        listed = listed_words()
        await self._stems.learn(listed)
        words = {word: (self._stems[word], shown) for word, shown in listed.items()}
        if await self._store.begin_indexing(indexing_hash(), words):
            log.info("search_is_indexed_again")

    async def catch_up(self) -> int:
        """Project until nothing is due; says how many batches that took."""
        batches = 0
        while await self.project():
            batches += 1
        return batches

    async def project(self) -> bool:
        """Project one batch; says whether there was something to do and nobody else at it."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._store.take_turn(connection):
                return False
            due = await self._store.take_due(connection, _BATCH)
            remembered = await self._project(connection, due) if due else set()
        self._remembered |= remembered
        return bool(due)

    def check(self) -> Check:
        """Answer readiness: behind is not broken."""
        lag = f"{(self._clock() - self._since).total_seconds():.0f} s behind" if self._since else "up to date"
        failed = f"; {self._failed} could not be indexed" if self._failed else ""
        return Check(ok=self._trouble is None, detail=(self._trouble or lag) + failed)

    async def _work(self) -> float | None:
        """Project a batch; says how long to rest from it, in seconds, or None when there was nothing to do."""
        found = await self._store.waiting()
        self._since = found.since
        WAITING.set(found.waiting)
        LAG.set((self._clock() - found.since).total_seconds() if found.since else 0)
        if not found.waiting:
            return None
        newest = found.newest or 0
        flooded, self._newest = newest - self._newest > _BATCH, newest
        share = self._share if flooded else min(100, _CALM * self._share)
        started = time.perf_counter()
        if not await self.project():
            return None
        return (time.perf_counter() - started) * (100 - share) / share

    async def _project(self, connection: Connection, due: list[tuple[str, str | None]]) -> set[str]:
        """Project what is due; gives the words that were stored, to be known once this is committed."""
        changed = {offer_id for offer_id, vacancy_id in due if vacancy_id is None}
        vacancy_ids = {vacancy_id for _, vacancy_id in due if vacancy_id is not None}
        offers = await self._store.offers(connection, {offer_id for offer_id, _ in due})
        vacancies = await self._store.open_vacancies(connection, vacancy_ids)
        published = {offer_id: _read(offer.body, Offer) for offer_id, offer in offers.items() if offer.body is not None}
        entries: list[Entry] = []
        kept: set[str] = set()
        for vacancy_id, (offer_id, body) in vacancies.items():
            make = partial(_vacancy_entry, body, published.get(offer_id))
            self._make(f"v:{vacancy_id}", make, entries, kept)
        for offer_id, offer in offers.items():
            if offer_id in published and not offer.has_open and published[offer_id]["status"] == "open":
                make = partial(offer_entry, published[offer_id], _nothing_free(offer))
                self._make(f"o:{offer_id}", make, entries, kept)
        keys = {f"v:{vacancy_id}" for vacancy_id in vacancy_ids} | {f"o:{offer_id}" for offer_id, _ in due}
        # A place that is protected from now on leaves no earlier version behind.
        protected = {entry.key for entry in entries if entry.easting_m is None}
        await self._stems.learn(word for entry in entries for word in entry.words)
        await self._store.write(
            connection,
            entries=entries,
            removed=sorted((keys - kept) | protected),
            bits=self._bits,
            stems=self._stems,
            now=self._clock(),
        )
        if changed:
            await self._store.vacancies_are_due(connection, changed, vacancy_ids)
        return await self._remember(connection, entries)

    def _make(self, key: str, make: Callable[[], Entry], entries: list[Entry], kept: set[str]) -> None:
        """Make an entry; one that cannot be made keeps nobody waiting and stands as it stood."""
        kept.add(key)
        try:
            entries.append(make())
        except (KeyError, TypeError, ValueError):
            self._failed += 1
            FAILED.inc()
            log.exception("search_entry_failed", key=key)

    async def _remember(self, connection: Connection, entries: Iterable[Entry]) -> set[str]:
        new: dict[str, str] = {}
        for entry in entries:
            if fresh := entry.words.keys() - self._remembered:
                spelled: dict[str, str] = {}
                for text in entry.texts:
                    spelled |= spellings(text)
                new |= {word: spelled.get(word, word) for word in fresh}
        if new:
            await self._store.add_words(connection, {word: (self._stems[word], shown) for word, shown in sorted(new.items())})
        return set(new)


def indexing_hash() -> str:
    """Hash what the words of the index are made with."""
    made_with = [_INDEXING, words_module.file_text(), *(f"{word}={shown}" for word, shown in sorted(listed_words().items()))]
    return hashlib.sha256("\n".join(made_with).encode()).hexdigest()


def _nothing_free(offer: DueOffer) -> NothingFree:
    """An offer that filled or withdrew its last vacancy has said that nothing is free; one whose vacancy expired has said nothing."""
    if offer.closed_body is None or orjson.loads(offer.closed_body).get("closed_reason") not in _SAID_BY_THE_OFFER:
        return NothingFree(None)
    return NothingFree(offer.closed_at)


def _vacancy_entry(body: bytes, offer: Mapping[str, Any] | None) -> Entry:
    return vacancy_entry(_read(body, Vacancy), offer)


def _read(body: bytes, contract: type[BaseModel]) -> Mapping[str, Any]:
    """Read what is published; a field that an older record does not have is as the contract says of absent ones."""
    stated: dict[str, Any] = orjson.loads(body)
    return _defaults(contract) | stated


def _defaults(contract: type[BaseModel]) -> dict[str, Any]:
    made = _DEFAULTS.get(contract)
    if made is None:
        made = _DEFAULTS[contract] = {
            name: field.get_default(call_default_factory=True, validated_data={})
            for name, field in contract.model_fields.items()
            if not field.is_required()
        }
    return made


_DEFAULTS: dict[type[BaseModel], dict[str, Any]] = {}
