"""The only caller of the search's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from services.intake.search.codes import MASK_OF, Bits, every_code
from services.intake.search.entries import lexemes, mask_of
from services.intake.search.mistyping import KnownWord
from services.intake.search.ranking import ranking
from services.intake.search.statement import COUNT_OF, HIT, TOTAL, failing_statement, standing_statement, statement, words_query
from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.intake.search.asking import Asked
    from services.intake.search.entries import Entry
    from services.intake.search.stems import Stems
    from services.intake.search.understanding import Group
    from shared.database import Connection, Pool

_CANDIDATES: Final = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A hit: its points by part, how near it is, and what is shown of it (JSON)."""

    key: str
    points: int
    parts: Mapping[str, int]
    levels: tuple[int, ...]
    squared_m: int | None
    confirmed_s: int | None
    free_day: int | None
    until_day: int | None
    replaced: bool
    hit: bytes
    above: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, the number of all hits, counts by (column, value), and the generation it is as of."""

    hits: tuple[Found, ...]
    total: int
    counts: Mapping[str, Mapping[int, int]]
    generation: int | None


@dataclass(frozen=True, slots=True)
class DueOffer:
    """An offer to project, as published; `closed_at` and `closed_body` are of its vacancy that closed last."""

    offer_id: str
    body: bytes | None
    has_open: bool
    closed_at: datetime | None
    closed_body: bytes | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be projected: how much (up to 10,000), since when, and the number of the last."""

    waiting: int
    since: datetime | None
    newest: int | None


class SearchStore:
    """Reads and writes the tables of the search."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queries = load_queries(Path(__file__).with_name("search.sql"))

    # --- questions -------------------------------------------------------------------------------------------------

    async def search(self, asked: Asked) -> Answer:
        """Answer a search."""
        text, arguments = statement(asked, ranking())
        rows = await self._pool.fetch(text, *arguments)
        hits: list[Found] = []
        total, generation = 0, None
        counts: dict[str, dict[int, int]] = {name: {} for name in COUNT_OF.values()}
        for row in rows:
            what = row[0]
            if what == HIT:
                hits.append(_found(row))
                generation = row["generation"]
            elif what == TOTAL:
                total = row[2]
            else:
                counts[COUNT_OF[what]][row[1]] = row[2]
        # The statement chooses the page; in which order its rows come is not said.
        hits.sort(key=lambda hit: (hit.points, hit.key), reverse=True)
        return Answer(tuple(hits), total, counts, generation)

    async def standing(self, asked: Asked, offer_id: str) -> tuple[list[Found], int]:
        """Find the hits of one offer among those of a search, each with how many stand above; and the number of all, when there is one."""
        text, arguments = standing_statement(asked, ranking(), offer_id)
        rows = await self._pool.fetch(text, *arguments)
        return [_found(row, above=row["above"]) for row in rows], rows[0]["count"] if rows else 0

    async def failing(self, asked: Asked, offer_id: str) -> list[tuple[str, list[str]]]:
        """Say of each hit of one offer, by key, which conditions of a search it does not meet."""
        text, arguments, names = failing_statement(asked, offer_id)
        rows = await self._pool.fetch(text, *arguments)
        return [(row["key"], [name for number, name in enumerate(names) if not row[f"met_{number}"]]) for row in rows]

    async def missing(self, groups: Sequence[Group], generation: int | None) -> tuple[Group, ...]:
        """Give those of the groups that nothing in the whole search has, whatever else is asked for."""
        if not groups:
            return ()
        queries = [words_query((group,), together=True) for group in groups]
        async with self._pool.acquire() as connection:
            rows = self._queries.found_anywhere(connection, queries=queries, generation=generation)
            there = {row["number"] async for row in rows}
        return tuple(group for number, group in enumerate(groups, start=1) if number not in there)

    async def stems(self, words: Collection[str]) -> dict[str, str]:
        """Ask for stems."""
        async with self._pool.acquire() as connection:
            return {row["word"]: row["stem"] async for row in self._queries.stems(connection, words=list(words))}

    async def known_stems(self, stems: Collection[str]) -> set[str]:
        """Say which stems the index or the lists have."""
        async with self._pool.acquire() as connection:
            return {row["stem"] async for row in self._queries.known_stems(connection, stems=list(stems))}

    async def nearest_words(self, words: Collection[str]) -> dict[str, list[KnownWord]]:
        """Find known words that look like these, the likest first."""
        found: dict[str, list[KnownWord]] = {}
        async with self._pool.acquire() as connection:
            async for row in self._queries.nearest_words(connection, words=list(words), at_most=_CANDIDATES):
                found.setdefault(row["asked"], []).append(KnownWord(row["word"], row["stem"], row["shown"]))
        return found

    async def oldest_generation(self) -> int:
        """Give the first generation that can still be read."""
        async with self._pool.acquire() as connection:
            oldest: int = await self._queries.oldest_generation(connection)
        return oldest

    async def codes(self) -> Bits:
        """Give every code of the lists its bit, where it has none yet, and read them all."""
        listed = every_code()
        async with self._pool.acquire() as connection, connection.transaction():
            await self._queries.turn_waited_for(connection)
            await self._queries.add_codes(
                connection,
                dimensions=[dimension for dimension, _ in listed],
                codes=[code for _, code in listed],
                masks=[MASK_OF[dimension] for dimension, _ in listed],
            )
            return Bits.from_rows([tuple(row) async for row in self._queries.codes(connection)])

    # --- projecting ------------------------------------------------------------------------------------------------

    async def begin_indexing(self, indexing: str, words: Mapping[str, tuple[str, str]]) -> bool:
        """Have everything indexed again where it was made with other words; says whether it was.

        Args:
            indexing: hash of what the words of the index are made with.
            words: words of the lists, each with its stem and a spelling.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            before = await self._queries.turn_waited_for(connection)
            if before["indexing"] == indexing:
                return False
            await self._add_words(connection, words)
            await self._queries.everything_is_due(connection)
            await self._queries.set_indexing(connection, indexing=indexing)
            return True

    async def everything_is_due(self) -> int:
        """Have everything projected again; says how much that is."""
        async with self._pool.acquire() as connection:
            due: int = await self._queries.everything_is_due(connection)
        return due

    async def waiting(self) -> Waiting:
        """Say how much waits to be projected."""
        async with self._pool.acquire() as connection:
            return Waiting(**dict(await self._queries.waiting(connection)))

    async def take_turn(self, connection: Connection) -> bool:
        """Take the right to project until the transaction ends; says whether it was free."""
        return await self._queries.turn(connection) is not None

    async def take_due(self, connection: Connection, at_most: int) -> list[tuple[str, str | None]]:
        """Take (offer, vacancy or None) that have waited longest."""
        rows = self._queries.take_due(connection, at_most=at_most)
        return [(row["offer_id"], row["vacancy_id"]) async for row in rows]

    async def offers(self, connection: Connection, offer_ids: Collection[str]) -> dict[str, DueOffer]:
        """Read offers as published."""
        rows = self._queries.offers_to_project(connection, offer_ids=list(offer_ids))
        return {
            row["offer_id"]: DueOffer(row["offer_id"], row["body"], row["has_open"], row["closed_at"], row["closed_body"])
            async for row in rows
        }

    async def open_vacancies(self, connection: Connection, vacancy_ids: Collection[str]) -> dict[str, tuple[str, bytes]]:
        """Read those of the vacancies that are open: offer and body as published, by id."""
        rows = self._queries.vacancies_to_project(connection, vacancy_ids=list(vacancy_ids))
        return {row["vacancy_id"]: (row["offer_id"], row["body"]) async for row in rows}

    async def vacancies_are_due(self, connection: Connection, offer_ids: Collection[str], but: Collection[str]) -> None:
        """Have the open vacancies of offers projected, but for some."""
        await self._queries.vacancies_are_due(connection, offer_ids=list(offer_ids), but=list(but))

    async def write(
        self,
        connection: Connection,
        *,
        entries: Sequence[Entry],
        removed: Sequence[str],
        bits: Bits,
        stems: Stems,
        now: datetime,
    ) -> None:
        """Write a batch as the next generation: `removed` are taken out with all versions, `entries` replace what they were."""
        generation = await self._queries.next_generation(connection)
        if removed:
            await self._queries.remove_entries(connection, keys=list(removed))
        if not entries:
            return
        await self._queries.replace_entries(connection, keys=[entry.key for entry in entries], generation=generation, now=now)
        await self._queries.add_entries(
            connection,
            keys=[entry.key for entry in entries],
            offer_ids=[entry.offer_id for entry in entries],
            generation=generation,
            places=[entry.place for entry in entries],
            eastings=[entry.easting_m for entry in entries],
            northings=[entry.northing_m for entry in entries],
            confirmed=[entry.confirmed_s for entry in entries],
            free_days=[entry.free_day for entry in entries],
            until_days=[entry.until_day for entry in entries],
            ages_from=[entry.age_from for entry in entries],
            ages_to=[entry.age_to for entry in entries],
            offer_masks=[mask_of(entry, "offer_mask", bits) for entry in entries],
            for_masks=[mask_of(entry, "for_mask", bits) for entry in entries],
            doing_masks=[mask_of(entry, "doing_mask", bits) for entry in entries],
            languages=[" ".join(entry.languages) for entry in entries],
            words=[lexemes(entry, stems) for entry in entries],
            hits=[entry.hit for entry in entries],
        )

    async def add_words(self, connection: Connection, words: Mapping[str, tuple[str, str]]) -> None:
        """Remember words, each with its stem and a spelling."""
        await self._add_words(connection, words)

    async def tidy(self, before: datetime) -> int:
        """Delete versions that were replaced before a moment; says how many."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._queries.turn(connection) is None:
                return 0
            gone: int = await self._queries.tidy(connection, before=before)
        return gone

    async def _add_words(self, connection: Connection, words: Mapping[str, tuple[str, str]]) -> None:
        listed: Iterable[tuple[str, tuple[str, str]]] = words.items()
        rows = [(word, stem, shown) for word, (stem, shown) in listed]
        if rows:
            await self._queries.add_words(
                connection,
                words=[row[0] for row in rows],
                stems=[row[1] for row in rows],
                spellings=[row[2] for row in rows],
            )


def _found(row: Any, above: int = 0) -> Found:  # noqa: ANN401 - a row
    return Found(
        key=row["key"],
        points=row["value"],
        parts={
            "words": row["words_points"],
            "freshness": row["fresh_points"],
            "distance": row["near_points"],
            "free": row["free_points"],
        },
        levels=tuple(row["levels"] or ()),
        squared_m=row["squared_m"],
        confirmed_s=row["confirmed_s"],
        free_day=row["free_day"],
        until_day=row["until_day"],
        replaced=row["replaced"],
        hit=row["hit"],
        above=above,
    )
