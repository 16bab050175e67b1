"""Needs that are held packed come out as they went in, and are small meanwhile."""

import tracemalloc

from deploy.cli.packed import Packed
from shared.contracts.need import NeedProfile
from tests.support.matching import Chance, need


def test_what_is_packed_comes_out_as_it_went_in() -> None:
    chance, packed = Chance(1, few_codes=False), Packed(NeedProfile)
    needs = {f"need-{number}": chance.need(f"need-{number}", vacancy_ids=["vacancy-1"]) for number in range(200)}
    packed.update(needs)
    assert dict(packed) == needs
    packed["need-0"] = need("need-0", version=2)
    assert packed.pop("need-1") == needs["need-1"]
    assert (len(packed), packed["need-0"].version, "need-1" in packed) == (199, 2, False)


def test_a_packed_need_takes_less_than_a_thousand_bytes() -> None:
    chance, count = Chance(2, few_codes=False), 300
    needs = [chance.need(f"need-{number}") for number in range(count)]
    tracemalloc.start()
    try:
        packed = Packed(NeedProfile)
        for one in needs:
            packed[one.need_id] = one
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 1000
