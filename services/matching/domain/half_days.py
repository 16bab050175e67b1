"""Half-days of a week as bits: bit 0 is Monday morning, bit 13 Sunday afternoon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.contracts.need import HalfDay, NeedProfile
    from shared.contracts.vacancy import DayCapacity, Vacancy

ALL_HALF_DAYS: Final = (1 << 14) - 1
_NOON: Final = 12 * 60


def _mask(half_days: Iterable[HalfDay | DayCapacity]) -> int:
    mask = 0
    for one in half_days:
        mask |= 1 << (2 * (one.weekday - 1) + (one.half == "afternoon"))
    return mask


def named(need: NeedProfile) -> int:
    """Give the half-days that a need names; 0 where it names none."""
    return _mask(need.half_days)


def would_do(need: NeedProfile) -> int:
    return named(need) or ALL_HALF_DAYS


def needed(need: NeedProfile) -> int:
    """Give how many half-days a week are needed; never more than would do. 0 where the need asks for none."""
    asked = need.half_days_a_week or (1 if need.half_days else 0)
    return min(asked, would_do(need).bit_count())


def listed(mask: int) -> list[tuple[int, Literal["morning", "afternoon"]]]:
    """Give half-days by ISO weekday and half, Monday morning first."""
    return [(bit // 2 + 1, "afternoon" if bit % 2 else "morning") for bit in range(14) if mask >> bit & 1]


def with_room(vacancy: Vacancy) -> int:
    """Give the half-days on which a free place is counted."""
    return _mask(one for one in vacancy.day_capacity if one.places_free)


def perhaps_with_room(vacancy: Vacancy) -> int:
    """Give the half-days on which there is a free place, or nobody counts."""
    return _mask(one for one in vacancy.day_capacity if one.places_free is None or one.places_free > 0)


def open_on(vacancy: Vacancy, half_day_minutes: int) -> int:
    """Give the half-days on which the place is open for so many minutes."""
    minutes = [0] * 14
    for line in vacancy.opening_hours:
        opens, closes = _minute(line.opens), _minute(line.closes)
        bit = 2 * (line.weekday - 1)
        minutes[bit] += max(0, min(closes, _NOON) - opens)
        minutes[bit + 1] += max(0, closes - max(opens, _NOON))
    return sum(1 << bit for bit, total in enumerate(minutes) if total >= half_day_minutes)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
