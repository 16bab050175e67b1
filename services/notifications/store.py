"""The only caller of SQL: rows become domain values here."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.notifications.domain.alerts import Alert
from services.notifications.domain.delivery import Attempt, Delivered, GiveUp, NotTried, Retry
from services.notifications.domain.matches import Claim
from services.notifications.domain.places import Copy, Place
from shared.database import load_queries

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

    from services.notifications.domain.alerts import Delivery, NewAlert
    from services.notifications.domain.delivery import Outcome
    from services.notifications.domain.matches import MatchRecord
    from services.notifications.domain.places import Kind, PlaceList, Position
    from services.notifications.domain.vacancies import VacancyState
    from shared.database import Connection, Pool

ALERTS_CHANNEL = "alerts"
"""Notified at each commit that adds alerts, with the highest id."""

DELIVERIES_CHANNEL = "deliveries"
"""Notified at each commit that adds deliveries."""

_WRITER_LOCK = 7_305_110_120
"""Key of the advisory lock of those who write alerts; any number, but always the same."""

_OF_NEEDS = ("alerts", "deliveries", "waiting_places", "matches", "unseen")
_REWRITE_SECONDS = 1800

_sql = load_queries(Path(__file__).with_name("queries.sql"))


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A place that its person was not alerted to, with what has to be known to judge it."""

    place: Place
    copy: Copy | None
    alerted_opening: int | None
    has_mail: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody that alerts can be for; works with cases, is never a citizen."""

    person: str
    name: str | None = None
    mail: str | None = None
    municipality: str | None = None
    team: str | None = None
    language: str = "da"


@dataclass(frozen=True, slots=True)
class InboxAlert:
    """An alert as the inbox shows it: what it said, and how the place and the need stand now."""

    alert: Alert
    about: Mapping[str, Any]
    need_gone: bool
    still_open: bool
    said_now: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """A delivery that this sender alone has in hand, until its lease ends."""

    delivery_id: uuid.UUID
    person: str
    need_id: str
    mail: str | None
    name: str | None
    correlation_id: str
    attempt: Attempt
    alerts: tuple[Alert, ...]


class Writing:
    """One transaction that may write alerts; others wait for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save_vacancies(self, vacancies: Sequence[VacancyState]) -> list[str]:
        """Take over what is newer than the copy; gives the ids."""
        rows = _sql.save_vacancies(
            self._connection,
            vacancy_ids=[item.vacancy_id for item in vacancies],
            epochs=[item.position[0] for item in vacancies],
            versions=[item.position[1] for item in vacancies],
            statuses=[item.status for item in vacancies],
            openings=[item.opening for item in vacancies],
            saids=[item.said for item in vacancies],
        )
        return [row["vacancy_id"] async for row in rows]

    async def claims(self, partitions: Iterable[int]) -> dict[int, Claim]:
        rows = _sql.claims(self._connection, partitions=list(partitions))
        return {row["partition"]: Claim(row["partition"], row["epoch"], row["log_offset"]) async for row in rows}

    async def save_claims(self, claims: Sequence[Claim]) -> None:
        if claims:
            await _sql.save_claims(
                self._connection,
                partitions=[claim.partition for claim in claims],
                epochs=[claim.epoch for claim in claims],
                log_offsets=[claim.offset for claim in claims],
            )

    async def save_matches(self, records: Sequence[MatchRecord]) -> frozenset[str]:
        """Take over what is newer than what is held; gives the needs."""
        if not records:
            return frozenset()
        rows = _sql.save_matches(
            self._connection,
            need_ids=[record.need_id for record in records],
            epochs=[record.position[0] for record in records],
            versions=[record.position[1] for record in records],
            gone=[record.need is None for record in records],
            persons=[record.person for record in records],
            places=[len(record.places) for record in records],
            abouts=[_about(record) for record in records],
        )
        return frozenset([row["need_id"] async for row in rows])

    async def erase_needs(self, positions: Mapping[str, Position]) -> int:
        """Forget needs that are erased, with every alert and mail about them; gives how many something was held of."""
        return await _erase_needs(self._connection, positions)

    async def unsaid(self, lists: Sequence[PlaceList | MatchRecord]) -> list[Unsaid]:
        """Leave out the places that were said, and look up what is known of the others."""
        if not lists:
            return []
        rows = _sql.unsaid_places(
            self._connection,
            persons=[one.person for one in lists],
            need_ids=[one.need_id for one in lists],
            vacancy_ids=[",".join([place.vacancy_id for place in one.places]) for one in lists],
            openings=[",".join([str(place.opening) for place in one.places]) for one in lists],
        )
        return [
            Unsaid(
                lists[at].place(rank),
                None if version is None else Copy(epoch, version, opening, status),
                alerted_opening,
                has_mail,
            )
            async for at, rank, epoch, version, opening, status, alerted_opening, has_mail in rows
        ]

    async def waiting_for(self, vacancy_ids: Sequence[str]) -> list[Place]:
        return [_place(row) async for row in _sql.waiting_for(self._connection, vacancy_ids=vacancy_ids)]

    async def stop_waiting_of_needs(self, need_ids: Iterable[str]) -> dict[str, list[str]]:
        """Forget what waits of these needs; gives the vacancies, by need, that would have been pushed."""
        loud: dict[str, list[str]] = {}
        async for row in _sql.stop_waiting_of_needs(self._connection, need_ids=list(need_ids)):
            if not row["quiet"]:
                loud.setdefault(row["need_id"], []).append(row["vacancy_id"])
        return loud

    async def stop_waiting(self, places: Sequence[Place]) -> None:
        if places:
            await _sql.stop_waiting(
                self._connection,
                need_ids=[place.need_id for place in places],
                vacancy_ids=[place.vacancy_id for place in places],
            )

    async def start_waiting(self, places: Sequence[Place]) -> None:
        if places:
            await _sql.start_waiting(
                self._connection,
                **_columns(places),
                vacancy_versions=[place.vacancy_version for place in places],
                vacancy_epochs=[place.vacancy_epoch for place in places],
                quiets=[place.is_quiet for place in places],
                match_epochs=[place.match[0] for place in places],
                match_versions=[place.match[1] for place in places],
                happened=[place.happened_at for place in places],
            )

    async def save_alerts(self, alerts: Sequence[NewAlert], deliveries: Sequence[Delivery]) -> int:
        """Store alerts and the mails that carry them; gives how many are new."""
        if deliveries:
            await _sql.save_deliveries(
                self._connection,
                delivery_ids=[delivery.delivery_id for delivery in deliveries],
                persons=[delivery.person for delivery in deliveries],
                need_ids=[delivery.need_id for delivery in deliveries],
                correlation_ids=[delivery.correlation_id for delivery in deliveries],
            )
        rows = _sql.save_alerts(
            self._connection,
            **_columns([alert.place for alert in alerts]),
            kinds=[alert.kind for alert in alerts],
            delivery_ids=[alert.delivery_id for alert in alerts],
        )
        return len([row async for row in rows])

    async def is_newer_setting(self, key: str, position: Position) -> bool:
        epoch, version = position
        return await _sql.save_settings_position(self._connection, key=key, epoch=epoch, version=version) is not None

    async def saw(self, topic: str, keys: Sequence[str]) -> None:
        """Note that these have shown while a topic is read again."""
        await _sql.saw(self._connection, topic=topic, keys=keys)

    async def save_policy(self, hash_: str, words: Mapping[str, Any]) -> None:
        await _sql.save_policy(self._connection, hash=hash_, words=words)


async def _erase_needs(connection: Connection, positions: Mapping[str, Position]) -> int:
    if not positions:
        return 0
    rows = _sql.erase_needs(
        connection,
        need_ids=list(positions),
        epochs=[epoch for epoch, _ in positions.values()],
        versions=[version for _, version in positions.values()],
    )
    held = [row["need_id"] async for row in rows]
    await _sql.erase_deliveries(connection, need_ids=list(positions))
    return len(held)


class Readings:
    """One transaction about how fresh the database is; others wait for it, and so does whoever writes alerts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fresh_at(self, topic: str) -> datetime | None:
        at: datetime | None = await _sql.fresh_at(self._connection, topic=topic)
        return at

    async def until(self, topic: str) -> list[int] | None:
        ends: list[int] | None = await _sql.until(self._connection, topic=topic)
        return ends

    async def mark_fresh(self, topic: str, now: datetime) -> None:
        await _sql.mark_fresh(self._connection, topic=topic, now=now)

    async def begin(self, topic: str, ends: Sequence[int], now: datetime) -> None:
        """Hold all that is there of a topic for unseen."""
        await _sql.hold_all_unseen(self._connection, topic=topic)
        await _sql.begin_rereading(self._connection, topic=topic, ends=ends, now=now)

    async def end(self, topic: str, now: datetime) -> int:
        """Erase what has not shown; gives how much that was."""
        vanished = [row["key"] async for row in _sql.erase_unseen(self._connection, topic=topic)]
        if topic == "matches" and vanished:
            # Closed or erased, nobody can tell any more: forget it as if it were erased, one version above what was held.
            rows = _sql.positions_of(self._connection, need_ids=vanished)
            await _erase_needs(self._connection, {row["need_id"]: (row["epoch"], row["version"] + 1) async for row in rows})
        await _sql.end_rereading(self._connection, topic=topic, now=now)
        return len(vanished)


class Store:
    """The service's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """One transaction, alone among those that write alerts."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _sql.one_writer(connection, lock_key=_WRITER_LOCK)
            yield Writing(connection)

    @asynccontextmanager
    async def one_at_a_time(self) -> AsyncIterator[Readings]:
        """One transaction about the readings, alone among those and among those that write alerts."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _sql.one_writer(connection, lock_key=_WRITER_LOCK)
            yield Readings(connection)

    async def is_to_be_rewritten(self) -> bool:
        """Say whether the bytes of what was erased may still stand in tables' files."""
        return bool(await _sql.is_to_be_rewritten(self._pool))

    async def rewrite(self, at_most_bytes: int) -> dict[str, str]:
        """Write the tables anew that may have held something of what was erased; one beyond the limit is only vacuumed."""
        done = {}
        async with self._pool.acquire() as connection:
            before = await _sql.now(connection)
            async for row in _sql.sizes(connection, tables=list(_OF_NEEDS)):
                done[row["name"]] = "rewritten" if row["bytes"] <= at_most_bytes else "vacuumed"
            for table, how in done.items():
                option = "FULL" if how == "rewritten" else "INDEX_CLEANUP ON"
                await connection.execute(f"VACUUM ({option}) {table}", timeout=_REWRITE_SECONDS)
            await _sql.were_rewritten(connection, before=before)
        return done

    async def born_at(self) -> datetime:
        born: datetime = await _sql.born_at(self._pool)
        return born

    async def policies(self) -> dict[str, dict[str, Any]]:
        return {row["hash"]: row["words"] async for row in _sql.policies(self._pool)}

    # --- the inbox ---

    async def alerts_after(self, after: int, persons: Iterable[str] | None, most: int) -> list[Alert]:
        """Alerts with higher ids, in the order in which they became visible; `persons` None: everybody's."""
        rows = _sql.alerts_after(self._pool, after=after, persons=list(persons or ()), everyone=persons is None, most=most)
        return [_alert(row) async for row in rows]

    async def inbox(self, person: str, before: int, most: int) -> list[InboxAlert]:
        rows = _sql.latest_alerts(self._pool, person=person, before=before, most=most)
        return [
            InboxAlert(_alert(row), row["about"] or {}, row["need_gone"], row["still_open"], row["said_now"])
            async for row in rows
        ]

    async def abouts(self, need_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        return {row["need_id"]: row["about"] async for row in _sql.abouts(self._pool, need_ids=list(need_ids))}

    async def last_alert_id(self) -> int:
        last: int = await _sql.last_alert_id(self._pool)
        return last

    # --- people ---

    async def save_person(self, person: Person) -> bool:
        """Keep a person; gives whether the person is new."""
        is_new: bool = await _sql.save_person(
            self._pool,
            person=person.person,
            person_name=person.name,
            mail=person.mail,
            municipality=person.municipality,
            team=person.team,
            language=person.language,
        )
        return is_new

    async def people(self) -> list[Person]:
        return [Person(**dict(row)) async for row in _sql.people(self._pool)]

    # --- deliveries ---

    async def lease_deliveries(self, lease_seconds: float, most: int) -> list[LeasedDelivery]:
        """Take deliveries that are due, with what they are to say; nobody else gets them before the lease ends."""
        leased = [row async for row in _sql.lease_deliveries(self._pool, lease_seconds=lease_seconds, most=most)]
        if not leased:
            return []
        carried: dict[uuid.UUID, list[Alert]] = {row["delivery_id"]: [] for row in leased}
        async for row in _sql.alerts_of_deliveries(self._pool, delivery_ids=list(carried)):
            carried[row["delivery_id"]].append(_alert(row))
        return [
            LeasedDelivery(
                row["delivery_id"],
                row["person"],
                row["need_id"],
                row["mail"],
                row["name"],
                row["correlation_id"],
                Attempt(row["attempts"], row["created_at"], row["taken_at"]),
                tuple(carried[row["delivery_id"]]),
            )
            for row in leased
        ]

    async def save_outcomes(self, outcomes: Mapping[uuid.UUID, Outcome]) -> None:
        columns = [_outcome(outcome) for outcome in outcomes.values()]
        await _sql.save_outcomes(
            self._pool,
            delivery_ids=list(outcomes),
            states=[state for state, _, _, _ in columns],
            reasons=[reason for _, reason, _, _ in columns],
            wait_seconds=[wait for _, _, wait, _ in columns],
            attempts_back=[back for _, _, _, back in columns],
        )

    async def seconds_until_due(self) -> float | None:
        seconds: float | None = await _sql.seconds_until_due(self._pool)
        return seconds

    # --- places that wait ---

    async def waiting_places(self) -> tuple[int, int]:
        """How many places wait, and of how many of them it is not fixed yet for how long."""
        row = await _sql.waiting_places_now(self._pool)
        return row["waiting"], row["unfixed"]

    async def fix_what_is_waited_for(self, ends: Sequence[int]) -> None:
        await _sql.fix_what_is_waited_for(self._pool, ends=ends)

    async def mark_stale(self, passed: Sequence[int]) -> int:
        """Mark the places whose vacancy should have come by now; gives how many still wait."""
        still: int = await _sql.mark_stale(self._pool, passed=passed)
        return still

    async def counts(self) -> dict[str, int]:
        return {name: int(count) for name, count in (await _sql.counts(self._pool)).items()}


def _columns(places: Sequence[Place]) -> dict[str, list[Any]]:
    return {
        "persons": [place.person for place in places],
        "need_ids": [place.need_id for place in places],
        "vacancy_ids": [place.vacancy_id for place in places],
        "openings": [place.opening for place in places],
        "scores": [place.score for place in places],
        "points": [place.points for place in places],
        "unknowns": [",".join(place.unknown) for place in places],
        "policies": [place.policy for place in places],
        "correlation_ids": [place.correlation_id for place in places],
    }


def _about(record: MatchRecord) -> dict[str, Any]:
    need = record.need
    if need is None:
        return {}
    return {
        "handlekommune": need.handlekommune,
        "urgency": need.urgency,
        "waiting_since": need.waiting_since,
        "deadline": need.deadline,
    }


def _place(row: asyncpg.Record) -> Place:
    return Place(
        person=row["person"],
        need_id=row["need_id"],
        vacancy_id=row["vacancy_id"],
        opening=row["opening"],
        vacancy_version=row["vacancy_version"],
        vacancy_epoch=row["vacancy_epoch"],
        score=row["score"],
        points=row["points"],
        unknown=tuple(row["unknown"]),
        policy=row["policy"],
        match=(row["match_epoch"], row["match_version"]),
        happened_at=row["happened_at"],
        correlation_id=row["correlation_id"],
        is_quiet=row["quiet"],
    )


def _alert(row: asyncpg.Record) -> Alert:
    kind: Kind = row["kind"]
    return Alert(
        alert_id=row["alert_id"],
        person=row["person"],
        need_id=row["need_id"],
        vacancy_id=row["vacancy_id"],
        opening=row["opening"],
        kind=kind,
        score=row["score"],
        points=row["points"],
        unknown=tuple(row["unknown"]),
        policy=row["policy"],
        said=row["said"],
        delivery_id=row["delivery_id"],
        correlation_id=row["correlation_id"],
        alerted_at=row["alerted_at"],
    )


def _outcome(outcome: Outcome) -> tuple[str, str | None, float, int]:
    """(state, reason, seconds to wait, attempts that were none)."""
    match outcome:
        case Delivered():
            return "delivered", None, 0.0, 0
        case Retry(reason, after_seconds):
            return "waiting", reason, after_seconds, 0
        case GiveUp(reason):
            return "given_up", reason, 0.0, 0
        case NotTried():
            return "waiting", None, 0.0, 1
