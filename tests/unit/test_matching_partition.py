"""Who may speak for a partition, and what is to be written over: the laws of claims, without a broker."""

from datetime import UTC, datetime

import numpy as np
import orjson

from services.matching.domain.causes import Cause
from services.matching.domain.need_book import GONE
from services.matching.domain.partition import Partition, Phase
from services.matching.domain.terms import Terms
from services.matching.place_texts import PlaceTexts
from services.matching.records import canonical_form, digest, digest_of_body, is_under_epoch, open_need, whole_body
from services.matching.state import MatchingState
from shared.contracts.match import NOT_CANONICAL, Match
from shared.contracts.need import Deadline
from tests.support.matching import TODAY, Chance, first_policy, need, vacancy

SAME, OTHER = 1, 2
"""Digests."""

CAUSE = Cause("test", datetime(2026, 11, 24, tzinfo=UTC))


def live(epoch: int = 1, offset: int = 0) -> Partition:
    partition = Partition(0, phase=Phase.LIVE)
    partition.saw_claim(epoch, offset)
    assert partition.won(epoch, offset)
    return partition


def test_a_worker_speaks_only_under_a_claim_of_its_own() -> None:
    partition = Partition(0, phase=Phase.LIVE)
    assert not partition.may_speak
    assert live().may_speak


def test_two_claims_of_the_same_height_are_won_by_neither() -> None:
    """Both saw epoch 3 as the highest and wrote 4, at the offsets 10 and 11."""
    earlier, later = Partition(0), Partition(0)
    later.saw_claim(4, 10)
    later.saw_claim(4, 11)
    assert not later.won(4, 11)
    assert later.highest_epoch == 4, "so the next claim is 5"
    earlier.saw_claim(4, 10)
    assert earlier.won(4, 10)
    earlier.saw_claim(4, 11)
    assert earlier.fenced


def test_a_higher_claim_ends_a_worker_and_a_claim_above_it_begins_it_again() -> None:
    partition = live(epoch=4, offset=10)
    partition.saw_claim(5, 12)
    assert not partition.may_speak
    partition.saw_claim(6, 13)
    assert partition.won(6, 13)
    assert partition.may_speak


def test_positions_rise_over_claims() -> None:
    partition = live(epoch=4)
    positions = [partition.next_position(), partition.next_position()]
    partition.saw_claim(5, 9)
    assert partition.won(5, 9)
    positions.append(partition.next_position())
    assert positions == [(4, 1), (4, 2), (5, 1)]


def test_what_a_rightful_owner_said_earlier_is_not_said_again() -> None:
    partition = Partition(0)
    partition.saw_claim(3, 0)
    partition.saw_record("need-1", 3, SAME, CAUSE)
    partition.saw_claim(4, 5)
    assert partition.won(4, 5)
    assert not partition.must_say("need-1", SAME)
    assert partition.must_say("need-1", OTHER)


def test_what_was_written_below_the_highest_claim_is_written_over_even_where_it_is_the_same() -> None:
    """A reader that has seen the claim drops the stale record, so that need would have no list."""
    restoring = Partition(0)
    restoring.saw_record("need-1", 3, SAME, CAUSE)
    restoring.saw_claim(4, 5)
    restoring.saw_record("need-1", 3, SAME, CAUSE)
    assert restoring.must_say("need-1", SAME)
    owner = live(epoch=4)
    owner.has_said("need-1", SAME, CAUSE)
    owner.saw_record("need-1", 3, SAME, CAUSE)
    assert owner.must_say("need-1", SAME)
    owner.saw_record("need-2", 3, OTHER, CAUSE)
    assert owner.must_say("need-2", GONE)


def test_nothing_is_said_of_a_need_that_nothing_was_said_of() -> None:
    assert not live().must_say("need-1", GONE)


def test_what_was_not_acknowledged_is_said_again() -> None:
    partition = live()
    partition.has_said("need-1", SAME, CAUSE)
    partition.failed_to_say("need-1", CAUSE)
    assert partition.must_say("need-1", SAME)
    assert "need-1" in partition.unsaid


def written(texts: PlaceTexts, state: MatchingState, need_id: str) -> bytes:
    [places] = texts.write(state, np.array([state.row_of(need_id)]))
    return places


def test_a_record_is_the_contract_and_its_canonical_form_is_without_worker_and_day() -> None:
    terms = Terms(first_policy(threshold=0), TODAY)
    state = MatchingState(terms)
    profile = need(
        waiting_since=TODAY, team="team-1", deadline=Deadline(date=TODAY, source='kommunens "regel"'), gender=None, services=()
    )
    state.put_needs([profile], live=True)
    state.change_vacancies({f"vacancy-{n}": vacancy(f"vacancy-{n}", places_free=None, version=n + 1) for n in range(12)})
    positions = {f"vacancy-{n}": (2, n + 1) for n in range(12)}
    canonical = canonical_form("need-1", open_need(profile), written(PlaceTexts(positions), state, "need-1"), terms.policy_hash)
    body = whole_body(canonical, terms, "matching-1", "policy", ["vacancy-3"], often_in_the_way=None)
    match = Match.model_validate_json(body)
    assert len(match.places) == 10
    assert match.places[0].unknown == ("capacity", "services")
    assert {place.vacancy_epoch for place in match.places} == {2}
    assert (match.cause, match.own_news) == ("policy", ("vacancy-3",))
    assert match.deadline == profile.deadline
    assert orjson.loads(body) == match.model_dump(mode="json")
    assert orjson.loads(canonical) == match.model_dump(mode="json", exclude=set(NOT_CANONICAL))
    another_day = whole_body(
        canonical, Terms(terms.policy, TODAY.replace(day=25)), "matching-2", "vacancy", [], often_in_the_way="distance"
    )
    assert Match.model_validate_json(another_day).often_in_the_way == "distance"
    assert digest_of_body(body) == digest_of_body(another_day) == digest(canonical)


def test_random_lists_are_written_as_the_contract_reads_them() -> None:
    chance, terms = Chance(11), Terms(first_policy(threshold=0), TODAY)
    state = MatchingState(terms)
    needs = [chance.need(f"need-{n:02}") for n in range(20)]
    state.put_needs(needs, live=True)
    state.change_vacancies({f"vacancy-{n:02}": chance.vacancy(f"vacancy-{n:02}") for n in range(60)})
    for profile in needs:
        places = state.places(profile.need_id)
        positions = {place.vacancy_id: (1, place.vacancy_version) for place in places}
        canonical = canonical_form(
            profile.need_id, open_need(profile), written(PlaceTexts(positions), state, profile.need_id), "hash"
        )
        told = orjson.loads(canonical)["places"]
        assert told == [place._asdict() | {"unknown": list(place.unknown), "vacancy_epoch": 1} for place in places]
        body = whole_body(canonical, terms, "matching-1", "vacancy", [], often_in_the_way=None)
        match = Match.model_validate_json(body)
        assert all(sum(place.points.values()) == place.score for place in match.places)
        assert [place.vacancy_id for place in match.places] == [place.vacancy_id for place in places]


def test_what_was_written_of_a_vacancy_is_not_written_again_of_its_next_version_or_of_another_in_its_row() -> None:
    terms = Terms(first_policy(threshold=0), TODAY)
    state, positions = MatchingState(terms), {"vacancy-1": (1, 1)}
    texts = PlaceTexts(positions)
    state.put_needs([need()], live=True)

    def told() -> list[tuple[str, int, int, int]]:
        return [
            (place["vacancy_id"], place["vacancy_version"], place["opening"], place["vacancy_epoch"])
            for place in orjson.loads(written(texts, state, "need-1"))
        ]

    state.change_vacancies({"vacancy-1": vacancy()})
    assert told() == [("vacancy-1", 1, 1, 1)]
    positions["vacancy-1"] = (2, 5)
    state.change_vacancies({"vacancy-1": vacancy(version=5, opening=2)})
    assert told() == [("vacancy-1", 5, 2, 2)]
    positions["vacancy-2"] = (2, 1)
    state.change_vacancies({"vacancy-1": None})
    assert told() == []
    state.change_vacancies({"vacancy-2": vacancy("vacancy-2")})
    assert told() == [("vacancy-2", 1, 1, 2)]


def test_a_record_is_known_as_our_own_by_the_epoch_in_its_id() -> None:
    def is_ours(event_id: str, key: str) -> bool:
        return is_under_epoch(key.encode(), (("content-type", b"any"), ("ce_id", event_id.encode())), 4)

    assert is_ours("need-1/4/17", "need-1")
    assert not is_ours("need-1/41/17", "need-1")
    assert not is_ours("need-2/4/17", "need-1")
    assert not is_ours("claim/4/0", "claim"), "a rival's claim of the same height must be seen"
    assert not is_under_epoch(b"need-1", (), 4)
