"""What happens to a worker's state, without a broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from services.matching.domain.causes import Cause
from services.matching.domain.need_book import GONE
from services.matching.domain.partition import Partition
from services.matching.domain.terms import Terms
from services.matching.domain.vacancy_columns import VacancyColumns
from services.matching.metrics import Metrics
from services.matching.reading import read_vacancy
from services.matching.service import Matching
from services.matching.speaking import Speaker
from services.matching.state import MatchingState
from shared.contracts.settings import Today
from shared.contracts.vacancy import Vacancy
from shared.messaging.envelope import Envelope, state_envelope
from shared.messaging.producing import KeyedRecord
from shared.messaging.records import Coordinates, Event, RawRecord, Unreadable
from tests.support.matching import TODAY, first_policy, need, vacancy
from tests.support.waiting import eventually

AT = Coordinates("any", 0, 0)


def newer(subject: str) -> Envelope:
    return envelope(subject, version=2)


def envelope(subject: str, version: int = 1) -> Envelope:
    return state_envelope(
        entity="any",
        subject=subject,
        position=(1, version),
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
    ) -> tuple[int, asyncio.Future[object]]:
        self.keys += [key for key, _, _ in records]
        return len(records), asyncio.get_running_loop().create_future()


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
    ) -> tuple[int, asyncio.Future[object]]:
        count, future = await super().publish_batch_no_wait(_topic, records)
        if len(self.keys) == 1:
            raise KafkaConnectionError
        if len(self.keys) == 2:
            future.set_exception(KafkaConnectionError())
        return count, future


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


async def test_an_answer_that_cannot_be_given_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    matching, producer = ready(), Deaf()
    ids = ["need-1", "need-2", "need-3"]
    matching.needs_arrived(0, [Event(envelope(one), need(one), AT) for one in ids])
    matching.go_live(0)
    while matching.score_some():
        pass
    speaker = Speaker(matching, producer, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
    matching.on_unsaid = speaker.wake
    answers = matching.answers

    def fails_once(_partition: Partition, _need_ids: Sequence[str]) -> Any:
        monkeypatch.setattr(matching, "answers", answers)
        raise MemoryError

    monkeypatch.setattr(matching, "answers", fails_once)
    running = asyncio.create_task(speaker.run())
    await eventually(lambda: not speaker.check().ok)
    assert producer.keys == []
    speaker.wake()
    await eventually(lambda: producer.keys == ids)
    speaker.stop()
    await running


async def test_what_waits_for_the_broker_is_not_written_for_a_partition_that_was_lost_meanwhile() -> None:
    matching = ready()
    matching.assigned([0, 1])
    for number, partition in matching.partitions.items():
        if partition.claimed is None:
            partition.saw_claim(1, number)
            assert partition.won(1, number)
        matching.go_live(number)
        matching.needs_arrived(number, [Event(envelope(f"need-{number}-{n}"), need(f"need-{number}-{n}"), AT) for n in range(3)])

    class LosesOne(Deaf):
        """Takes one record at a time, and all partitions are gone after the first."""

        async def publish_batch_no_wait(
            self, _topic: str, records: list[KeyedRecord], **_: object
        ) -> tuple[int, asyncio.Future[object]]:
            for number in matching.partitions:
                matching.pause(number)
            return await super().publish_batch_no_wait(_topic, records[:1])

    producer = LosesOne()
    speaker = Speaker(matching, producer, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
    speaker.stop()
    await speaker.run()
    assert producer.keys == ["need-0-0"]
    assert set(matching.partitions[0].unsaid) == {"need-0-1", "need-0-2"}
    assert set(matching.partitions[1].unsaid) == {"need-1-0", "need-1-1", "need-1-2"}


def places(matching: Matching, *need_ids: str) -> list[list[str]]:
    while matching.score_some():
        pass
    return [[place.vacancy_id for place in matching.state.places(need_id)] for need_id in need_ids]


def test_a_need_that_is_queued_twice_takes_part_once() -> None:
    matching = ready()
    matching.needs_arrived(0, [Event(envelope(one), need(one), AT) for one in ("need-1", "need-2")])
    for _ in range(3):  # a partition that comes and goes while the speaker waits
        matching.go_live(0)
        matching.pause(0)
    matching.go_live(0)
    assert places(matching, "need-1", "need-2") == [[], []]
    matching.vacancies_arrived([Event(envelope("vacancy-1"), vacancy("vacancy-1"), AT)])
    assert places(matching, "need-1", "need-2") == [["vacancy-1"], ["vacancy-1"]]
    matching.state.remove_needs(["need-1"])
    matching.vacancies_arrived([Event(envelope("vacancy-2"), vacancy("vacancy-2"), AT)])
    assert places(matching, "need-2") == [["vacancy-1", "vacancy-2"]]


@pytest.mark.parametrize("at_write", [1, 2, 3])
def test_a_batch_of_vacancies_that_failed_half_way_leaves_no_list_wrong_when_it_comes_again(
    at_write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    matching = ready()
    matching.go_live(0)
    matching.needs_arrived(0, [Event(envelope(one), need(one), AT) for one in ("need-1", "need-2")])
    first = [Event(envelope(one), vacancy(one), AT) for one in ("vacancy-1", "vacancy-2", "vacancy-3")]
    matching.vacancies_arrived(first)
    assert places(matching, "need-1") == [["vacancy-1", "vacancy-2", "vacancy-3"]]
    batch = [
        Event(newer("vacancy-1"), vacancy("vacancy-1", version=2, places_free=0), AT),
        Event(newer("vacancy-2"), vacancy("vacancy-2", version=2, status="closed"), AT),
        Event(newer("vacancy-4"), vacancy("vacancy-4", version=2), AT),
        Event(newer("vacancy-5"), vacancy("vacancy-5", version=2), AT),
    ]
    put, written = VacancyColumns.put, 0

    def fails(self: VacancyColumns, one: Vacancy, terms: Terms) -> int:
        nonlocal written
        written += 1
        row = put(self, one, terms)
        if written == at_write:
            raise MemoryError
        return row

    with monkeypatch.context() as broken:
        broken.setattr(VacancyColumns, "put", fails)
        with pytest.raises(MemoryError):
            matching.vacancies_arrived(batch)
    if at_write == 2:
        places(matching, "need-1")  # some are scored before it comes again
    matching.vacancies_arrived(batch)
    assert places(matching, "need-1", "need-2") == [["vacancy-3", "vacancy-4", "vacancy-5"]] * 2
    assert {"need-1", "need-2"} <= set(matching.partitions[0].unsaid)
    assert b"vacancy-3" in matching.answer(matching.partitions[0], "need-1")
    matching.vacancies_arrived([Event(newer("vacancy-3"), vacancy("vacancy-3", version=2, status="closed"), AT)])
    assert places(matching, "need-1", "need-2") == [["vacancy-4", "vacancy-5"]] * 2


@pytest.mark.parametrize("field", ["version", "opening"])
def test_a_number_that_no_column_holds_makes_a_vacancy_unreadable(field: str) -> None:
    body = vacancy("vacancy-1").model_copy(update={field: 10**20}).model_dump_json().encode()
    headers = tuple(envelope("vacancy-1").to_headers())
    assert isinstance(read_vacancy(RawRecord(AT, "vacancy-1", body, headers, 0)), Unreadable)


@pytest.mark.parametrize("after", [False, True])
def test_settings_whose_handling_failed_are_news_when_they_come_again(after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    matching = ready()
    matching.go_live(0)
    matching.needs_arrived(0, [Event(envelope("need-1"), need("need-1"), AT)])
    matching.vacancies_arrived([Event(envelope("vacancy-1"), vacancy("vacancy-1"), AT)])
    event = Event(newer("policy"), first_policy(version="2026-12-01.1", threshold=100), AT)
    change, failed = MatchingState.change_terms, False

    def fails_once(self: MatchingState, terms: Terms) -> Any:
        nonlocal failed
        if after and not failed:
            change(self, terms)
        if not failed:
            failed = True
            raise MemoryError
        return change(self, terms)

    monkeypatch.setattr(MatchingState, "change_terms", fails_once)
    with pytest.raises(MemoryError):
        matching.policy_arrived(event)
    places(matching, "need-1")
    matching.policy_arrived(event)
    assert matching.terms.policy.version == "2026-12-01.1"
    assert places(matching, "need-1") == [["vacancy-1"]]
    assert b"vacancy-1" in matching.answer(matching.partitions[0], "need-1")


async def test_a_piece_that_cannot_be_scored_silences_no_other_need(monkeypatch: pytest.MonkeyPatch) -> None:
    matching, producer = ready(), Deaf()
    matching.go_live(0)
    matching.needs_arrived(0, [Event(envelope("need-1"), need("need-1"), AT)])
    speaker = Speaker(matching, producer, "matches", worker="matching-1", metrics=Metrics())  # type: ignore[arg-type] # a stand-in
    matching.on_unsaid = speaker.wake
    with monkeypatch.context() as broken:
        broken.setattr(Matching, "score_some", fail)
        running = asyncio.create_task(speaker.run())
        await eventually(lambda: producer.keys == ["need-1"])
        assert not speaker.check().ok
    await eventually(lambda: speaker.check().ok)
    speaker.stop()
    await running


def test_a_search_that_failed_half_way_leaves_no_list_that_looks_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    matching = ready()
    needs = [f"need-{number}" for number in range(3)]
    matching.needs_arrived(0, [Event(envelope(one), need(one), AT) for one in needs])
    matching.vacancies_arrived([Event(envelope("vacancy-1"), vacancy("vacancy-1"), AT)])
    search = MatchingState._search

    def fails(self: MatchingState, rows: Any) -> None:
        search(self, rows[:2])
        raise MemoryError

    matching.go_live(0)
    with monkeypatch.context() as broken:
        broken.setattr(MatchingState, "_search", fails)
        with pytest.raises(MemoryError):
            matching.score_some()
    matching.vacancies_arrived([Event(envelope("vacancy-0"), vacancy("vacancy-0"), AT)])
    assert places(matching, *needs) == [["vacancy-0", "vacancy-1"]] * 3


def test_a_closed_need_that_was_erased_while_nobody_spoke_is_answered_as_erased() -> None:
    matching = ready()
    partition = matching.partitions[0]
    told, later = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
    partition.saw_record("need-1", 2, GONE, Cause("closed", told))
    partition.resume()
    erased = replace(newer("need-1"), time=later)
    matching.needs_arrived(0, [Event(erased, None, AT)])
    assert partition.must_say("need-1", GONE)
    assert "need-1" in partition.erased
