"""Reading needs and vacancies: a record that is about another entity than its key says is one that cannot be read.

Readable in itself, it would be taken in under two names: the row of the one would hold the other, and never be found again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.need import NeedProfile
from shared.contracts.vacancy import Vacancy
from shared.messaging.records import Event, Unreadable, read_event

if TYPE_CHECKING:
    from shared.messaging.records import RawRecord


def read_need(record: RawRecord) -> Event[NeedProfile] | Unreadable:
    """Read a record of `need-profiles`."""
    event = read_event(record, NeedProfile)
    if isinstance(event, Event) and event.data is not None and event.data.need_id != event.subject:
        return _about_another(record)
    return event


def read_vacancy(record: RawRecord) -> Event[Vacancy] | Unreadable:
    """Read a record of `vacancies`."""
    event = read_event(record, Vacancy)
    if isinstance(event, Event) and event.data is not None and event.data.vacancy_id != event.subject:
        return _about_another(record)
    return event


def _about_another(record: RawRecord) -> Unreadable:
    return Unreadable(record.at, record.key, "contract-violated", "AnotherEntity", record.key_bytes)
