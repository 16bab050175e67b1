"""The observations in PostgreSQL: rows become domain values here."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.observations import Observation, Posting
from shared.contracts.vacancy import Vacancy
from shared.database import load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shared.database import Connection

_QUERIES: Final = Path(__file__).with_name("observations.sql")
_FIELDS: Final = tuple(Observation.__dataclass_fields__)


class ObservationStore:
    """Reads and writes on the connection of the caller's transaction."""

    def __init__(self) -> None:
        self._queries = load_queries(_QUERIES)

    async def posting(self, connection: Connection, vacancy_id: str) -> tuple[str, Posting | None] | None:
        """Read a posting and whose it is, without locking it; (offer, None) has been erased, None never was."""
        row = await self._queries.observed_vacancy(connection, vacancy_id=vacancy_id)
        if row is None:
            return None
        if row["body"] is None:
            return row["offer_id"], None
        found = Vacancy.model_validate_json(row["body"])
        return found.offer_id, Posting(
            vacancy_id=found.vacancy_id,
            version=found.version,
            opening=found.opening,
            closed_at=row["closed_at"],
            nothing_free_since=row["nothing_free_since"],
        )

    async def offer_is_known(self, connection: Connection, offer_id: str) -> bool:
        """Say whether there is such an offer."""
        return bool(await self._queries.known_offer(connection, offer_id=offer_id))

    async def open_record(self, connection: Connection, offer_id: str) -> int:
        """Lock an offer's record, a new one if it has none; gives how many observations it has."""
        count: int = await self._queries.open_record(connection, offer_id=offer_id)
        return count

    async def lock_record(self, connection: Connection, offer_id: str) -> None:
        """Lock an offer's record, if it has one."""
        await self._queries.lock_record(connection, offer_id=offer_id)

    async def told_that_day(self, connection: Connection, vacancy_id: str, observer: str, asked_day: date) -> Observation | None:
        """Find what the same observer told of the same posting that day."""
        row = await self._queries.observation_of_day(connection, vacancy_id=vacancy_id, observer=observer, asked_day=asked_day)
        return None if row is None else _observation(row)

    async def add(self, connection: Connection, offer_id: str, observation: Observation, asked_day: date) -> None:
        """Remember an observation of an offer whose record is locked."""
        own = (
            "number",
            "vacancy_id",
            "vacancy_version",
            "opening",
            "observer",
            "finding",
            "asked_at",
            "received_at",
            "counts_from",
        )
        given = {name: getattr(observation, name) for name in own}
        await self._queries.add_observation(connection, offer_id=offer_id, asked_day=asked_day, **given)
        await self._queries.note_added(
            connection, offer_id=offer_id, observations=observation.number, recount_at=observation.counts_from
        )

    async def one(self, connection: Connection, offer_id: str, number: int) -> Observation | None:
        """Read one observation."""
        row = await self._queries.observation(connection, offer_id=offer_id, number=number)
        return None if row is None else _observation(row)

    async def page(self, connection: Connection, offer_id: str, before: int | None, at_most: int) -> list[Observation]:
        """Read an offer's observations, the newest first."""
        rows = self._queries.observations_of(connection, offer_id=offer_id, before=before, at_most=at_most)
        return [_observation(row) async for row in rows]

    async def save_objection(self, connection: Connection, offer_id: str, observation: Observation, now: datetime) -> None:
        """Store what was said of an observation of an offer whose record is locked, and have it counted again."""
        await self._queries.set_objection(
            connection,
            offer_id=offer_id,
            number=observation.number,
            objection=observation.objection,
            objected_at=observation.objected_at,
            ruling=observation.ruling,
        )
        await self._queries.recount_at(connection, offer_id=offer_id, recount_at=now)

    async def due(self, connection: Connection, now: datetime, at_most: int) -> list[str]:
        """Lock the records whose count may have changed."""
        return [row["offer_id"] async for row in self._queries.due_records(connection, now=now, at_most=at_most)]

    async def since(
        self, connection: Connection, offer_ids: Sequence[str], since: datetime
    ) -> defaultdict[str, list[Observation]]:
        """Read what may count of some offers."""
        found: defaultdict[str, list[Observation]] = defaultdict(list)
        async for row in self._queries.observations_since(connection, offer_ids=list(offer_ids), since=since):
            found[row["offer_id"]].append(_observation(row))
        return found

    async def set_recounts(self, connection: Connection, moments: Mapping[str, datetime | None]) -> None:
        """Store when each count may change next."""
        await self._queries.set_recounts(connection, offer_ids=list(moments), moments=list(moments.values()))


def _observation(row: Any) -> Observation:  # noqa: ANN401 - a row
    return Observation(**{name: row[name] for name in _FIELDS})
