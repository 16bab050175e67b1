"""Who a need is about: registered by the municipality that has the case, sealed before it is stored, shown to nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from services.intake.citizens.store import FIELDS, SealedCitizen
from services.intake.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from services.intake.citizens.sealing import DataKey
    from services.intake.citizens.store import CitizenStore
    from services.intake.citizens.vault import Vault
    from services.intake.store import Store
    from shared.database import Connection


class NoSuchNeed(Exception):  # noqa: N818 - reads as what it is
    """There is no such need."""


class IsErased(Exception):  # noqa: N818 - reads as what it is
    """The need or the citizen is erased, or is being erased."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """A citizen as shown to the municipality that has the case.

    Attributes:
        said: cpr, name, address and note, as far as they are known; never logged, never published.
    """

    citizen_id: str
    municipality: str
    said: Mapping[str, str | None] = field(repr=False)
    need_ids: tuple[str, ...]


class Citizens:
    """Registers and shows citizens."""

    def __init__(self, store: Store, citizens: CitizenStore, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._citizens = citizens
        self._vault = vault
        self._clock = clock

    async def register(self, need_id: str, said: Mapping[str, str | None]) -> str:
        """State who a need is about, as a whole; the same CPR number in the same municipality is the same citizen.

        Args:
            need_id: of the need.
            said: by the names of `FIELDS`; what is left out is not known any more.

        Returns:
            The citizen's pseudonym.

        Raises:
            NoSuchNeed: there is none.
            IsErased: the need or the citizen is erased, or about to be.
        """
        return await self._store.in_transaction(partial(self._register, need_id=need_id, said=said))

    async def _register(self, connection: Connection, *, need_id: str, said: Mapping[str, str | None]) -> str:
        found = await self._citizens.need_to_link(connection, need_id)
        if found is None:
            raise NoSuchNeed
        municipality, status = found
        if municipality is None or status == "erased":
            raise IsErased
        cpr = said.get("cpr")
        index = None if cpr is None else self._vault.masters.cpr_index(municipality, cpr)
        known = None if index is None else await self._citizens.citizen_by_cpr(connection, municipality, index)
        known = known or await self._citizens.citizen_of_need(connection, need_id)
        if known is not None and known.is_being_erased:
            raise IsErased
        now = self._clock()
        citizen_id = new_id(now) if known is None else known.citizen_id
        # In the other database, and committed first: a key without a citizen opens nothing, a citizen without a key is lost.
        key = await self._vault.key_for(citizen_id)
        sealed = {name: None if (text := said.get(name)) is None else key.seal(name, text) for name in FIELDS}
        await self._citizens.save(connection, SealedCitizen(citizen_id, municipality, index, sealed), now)
        await self._citizens.link(connection, need_id, citizen_id)
        return citizen_id

    async def of_need(self, need_id: str) -> Citizen | None:
        """Give the citizen of a need; None: nobody is registered."""
        found = await self._store.in_transaction(partial(self._citizens.citizen_of_need, need_id=need_id))
        return None if found is None else await self._opened(found)

    async def named(self, citizen_id: str) -> Citizen | None:
        """Give a citizen by the pseudonym."""
        found = await self._citizens.citizen(citizen_id)
        return None if found is None else await self._opened(found)

    async def by_cpr(self, municipality: str, cpr: str) -> Citizen | None:
        """Find a municipality's citizen by CPR number."""
        index = self._vault.masters.cpr_index(municipality, cpr)
        found = await self._store.in_transaction(
            partial(self._citizens.citizen_by_cpr, municipality=municipality, cpr_index=index)
        )
        return None if found is None else await self._opened(found)

    async def _opened(self, citizen: SealedCitizen) -> Citizen:
        keys = await self._vault.keys_of([citizen.citizen_id])
        key = keys.get(citizen.citizen_id)
        if key is None:
            raise IsErased
        needs = await self._citizens.needs_of(citizen.citizen_id)
        return Citizen(citizen.citizen_id, citizen.municipality, opened(key, citizen), tuple(needs))


def opened(key: DataKey, citizen: SealedCitizen) -> dict[str, str | None]:
    """Open what is sealed of a citizen."""
    return {name: None if (sealed := citizen.sealed[name]) is None else key.open(name, sealed) for name in FIELDS}
