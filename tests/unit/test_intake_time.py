"""The Danish day, and ids that rise with time."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.intake.ids import new_id
from services.intake.timers import danish_day, seconds_to_midnight


@pytest.mark.parametrize(
    ("utc", "day", "hours_left"),
    [
        (datetime(2026, 11, 25, 22, 30, tzinfo=UTC), date(2026, 11, 25), 0.5),
        (datetime(2026, 11, 25, 23, 0, tzinfo=UTC), date(2026, 11, 26), 24),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29), 23),  # the clocks go forward
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25), 25),  # and back
    ],
)
def test_midnight_is_denmarks(utc: datetime, day: date, hours_left: float) -> None:
    assert danish_day(utc) == day
    assert seconds_to_midnight(utc) == hours_left * 3600


def test_ids_are_uuids_of_version_7_that_rise_with_time() -> None:
    moments = [datetime(2026, 11, 25, 12, 0, second, tzinfo=UTC) for second in range(60)]
    ids = [new_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert {UUID(made).version for made in ids} == {7}
    assert {UUID(made).variant for made in ids} == {"specified in RFC 4122"}
    assert len({new_id(moments[0]) for _ in range(1000)}) == 1000
