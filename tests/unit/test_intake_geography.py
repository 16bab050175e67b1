"""Points at the edge: what the contract lets in, it also lets out, to the last metre."""

from hypothesis import example, given
from hypothesis import strategies as st

from services.intake.domain.geography import CELL_M, to_cell, to_metres
from shared.contracts.common import Point
from shared.contracts.drafts import GeoPoint
from shared.contracts.need import ReferencePoint

EASTINGS = st.integers(0, 1_500_000)
NORTHINGS = st.integers(5_800_000, 6_600_000)


@given(easting=EASTINGS, northing=NORTHINGS)
@example(easting=0, northing=5_800_000)
@example(easting=1_500_000, northing=6_600_000)
@example(easting=1_499_999, northing=6_599_999)
def test_every_point_that_the_contract_takes_has_a_cell_that_it_takes(easting: int, northing: int) -> None:
    cell = to_cell(ReferencePoint(kind="school", easting_m=easting, northing_m=northing))

    assert ReferencePoint.model_validate(cell.model_dump()) == cell
    assert cell.kind == "school"
    assert to_cell(cell) == cell
    assert {cell.easting_m % CELL_M, cell.northing_m % CELL_M} == {CELL_M // 2}
    # Half a cell away at most; on the outer edge of the last cell it is just that.
    assert max(abs(cell.easting_m - easting), abs(cell.northing_m - northing)) <= CELL_M // 2


@given(latitude=st.floats(54.0, 58.5), longitude=st.floats(7.5, 15.7))
@example(latitude=54.0, longitude=7.5)
@example(latitude=58.5, longitude=7.5)
@example(latitude=54.0, longitude=15.7)
@example(latitude=58.5, longitude=15.7)
def test_every_point_in_degrees_that_a_draft_takes_has_metres(latitude: float, longitude: float) -> None:
    assert isinstance(to_metres(GeoPoint(latitude=latitude, longitude=longitude)), Point)
