"""Taking over from the log what it has of later than the backup."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never

import structlog
from pydantic import ValidationError

from services.intake.domain.adopting import adopt_need, adopt_offer, adopt_vacancy
from services.intake.domain.states import ErasedNeed, ErasedVacancy, NeedState, OfferState, VacancyState
from services.intake.domain.wanted import Wanted
from services.intake.published_log import envelope_of
from services.intake.publishing import SOURCE
from services.intake.store import Change, Setting
from shared.contracts.need import NeedProfile
from shared.contracts.offer import Offer
from shared.contracts.vacancy import Vacancy
from shared.messaging.log import read_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from services.intake.domain.books import Books
    from services.intake.domain.freshness import Freshness
    from services.intake.domain.states import State
    from services.intake.published_log import Reading
    from services.intake.restoring.store import RestoringStore
    from services.intake.store import Store
    from shared.database import Connection
    from shared.messaging.envelope import Envelope
    from shared.messaging.records import RawRecord
    from shared.messaging.topics import TopicNames

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500
_SENDER_OF_HTTP: Final = "http:"


@dataclass(slots=True)
class Adopted:
    """What was taken over from one topic.

    Attributes:
        later: keys that the backup has in an older version.
        new: keys that it does not have.
        erased: of `later`, those that were erased.
        without_address: ids of offers and vacancies of which only the published part is known: address and point have to be stated again.
        without_reference: how many new vacancies and needs have lost their sender's own name; the same sent again makes a second one.
        left: keys whose last record cannot be taken over; what the database has is published over it.
    """

    later: int = 0
    new: int = 0
    erased: int = 0
    without_address: list[str] = field(default_factory=list)
    without_reference: int = 0
    left: int = 0

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A record that can be taken over, and what it becomes."""

    record: RawRecord
    said: Envelope
    state: State


class Adoption:
    """Reads the topics a second time, and stores those records that are the last of their keys and later than the tables."""

    def __init__(
        self,
        *,
        store: Store,
        restoring: RestoringStore,
        bootstrap: str,
        names: TopicNames,
        clock: Callable[[], datetime],
        freshness: Freshness,
    ) -> None:
        self._store = store
        self._restoring = restoring
        self._bootstrap = bootstrap
        self._names = names
        self._clock = clock
        self._freshness = freshness

    async def adopt(
        self,
        topic: str,
        reading: Reading,
        later: Mapping[str, bool],
        called: Mapping[str, tuple[str, str]],
        *,
        only_erasures: bool = False,
    ) -> Adopted:
        """Take over the last records of some keys of a topic.

        Args:
            topic: offers, vacancies or need-profiles; in this order, since a vacancy looks at its offer.
            reading: the whole topic.
            later: the keys, and whether the database knows them at all.
            called: by entity id, who made it and what he calls it.
            only_erasures: leave everything as the backup has it but what was erased since.
        """
        adopted = Adopted()
        async for records in read_from(self._bootstrap, {self._names.topic(topic): {}}):
            last = [record for record in records if (key := record.key) in later and reading.last[key or ""].is_at(record.at)]
            if only_erasures:
                last = [record for record in last if record.value is None]
            for start in range(0, len(last), _AT_ONCE):
                batch = last[start : start + _AT_ONCE]
                taken = await self._store.in_transaction(partial(self._take, topic=topic, records=batch, called=called))
                _count(adopted, taken, later)
        adopted.left = len(later) - adopted.later - adopted.new
        log.info("adopted", topic=topic, later=adopted.later, new=adopted.new, erased=adopted.erased, left=adopted.left)
        return adopted

    async def adopt_settings(self, reading: Reading, later: Mapping[str, bool]) -> None:
        """Go on counting where the log is: policy and day are our own, and are published again as they should be."""
        async for records in read_from(self._bootstrap, {self._names.topic("settings"): {}}):
            for record in records:
                said, key = envelope_of(record), record.key or ""
                if key in later and said is not None and record.value is not None and reading.last[key].is_at(record.at):
                    setting = Setting(key, said.version, record.value, said.correlationid)
                    await self._store.in_transaction(partial(self._store.save_setting, setting=setting, now=said.time))

    async def _take(
        self, connection: Connection, *, topic: str, records: Sequence[RawRecord], called: Mapping[str, tuple[str, str]]
    ) -> list[_Taken]:
        readable = [
            (record, said, published) for record in records if (found := _read(topic, record)) for said, published in [found]
        ]
        books = await self._store.open_books(connection, _wanted(topic, readable))
        taken = []
        for record, said, published in readable:
            state = self._state(topic, said, published, books, called)
            if state is not None:
                taken.append(_Taken(record, said, state))
        if taken:
            await self._restoring.forget(connection, topic, [one.state.entity_id for one in taken])
            changes = [Change(one.state, one.record.value, one.said.correlationid) for one in taken]
            await self._store.save(connection, changes, self._clock())
            settled = {one.state.entity_id: (one.said.position, one.said.time) for one in taken}
            await self._restoring.settle(connection, topic, settled)
        return taken

    def _state(
        self,
        topic: str,
        said: Envelope,
        published: Offer | Vacancy | NeedProfile | None,
        books: Books,
        called: Mapping[str, tuple[str, str]],
    ) -> State | None:
        """Make the state of a record; None where it cannot be taken over: what is erased stays erased, an offer is never erased."""
        match published:
            case Offer():
                return adopt_offer(published, books.offers.get(published.offer_id))
            case Vacancy():
                return self._vacancy(published, books, called)
            case NeedProfile():
                before = books.needs.get(published.need_id)
                source_reference = called.get(published.need_id, (None, None))[1]
                return None if isinstance(before, ErasedNeed) else adopt_need(published, before, source_reference)
            case None:
                return _erased(topic, said, books)

    def _vacancy(self, published: Vacancy, books: Books, called: Mapping[str, tuple[str, str]]) -> VacancyState | None:
        before = books.vacancies.get(published.vacancy_id)
        if isinstance(before, ErasedVacancy):
            return None
        reference = called.get(published.vacancy_id) or (f"{_SENDER_OF_HTTP}{published.offer_id}", None)
        validity = self._freshness.validity(published.sections, published.kinds)
        remind_at = published.expires_at - validity.remind_before
        return adopt_vacancy(published, before, books.offers.get(published.offer_id), reference, remind_at)


def _erased(topic: str, said: Envelope, books: Books) -> State | None:
    if topic == "need-profiles":
        return ErasedNeed(said.subject, said.version)
    vacancy = books.vacancies.get(said.subject) if topic == "vacancies" else None
    if vacancy is None:
        return None
    offer_id = vacancy.offer_id if isinstance(vacancy, ErasedVacancy) else vacancy.vacancy.offer_id
    return ErasedVacancy(said.subject, said.version, offer_id)


_CONTRACTS: Final[dict[str, type[Offer | Vacancy | NeedProfile]]] = {
    "offers": Offer,
    "vacancies": Vacancy,
    "need-profiles": NeedProfile,
}


def _read(topic: str, record: RawRecord) -> tuple[Envelope, Offer | Vacancy | NeedProfile | None] | None:
    """Read a record of ours; None where it is not one, or its body is not what its envelope says."""
    said = envelope_of(record)
    if said is None or said.source != SOURCE or said.subject != record.key:
        return None
    if record.value is None:
        return said, None
    try:
        published = _CONTRACTS[topic].model_validate_json(record.value)
    except ValidationError:
        return None
    return (said, published) if published.version == said.version else None


def _wanted(topic: str, readable: Sequence[tuple[RawRecord, Envelope, Any]]) -> Wanted:
    keys = {said.subject for _, said, _ in readable}
    if topic == "offers":
        return Wanted(offer_ids=keys, changes_offers=True)
    if topic == "vacancies":
        return Wanted(vacancy_ids=keys, offer_ids={one.offer_id for _, _, one in readable if one is not None})
    return Wanted(need_ids=keys)


def _count(adopted: Adopted, taken: Sequence[_Taken], later: Mapping[str, bool]) -> None:
    for one in taken:
        is_known = later[one.state.entity_id]
        adopted.later += is_known
        adopted.new += not is_known
        match one.state:
            case ErasedVacancy() | ErasedNeed():
                adopted.erased += 1
            case OfferState(offer=published):
                _note_loss(adopted, published, is_known=is_known)
            case VacancyState(vacancy=published, reference=reference):
                _note_loss(adopted, published, is_known=is_known)
                adopted.without_reference += reference is None and not is_known
            case NeedState(source_reference=reference):
                adopted.without_reference += reference is None and not is_known
            case _:
                assert_never(one.state)


def _note_loss(adopted: Adopted, published: Offer | Vacancy, *, is_known: bool) -> None:
    if not is_known and published.address_protected:
        adopted.without_address.append(published.offer_id if isinstance(published, Offer) else published.vacancy_id)
