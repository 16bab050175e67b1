"""The only caller of SQL about citizens; sealed fields go in and out as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from shared.database import Connection, Pool

_QUERIES: Final = Path(__file__).with_name("citizens.sql")

FIELDS: Final = ("cpr", "name", "address", "note")
"""What identifies a citizen; each is sealed by itself."""


@dataclass(frozen=True, slots=True)
class SealedCitizen:
    """A citizen as stored."""

    citizen_id: str
    municipality: str
    cpr_index: bytes | None
    sealed: Mapping[str, bytes | None] = field(repr=False)
    is_being_erased: bool = False
    registered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldNeed:
    """All that intake's table holds of a need."""

    need_id: str
    handlekommune: str | None
    source_reference: str | None
    status: str
    changed_at: datetime
    terms: bytes | None = field(repr=False)
    body: bytes | None = field(repr=False)


class CitizenStore:
    """Reads and writes on the caller's connection, or on one of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._queries = load_queries(_QUERIES)

    async def need_to_link(self, connection: Connection, need_id: str) -> tuple[str | None, str] | None:
        """Give municipality and status of a need; None: there is none."""
        row = await self._queries.need_to_link(connection, need_id=need_id)
        return None if row is None else (row["handlekommune"], row["status"])

    async def citizen_of_need(self, connection: Connection, need_id: str) -> SealedCitizen | None:
        return _citizen(await self._queries.citizen_of_need(connection, need_id=need_id))

    async def citizen_by_cpr(self, connection: Connection, municipality: str, cpr_index: bytes) -> SealedCitizen | None:
        return _citizen(await self._queries.citizen_by_cpr(connection, municipality=municipality, cpr_index=cpr_index))

    async def save(self, connection: Connection, citizen: SealedCitizen, now: datetime) -> None:
        await self._queries.save_citizen(
            connection,
            citizen_id=citizen.citizen_id,
            municipality=citizen.municipality,
            cpr_index=citizen.cpr_index,
            now=now,
            **{f"sealed_{name}": citizen.sealed[name] for name in FIELDS},
        )

    async def link(self, connection: Connection, need_id: str, citizen_id: str) -> None:
        await self._queries.link(connection, need_id=need_id, citizen_id=citizen_id)

    async def citizen(self, citizen_id: str) -> SealedCitizen | None:
        async with self._pool.acquire() as connection:
            return _citizen(await self._queries.citizen(connection, citizen_id=citizen_id))

    async def needs_of(self, citizen_id: str) -> list[str]:
        async with self._pool.acquire() as connection:
            return [row["need_id"] async for row in self._queries.needs_of(connection, citizen_id=citizen_id)]

    async def subjects_of(self, need_ids: Collection[str]) -> dict[str, str]:
        """Give the citizens of needs, by need; a need without one is not among them."""
        async with self._pool.acquire() as connection:
            rows = self._queries.subjects_of(connection, need_ids=list(need_ids))
            return {row["need_id"]: row["citizen_id"] async for row in rows}

    async def held_needs(self, citizen_id: str) -> list[HeldNeed]:
        async with self._pool.acquire() as connection:
            return [HeldNeed(**dict(row)) async for row in self._queries.held_needs(connection, citizen_id=citizen_id)]


def _citizen(row: Any) -> SealedCitizen | None:  # noqa: ANN401 - a row
    if row is None:
        return None
    sealed = {name: row[f"sealed_{name}"] for name in FIELDS}
    return SealedCitizen(row["citizen_id"], row["municipality"], row["cpr_index"], sealed, row["erasing"], row["registered_at"])
