"""The only caller of SQL: rows become states here, and states rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import asyncpg

from services.intake.domain.books import Books
from services.intake.domain.partners import Partner
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from shared.contracts.need import NeedProfile, StatedNeed
from shared.contracts.offer import Offer, OfferTerms
from shared.contracts.vacancy import Vacancy
from shared.messaging.errors import PassingError
from shared.messaging.outbox import decode_headers, encode_headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
    from datetime import datetime

    from services.intake.domain.conditions import Position
    from services.intake.domain.states import State
    from services.intake.domain.wanted import Wanted
    from shared.contracts.submission import SubmissionKind
    from shared.database import Connection, Pool
    from shared.database.queries import Queries
    from shared.messaging.envelope import Header

_T = TypeVar("_T")

_ATTEMPTS: Final = 4


UNAVAILABLE: Final = (
    OSError,
    PassingError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""What is raised while the database is away, or the same is changed by too many at once: it will go by."""


class Conflict(PassingError):  # noqa: N818 - reads as what it is
    """Somebody else changed the same at the same moment, again and again; try again."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new state, its record as published (None: a tombstone), and the matter that led to it."""

    state: State
    body: bytes | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """What a submission was answered with."""

    partner: str
    submission_id: str
    position: str
    key: str
    headers: Sequence[Header]
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Setting:
    """A record of the topic `settings`: the policy or the day."""

    key: str
    version: int
    body: bytes
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Published:
    """A record as it should stand on the log."""

    key: str
    epoch: int
    version: int
    changed_at: datetime
    correlation_id: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Read:
    """One record as published (None: erased), where it stands, and of a need whose it is."""

    position: Position
    body: bytes | None
    municipality: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a case system calls a need, and what stands under it."""

    source_reference: str
    need_id: str
    position: Position
    status: str


Page: TypeAlias = list[tuple[str, bytes]]
"""Records as published, each with its id."""


class Store:
    """Reads and writes on the connection of the caller's transaction; nothing is remembered between calls."""

    def __init__(self, pool: Pool, queries: Queries) -> None:
        self._pool = pool
        self._queries = queries

    async def in_transaction(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Run some work in one transaction; when it collides with another it is done again.

        Raises:
            Conflict: it collided every time.
        """
        for _ in range(_ATTEMPTS):
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    return await work(connection)
            except (Conflict, asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                continue
        raise Conflict

    # --- what a batch of commands needs --------------------------------------------------------------------------

    async def open_books(self, connection: Connection, wanted: Wanted) -> Books:
        """Lock and read everything that is named: offers first, then vacancies, then needs, each by id, so that nobody waits in a ring."""
        books = Books()
        senders, references = _unzip(wanted.vacancy_names)
        vacancy_ids = list(wanted.vacancy_ids)
        if wanted.offer_ids or vacancy_ids or senders:
            query = self._queries.offers_to_change if wanted.changes_offers else self._queries.offers_to_read
            async for row in query(
                connection, offer_ids=list(wanted.offer_ids), vacancy_ids=vacancy_ids, senders=senders, names=references
            ):
                if row["body"] is not None:
                    books.epochs[row["offer_id"]] = row["epoch"]
                    books.write(_offer(row["body"], row["terms"]))
        if vacancy_ids or senders:
            async for row in self._queries.vacancies_named(
                connection, vacancy_ids=vacancy_ids, senders=senders, names=references
            ):
                books.epochs[row["vacancy_id"]] = row["epoch"]
                books.write(_vacancy(row))
        if wanted.need_ids or wanted.need_names:
            municipalities, references = _unzip(wanted.need_names)
            moved, moved_to = _unzip(wanted.need_moves)
            async for row in self._queries.needs_named(
                connection,
                need_ids=list(wanted.need_ids),
                municipalities=municipalities,
                names=references,
                moved=moved,
                moved_to=moved_to,
            ):
                books.epochs[row["need_id"]] = row["epoch"]
                books.write(_need(row))
        return books

    async def vacancies_of_offers(self, connection: Connection, offer_ids: Collection[str]) -> list[VacancyState]:
        """Lock and read the vacancies that follow a change of their offers."""
        rows = self._queries.vacancies_of_offers(connection, offer_ids=list(offer_ids))
        return [state async for row in rows if isinstance(state := _vacancy(row), VacancyState)]

    async def save(self, connection: Connection, changes: Sequence[Change], now: datetime) -> dict[str, int]:
        """Store the last state of each entity; gives the epoch of each by id.

        Raises:
            Conflict: one of them has moved on meanwhile.
        """
        last = {(type(change.state).__name__.removeprefix("Erased"), change.state.entity_id): change for change in changes}
        offers = [change for change in last.values() if isinstance(change.state, OfferState)]
        vacancies = [change for change in last.values() if isinstance(change.state, VacancyState | ErasedVacancy)]
        needs = [change for change in last.values() if isinstance(change.state, NeedState | ErasedNeed)]
        epochs: dict[str, int] = {}
        for group, query, columns in (
            (offers, self._queries.save_offers, _offer_columns),
            (vacancies, self._queries.save_vacancies, _vacancy_columns),
            (needs, self._queries.save_needs, _need_columns),
        ):
            if not group:
                continue
            given = _columns([columns(change) for change in group])
            rows = [row async for row in query(connection, **given, changed_at=now)]
            if len(rows) != len(group):
                raise Conflict
            epochs |= {row["key"]: row["epoch"] for row in rows}
        return epochs

    # --- partners and their submissions --------------------------------------------------------------------------

    async def partners_named(self, connection: Connection, names: Collection[str]) -> dict[str, Partner]:
        """Read partners, and keep them from being removed before the commit."""
        rows = self._queries.partners_named(connection, names=list(names))
        return {row["partner"]: _partner(row) async for row in rows}

    async def partners(self) -> list[Partner]:
        """Read all partners."""
        async with self._pool.acquire() as connection:
            return [_partner(row) async for row in self._queries.partners(connection)]

    async def partner_named(self, name: str) -> Partner | None:
        """Read one partner."""
        async with self._pool.acquire() as connection:
            row = await self._queries.partner_named(connection, partner=name)
        return None if row is None else _partner(row)

    async def put_partner(self, partner: Partner) -> bool:
        """Declare a partner; says whether it is new."""
        async with self._pool.acquire() as connection:
            created: bool = await self._queries.put_partner(
                connection,
                partner=partner.name,
                offers=sorted(partner.offers),
                kinds=sorted(partner.kinds),
                municipalities=sorted(partner.municipalities),
            )
        return created

    async def remove_partner(self, name: str) -> bool:
        """Forget a partner, and every answer that it got or was to get; says whether there was one."""
        async with self._pool.acquire() as connection:
            return bool(await self._queries.remove_partner(connection, partner=name))

    async def receipts_given(
        self, connection: Connection, submissions: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], StoredReceipt]:
        """Read the receipts of submissions, by (partner, identity), that were answered before."""
        partners, identities = _unzip(submissions)
        rows = self._queries.receipts_given(connection, partners=partners, submission_ids=identities)
        return {(row["partner"], row["submission_id"]): _receipt(row) async for row in rows}

    async def save_receipts(self, connection: Connection, receipts: Sequence[StoredReceipt], now: datetime) -> None:
        """Remember receipts.

        Raises:
            Conflict: another process answered one of the submissions meanwhile.
        """
        rows = self._queries.save_receipts(
            connection,
            partners=[receipt.partner for receipt in receipts],
            submission_ids=[receipt.submission_id for receipt in receipts],
            positions=[receipt.position for receipt in receipts],
            keys=[receipt.key for receipt in receipts],
            headers=[encode_headers(receipt.headers) for receipt in receipts],
            receipts=[receipt.receipt for receipt in receipts],
            received_at=now,
        )
        if len([row async for row in rows]) != len(receipts):
            raise Conflict

    async def note_again(self, connection: Connection, repeating: Sequence[tuple[str, str]], now: datetime) -> set[str]:
        """Note records (partner, position) that repeat a submission; gives the positions that were not noted before."""
        partners, positions = _unzip(repeating)
        rows = self._queries.note_again(connection, partners=partners, positions=positions, received_at=now)
        return {row["position"] async for row in rows}

    # --- settings, time and questions ----------------------------------------------------------------------------

    async def settings_locked(self, connection: Connection) -> dict[str, tuple[int, bytes]]:
        """Read version and body of each setting, as the only one who publishes settings until the commit."""
        rows = self._queries.settings_locked(connection)
        return {row["key"]: (row["version"], row["body"]) async for row in rows if row["key"] is not None}

    async def save_setting(self, connection: Connection, setting: Setting, now: datetime) -> int:
        """Store a setting; gives its epoch."""
        epoch: int = await self._queries.save_setting(
            connection,
            key=setting.key,
            version=setting.version,
            body=setting.body,
            correlation_id=setting.correlation_id,
            changed_at=now,
        )
        return epoch

    async def expired_vacancies(self, now: datetime, at_most: int) -> list[str]:
        """Find open vacancies that nobody confirmed in time."""
        async with self._pool.acquire() as connection:
            rows = self._queries.expired_vacancies(connection, now=now, at_most=at_most)
            return [row["vacancy_id"] async for row in rows]

    async def vacancies_to_remind(self, now: datetime, at_most: int) -> list[str]:
        """Find open vacancies whose offer is to be asked to confirm them."""
        async with self._pool.acquire() as connection:
            rows = self._queries.vacancies_to_remind(connection, now=now, at_most=at_most)
            return [row["vacancy_id"] async for row in rows]

    async def vacancies_closed_before(self, moment: datetime, at_most: int) -> list[str]:
        """Find vacancies that have been closed since before a moment."""
        async with self._pool.acquire() as connection:
            rows = self._queries.vacancies_closed_before(connection, moment=moment, at_most=at_most)
            return [row["vacancy_id"] async for row in rows]

    async def forget_receipts(self, before: datetime) -> None:
        """Forget the receipts of submissions that came before a moment."""
        async with self._pool.acquire() as connection:
            await self._queries.forget_receipts(connection, before=before)

    async def counts(self) -> dict[str, int]:
        """Count what is open, and what waits to be published or made searchable."""
        async with self._pool.acquire() as connection:
            return dict(await self._queries.counts(connection))

    async def published(self, entity: str, entity_id: str) -> Read | None:
        """Read one offer, vacancy or need as published."""
        async with self._pool.acquire() as connection:
            row = await getattr(self._queries, f"{entity}_body")(connection, **{f"{entity}_id": entity_id})
        return None if row is None else Read((row["epoch"], row["version"]), row["body"], row.get("handlekommune"))

    async def newest_vacancies(self, status: str | None, after: str | None, at_most: int) -> Page:
        """Read vacancies as published, the newest first; `after` is the last id of the page before."""
        async with self._pool.acquire() as connection:
            rows = self._queries.list_vacancies(connection, status=status, after=after, at_most=at_most)
            return [(row["key"], row["body"]) async for row in rows]

    async def newest_vacancies_of(self, offer_id: str, at_most: int) -> Page:
        """Read the open vacancies of an offer as published, the newest first."""
        async with self._pool.acquire() as connection:
            rows = self._queries.newest_vacancies_of(connection, offer_id=offer_id, at_most=at_most)
            return [(row["key"], row["body"]) async for row in rows]

    async def last_closed_of(self, offer_id: str) -> tuple[datetime, bytes] | None:
        """Read the vacancy of an offer that closed last, and when; None: there is none, or it is erased."""
        async with self._pool.acquire() as connection:
            row = await self._queries.last_closed_of(connection, offer_id=offer_id)
        return None if row is None or row["body"] is None or row["closed_at"] is None else (row["closed_at"], row["body"])

    async def newest_needs(
        self, status: str | None, after: str | None, at_most: int, municipalities: Collection[str] | None
    ) -> Page:
        """Read needs as published, the newest first; `municipalities`: only theirs."""
        only = None if municipalities is None else sorted(municipalities)
        async with self._pool.acquire() as connection:
            rows = self._queries.list_needs(connection, status=status, after=after, at_most=at_most, municipalities=only)
            return [(row["key"], row["body"]) async for row in rows]

    async def offers_by_id(self, section: str | None, after: str | None, at_most: int) -> Page:
        """Read offers as published, by id; `section`: only those that name it."""
        async with self._pool.acquire() as connection:
            rows = self._queries.list_offers(connection, section=section, after=after, at_most=at_most)
            return [(row["key"], row["body"]) async for row in rows]

    async def need_references(self, municipality: str, status: str | None, after: str | None, at_most: int) -> list[Reference]:
        """Read what a municipality's case system calls its needs, by that name."""
        async with self._pool.acquire() as connection:
            rows = self._queries.need_references(
                connection, municipality=municipality, status=status, after=after, at_most=at_most
            )
            return [
                Reference(row["source_reference"], row["need_id"], (row["epoch"], row["version"]), row["status"])
                async for row in rows
            ]

    async def open_vacancies_of_offer(self, offer_id: str) -> list[str]:
        """Find the open vacancies of an offer."""
        async with self._pool.acquire() as connection:
            return [row["vacancy_id"] async for row in self._queries.open_vacancies_of_offer(connection, offer_id=offer_id)]

    # --- what should stand on the log ----------------------------------------------------------------------------

    async def epoch(self, connection: Connection) -> int:
        """Say which life of this database it is."""
        epoch: int = await self._queries.epoch(connection)
        return epoch

    async def raise_epoch(self, above: int) -> int:
        """Begin a new life; gives its epoch."""
        async with self._pool.acquire() as connection:
            epoch: int = await self._queries.raise_epoch(connection, above=above)
        return epoch

    async def page_published(
        self, connection: Connection, table: str, after: str, only: str | None, at_most: int
    ) -> list[Published]:
        """Lock and read records as they should stand on the log, a page by key; `table` is offers, vacancies, needs or settings."""
        rows = getattr(self._queries, f"published_{table}")(connection, after=after, only=only, at_most=at_most)
        return [Published(**dict(row)) async for row in rows]

    async def move(self, connection: Connection, table: str, records: Sequence[Published]) -> None:
        """Store records that were lifted to another position."""
        await getattr(self._queries, f"move_{table}")(
            connection,
            keys=[record.key for record in records],
            epochs=[record.epoch for record in records],
            versions=[record.version for record in records],
            bodies=[record.body for record in records],
        )


@lru_cache(maxsize=1024)
def _offer(body: bytes, terms: bytes) -> OfferState:
    """Read an offer; the same bytes are read again with each of its vacancies that comes in, and the states are frozen."""
    return OfferState(Offer.model_validate_json(body), OfferTerms.model_validate_json(terms))


def _receipt(row: Any) -> StoredReceipt:  # noqa: ANN401 - a row
    return StoredReceipt(**{**row, "headers": decode_headers(row["headers"])})


def _vacancy(row: Any) -> VacancyState | ErasedVacancy:  # noqa: ANN401 - a row
    if row["body"] is None:
        return ErasedVacancy(row["vacancy_id"], row["version"], row["offer_id"])
    return VacancyState(
        Vacancy.model_validate_json(row["body"]),
        row["terms"],
        row["sender"],
        row["reference"],
        row["remind_at"],
    )


def _need(row: Any) -> NeedState | ErasedNeed:  # noqa: ANN401 - a row
    if row["body"] is None:
        return ErasedNeed(row["need_id"], row["version"])
    return NeedState(
        NeedProfile.model_validate_json(row["body"]), StatedNeed.model_validate_json(row["terms"]), row["source_reference"]
    )


def _partner(row: Any) -> Partner:  # noqa: ANN401 - a row
    kinds: frozenset[SubmissionKind] = frozenset(row["kinds"])
    return Partner(row["partner"], frozenset(row["offers"]), kinds, frozenset(row["municipalities"]))


def _offer_columns(change: Change) -> dict[str, object]:
    state = change.state
    if not isinstance(state, OfferState):
        raise TypeError(type(state))
    return {"offer_ids": state.entity_id, "terms": state.terms.model_dump_json().encode()} | _common_columns(change)


def _vacancy_columns(change: Change) -> dict[str, object]:
    state = change.state
    if isinstance(state, ErasedVacancy):
        own: dict[str, object] = dict.fromkeys(("senders", "names", "expiries", "reminders", "terms"))
        own |= {"offer_ids": state.offer_id, "statuses": "erased", "full": False}
    elif isinstance(state, VacancyState):
        own = {
            "offer_ids": state.vacancy.offer_id,
            "senders": state.sender,
            "names": state.reference,
            "statuses": state.vacancy.status,
            "expiries": state.vacancy.expires_at,
            "reminders": state.remind_at,
            "full": state.vacancy.places_free == 0,
            "terms": state.stated,
        }
    else:
        raise TypeError(type(state))
    return own | {"vacancy_ids": state.entity_id} | _common_columns(change)


def _need_columns(change: Change) -> dict[str, object]:
    state = change.state
    if isinstance(state, ErasedNeed):
        own: dict[str, object] = dict.fromkeys(("municipalities", "names", "terms"))
        own |= {"statuses": "erased"}
    elif isinstance(state, NeedState):
        own = {
            "municipalities": state.terms.handlekommune,
            "names": state.source_reference,
            "statuses": state.need.status,
            "terms": state.terms.model_dump_json().encode(),
        }
    else:
        raise TypeError(type(state))
    return own | {"need_ids": state.entity_id} | _common_columns(change)


def _common_columns(change: Change) -> dict[str, object]:
    return {"versions": change.state.version, "bodies": change.body, "correlation_ids": change.correlation_id}


def _columns(rows: Sequence[dict[str, object]]) -> dict[str, list[object]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _unzip(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    listed = list(pairs)
    return [first for first, _ in listed], [second for _, second in listed]
