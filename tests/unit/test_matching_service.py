"""What happens to a worker's state, without a broker."""

from datetime import UTC, datetime

import pytest

from services.matching.metrics import Metrics
from services.matching.reading import read_vacancy
from services.matching.service import Matching
from services.matching.state import MatchingState
from shared.contracts.settings import Today
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.records import Coordinates, Event, RawRecord, Unreadable
from tests.support.matching import TODAY, first_policy, vacancy

AT = Coordinates("any", 0, 0)


def envelope(subject: str) -> Envelope:
    return state_envelope(
        entity="any",
        subject=subject,
        position=(1, 1),
        time=datetime(2026, 11, 24, tzinfo=UTC),
        source="intake",
        correlationid="test",
    )


def test_a_batch_of_vacancies_that_failed_is_news_when_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail hands a batch over again after an error: were it old by then, a place would be missing and nobody would say so."""
    matching = Matching(Metrics())
    matching.policy_arrived(Event(envelope("policy"), first_policy(), AT))
    matching.today_arrived(Event(envelope("today"), Today(day=TODAY), AT))
    batch = [Event(envelope("vacancy-1"), vacancy("vacancy-1"), AT)]

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(MatchingState, "change_vacancies", fail)
        with pytest.raises(MemoryError):
            matching.vacancies_arrived(batch)
    matching.vacancies_arrived(batch)
    assert matching.counts()["vacancies"] == 1


@pytest.mark.parametrize("field", ["version", "opening"])
def test_a_number_that_no_column_holds_makes_a_vacancy_unreadable(field: str) -> None:
    body = vacancy("vacancy-1").model_copy(update={field: 10**20}).model_dump_json().encode()
    headers = tuple(envelope("vacancy-1").to_headers())
    assert isinstance(read_vacancy(RawRecord(AT, "vacancy-1", body, headers, 0)), Unreadable)
