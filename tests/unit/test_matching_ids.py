"""Rows by id behave as a dictionary would, whatever the ids are."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.ids import Ids

NIL = "00000000-0000-0000-0000-000000000000"
# Few different ones, so that they come, go and come again; some differ in their upper or lower word only.
UUIDS = st.integers(0, 40).map(lambda number: str(UUID(int=(number % 7 << 64) + number)))
OTHERS = st.sampled_from(("need-1", "need-2", NIL, NIL.upper(), str(UUID(int=2**128 - 1)).upper(), f"{NIL} ", NIL[:-1] + "٣"))


@given(st.lists(st.tuples(st.booleans(), UUIDS | OTHERS), max_size=300))
def test_ids_come_and_go_as_in_a_dictionary(steps: list[tuple[bool, str]]) -> None:
    ids, model = Ids(), dict[str, int]()
    for is_taken, entity_id in steps:
        assert ids.get(entity_id) == model.get(entity_id)
        if is_taken:
            row = ids.take(entity_id)
            assert model.setdefault(entity_id, row) == row
            assert list(model.values()).count(row) == 1, "a row is one id's"
        else:
            assert ids.release(entity_id) == model.pop(entity_id, None)
    assert dict(ids) == model
    assert len(ids) == len(model)
    assert {ids.id_of(row) for row in model.values()} == set(model)


def test_many_ids_are_found_after_the_table_has_grown_and_rows_are_used_again() -> None:
    ids = Ids()
    names = [str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)) for number in range(1, 20_001)]
    assert [ids.take(name) for name in names] == list(range(20_000))
    gone = names[::3]
    freed = {ids.release(name) for name in gone}
    assert all(ids.get(name) is None for name in gone)
    again = [ids.take(f"need-{number}") for number in range(len(gone))]
    assert set(again) == freed, "no row is left behind"
    assert [ids[name] for name in names if name not in set(gone)] == [row for row in range(20_000) if row % 3]


def test_the_row_of_nobody_has_no_id() -> None:
    ids = Ids()
    row = ids.take("0192aaaa-0000-7000-8000-000000000001")
    ids.release("0192aaaa-0000-7000-8000-000000000001")
    with pytest.raises(KeyError):
        ids.id_of(row)
    with pytest.raises(KeyError):
        _ = ids["need-1"]
