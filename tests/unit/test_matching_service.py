"""What happens to a worker's state, without a broker."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiokafka.errors import KafkaConnectionError

from services.matching.metrics import Metrics
from services.matching.reading import read_vacancy
from services.matching.service import Matching
from services.matching.speaking import Speaker
from services.matching.state import MatchingState
from shared.contracts.settings import Today
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.producing import KeyedRecord
from shared.messaging.records import Coordinates, Event, RawRecord, Unreadable
from tests.support.matching import TODAY, first_policy, need, vacancy
from tests.support.waiting import eventually

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
    matching = ready()
    batch = [Event(envelope("vacancy-1"), vacancy("vacancy-1"), AT)]
    with monkeypatch.context() as broken:
        broken.setattr(MatchingState, "change_vacancies", fail)
        with pytest.raises(MemoryError):
            matching.vacancies_arrived(batch)
    matching.vacancies_arrived(batch)
    assert matching.counts()["vacancies"] == 1


def ready() -> Matching:
    matching = Matching(Metrics())
    matching.policy_arrived(Event(envelope("policy"), first_policy(), AT))
    matching.today_arrived(Event(envelope("today"), Today(day=TODAY), AT))
    matching.assigned([0])
    matching.partitions[0].saw_claim(1, 0)
    assert matching.partitions[0].won(1, 0)
    return matching


def fail(*_: object) -> None:
    raise MemoryError


def test_a_batch_of_needs_that_failed_is_news_when_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    matching = ready()
    matching.go_live(0)
    batch = [Event(envelope("need-1"), need("need-1"), AT)]
    with monkeypatch.context() as broken:
        broken.setattr(MatchingState, "_search", fail)
        with pytest.raises(MemoryError):
            matching.needs_arrived(0, batch)
    assert matching.answer(matching.partitions[0], "need-1") == "later", "a need whose search failed has no answer"
    matching.needs_arrived(0, batch)
    assert b'"places":[]' in matching.answer(matching.partitions[0], "need-1")


class Deaf:
    """Takes what is published and answers nothing."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def publish_batch_no_wait(
        self, _topic: str, records: list[KeyedRecord], **_: object
    ) -> list[tuple[int, asyncio.Future[object]]]:
        self.keys += [key for key, _, _ in records]
        return [(len(records), asyncio.get_running_loop().create_future())]


async def test_a_scoring_that_failed_is_told_and_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The speaker goes on, is not well meanwhile, and no need of the failed piece is forgotten."""
    matching, producer = ready(), Deaf()
    matching.needs_arrived(0, [Event(envelope("need-1"), need("need-1"), AT)])
    matching.go_live(0)
    speaker = Speaker(matching, producer, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
    matching.on_unsaid = speaker.wake
    with monkeypatch.context() as broken:
        broken.setattr(MatchingState, "_search", fail)
        running = asyncio.create_task(speaker.run())
        await eventually(lambda: not speaker.check().ok)
        assert "MemoryError" in speaker.check().detail
    await eventually(lambda: producer.keys == ["need-1"] and speaker.check().ok)
    speaker.stop()
    await running


class Broken(Deaf):
    """Refuses the first call, fails to acknowledge the second, and takes what comes after."""

    async def publish_batch_no_wait(
        self, _topic: str, records: list[KeyedRecord], **_: object
    ) -> list[tuple[int, asyncio.Future[object]]]:
        [(count, future)] = await super().publish_batch_no_wait(_topic, records)
        if len(self.keys) == 1:
            raise KafkaConnectionError
        if len(self.keys) == 2:
            future.set_exception(KafkaConnectionError())
        return [(count, future)]


async def test_what_was_not_acknowledged_for_certain_is_written_again_even_if_it_is_the_same() -> None:
    matching, producer = ready(), Broken()
    matching.needs_arrived(0, [Event(envelope("need-1"), need("need-1"), AT)])
    matching.go_live(0)
    speaker = Speaker(matching, producer, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
    matching.on_unsaid = speaker.wake
    running = asyncio.create_task(speaker.run())
    await eventually(lambda: not speaker.check().ok)
    matching.on_unsaid()
    await eventually(lambda: producer.keys == ["need-1"] * 3 and speaker.check().ok)
    assert not matching.partitions[0].unsaid
    speaker.stop()
    await running
    assert producer.keys == ["need-1"] * 3


@pytest.mark.parametrize("field", ["version", "opening"])
def test_a_number_that_no_column_holds_makes_a_vacancy_unreadable(field: str) -> None:
    body = vacancy("vacancy-1").model_copy(update={field: 10**20}).model_dump_json().encode()
    headers = tuple(envelope("vacancy-1").to_headers())
    assert isinstance(read_vacancy(RawRecord(AT, "vacancy-1", body, headers, 0)), Unreadable)
