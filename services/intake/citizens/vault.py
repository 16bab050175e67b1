"""The keys of citizens, in their own database: made, given, wrapped anew, destroyed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.intake.citizens.master_keys import MasterKeys, MasterKeysError, Wrapped
from services.intake.citizens.sealing import DataKey
from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.database import Pool

_QUERIES: Final = Path(__file__).with_name("keys.sql")
_AT_ONCE: Final = 500
_REWRITE_SECONDS: Final = 600


class Vault:
    """No key is remembered between two calls: one that was destroyed opens nothing more, in any replica.

    Args:
        pool: of the database of keys.
        read: reads the master keys; called again when a key is met that is wrapped by an unknown one.
    """

    def __init__(self, pool: Pool, read: Callable[[], MasterKeys]) -> None:
        self._pool = pool
        self._read = read
        self._masters = read()
        self._queries = load_queries(_QUERIES)

    @property
    def masters(self) -> MasterKeys:
        return self._masters

    async def keys_of(self, citizen_ids: Collection[str]) -> dict[str, DataKey]:
        """Give the keys of citizens; whose key is destroyed is not among them."""
        async with self._pool.acquire() as connection:
            rows = self._queries.keys_of(connection, citizen_ids=list(citizen_ids))
            return {row["citizen_id"]: self._unwrap(Wrapped(**dict(row))) async for row in rows}

    async def key_for(self, citizen_id: str) -> DataKey:
        """Give a citizen's key, and make it if there is none."""
        known = await self.keys_of([citizen_id])
        if citizen_id not in known:
            wrapped = self._masters.wrap(DataKey.new(citizen_id))
            async with self._pool.acquire() as connection:
                await self._queries.add_key(
                    connection,
                    citizen_id=citizen_id,
                    key_id=wrapped.key_id,
                    master_key_id=wrapped.master_key_id,
                    wrapped=wrapped.wrapped,
                )
            known = await self.keys_of([citizen_id])  # another one may have been faster
        return known[citizen_id]

    async def destroy(self, citizen_ids: Collection[str], erased: Collection[str]) -> int:
        """Destroy keys, and remember by digest that these ids (of citizens and needs) are erased; gives how many keys there were."""
        async with self._pool.acquire() as connection:
            digests = [digest_of(one) for one in erased]
            gone: int = await self._queries.destroy_keys(connection, citizen_ids=list(citizen_ids), digests=digests)
        return gone

    async def rewrite(self) -> None:
        """Write the table anew: what a deleted row said may otherwise stand in its file until another row is written there."""
        async with self._pool.acquire() as connection:
            await connection.execute("VACUUM (FULL) data_key", timeout=_REWRITE_SECONDS)

    async def forgotten(self) -> list[bytes]:
        """Give the digests of all that was erased."""
        async with self._pool.acquire() as connection:
            return [row["digest"] async for row in self._queries.forgotten(connection)]

    async def erased_of(self, ids: Collection[str]) -> set[str]:
        """Give those of some ids that are erased."""
        by_digest = {digest_of(one): one for one in ids}
        async with self._pool.acquire() as connection:
            rows = self._queries.forgotten_of(connection, digests=list(by_digest))
            return {by_digest[row["digest"]] async for row in rows}

    async def rewrap(self) -> int:
        """Read the master keys again and wrap every key by the current one; gives how many were wrapped anew."""
        self._masters = self._read()
        done = 0
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                rows = self._queries.to_rewrap(connection, current=self._masters.current, at_most=_AT_ONCE)
                page = [self._masters.wrap(self._unwrap(Wrapped(**dict(row)))) async for row in rows]
                if not page:
                    return done
                await self._queries.rewrap(
                    connection,
                    citizen_ids=[one.citizen_id for one in page],
                    master_key_ids=[one.master_key_id for one in page],
                    wrapped=[one.wrapped for one in page],
                )
            done += len(page)

    async def counts(self) -> dict[str, int]:
        """Count the keys that each master key wraps."""
        async with self._pool.acquire() as connection:
            return {row["master_key_id"]: row["keys"] async for row in self._queries.counts_by_master(connection)}

    def _unwrap(self, stored: Wrapped) -> DataKey:
        try:
            return self._masters.unwrap(stored)
        except MasterKeysError:
            self._masters = self._read()
            return self._masters.unwrap(stored)


def digest_of(erased_id: str) -> bytes:
    """Give what is remembered of an erased id: it is random, so nobody can try them all."""
    return hashlib.sha256(erased_id.encode()).digest()
