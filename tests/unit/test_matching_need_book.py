"""What a worker keeps of needs in columns is what it was given, whatever its size, and nobody who waits is forgotten."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.causes import Cause
from services.matching.domain.need_book import GONE, NeedBook, OpenNeed, Texts
from services.matching.domain.unsaid import Unsaid

IDS = st.sampled_from(("need-1", "0192aaaa-0000-7000-8000-000000000001", "0192aaaa-0000-7000-8000-000000000002"))
NUMBERS = st.integers(0, 5) | st.sampled_from((2**22, 2**31 - 1, 2**31, 2**40 - 1, 2**40, 10**18 - 1))
TEXTS = st.sampled_from((b"", b"one", b"another"))
NEEDS = st.builds(OpenNeed, NUMBERS, TEXTS, st.integers(0, 800_000), TEXTS)


@given(st.lists(st.tuples(IDS, NUMBERS, NUMBERS, NEEDS, st.booleans()), max_size=30))
def test_positions_and_open_needs_come_back_as_they_were_given(steps: list[tuple[str, int, int, OpenNeed, bool]]) -> None:
    book, positions, needs = NeedBook(Texts()), dict[str, tuple[int, int]](), dict[str, OpenNeed]()
    for need_id, epoch, version, need, is_open in steps:
        assert book.position(need_id) == positions.get(need_id)
        book.put_position(need_id, (epoch, version))
        positions[need_id] = epoch, version
        if is_open:
            book.put_open(need_id, need)
            needs[need_id] = need
        else:
            assert book.close(need_id) == (needs.pop(need_id, None) is not None)
        assert dict(book) == needs
        assert len(book) == len(needs)
        assert {one: book.position(one) for one in positions} == positions, "a position outlives the need"


def cause(kind: str) -> Cause:
    return Cause(kind, datetime(2026, 11, 24, tzinfo=UTC))


def test_needs_that_share_a_cause_and_those_with_one_of_their_own_are_each_told_of_once() -> None:
    book = NeedBook(Texts())
    unsaid = Unsaid(book)
    for need_id in ("need-1", "need-2", "need-3"):
        book.put_open(need_id, OpenNeed(1, b"", 0, b"null"))
    book.put_said("need-gone", 7)
    unsaid["need-2"] = cause("own")
    unsaid.note_all_known()
    unsaid.share(cause("shared"))
    assert {need_id: one.correlation_id for need_id, one in unsaid.items()} == {
        "need-1": "shared", "need-2": "own", "need-3": "shared", "need-gone": "shared",
    }  # fmt: skip
    assert len(unsaid) == len(list(unsaid)) == 4
    del unsaid["need-1"]
    with pytest.raises(KeyError):
        del unsaid["need-1"]
    unsaid["need-3"] = cause("own")
    assert dict(unsaid).keys() == {"need-2", "need-3", "need-gone"}
    for need_id in list(unsaid):
        del unsaid[need_id]
    assert not unsaid
    assert book.said("need-gone") == 7
    assert book.said("need-1") == GONE


def test_what_an_earlier_crowd_shared_is_no_cause_of_a_later_one() -> None:
    book = NeedBook(Texts())
    unsaid = Unsaid(book)
    book.put_open("need-1", OpenNeed(1, b"", 0, b"null"))
    unsaid.note_all_open(cause("earlier"))
    del unsaid["need-1"]
    unsaid.wait("need-1")
    unsaid.share(cause("later"))
    assert unsaid["need-1"].correlation_id == "later"
