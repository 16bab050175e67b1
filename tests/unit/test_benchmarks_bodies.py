"""Needs that the benchmarks draw as bytes are needs as intake writes them."""

import orjson

from shared.contracts.need import NeedProfile
from tests.benchmarks.need_bodies import NeedBodies


def test_a_drawn_body_is_what_the_contract_would_write() -> None:
    drawn = list(NeedBodies(1, ["vacancy-1"]).drawn(2_000))
    assert len({need_id for need_id, _ in drawn}) == 2_000
    for need_id, body in drawn:
        profile = NeedProfile.model_validate_json(body)
        assert profile.need_id == need_id
        assert orjson.loads(profile.model_dump_json()) == orjson.loads(body)
