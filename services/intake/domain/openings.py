"""Counting openings: when the same vacancy is news again, and so worth an alert of its own (DESIGN, matching 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.vacancy import Vacancy


def next_opening(before: Vacancy, after: Vacancy) -> int:
    """Count on when a place became free that was not, or when something changed that decides for whom it is."""
    return before.opening + (_became_free(before, after) or _materially_changed(before, after))


def has_free_place(vacancy: Vacancy) -> bool:
    """Open, and with a free place or with places that are not counted."""
    return vacancy.status == "open" and (vacancy.places_free is None or vacancy.places_free > 0)


def _became_free(before: Vacancy, after: Vacancy) -> bool:
    return has_free_place(after) and not has_free_place(before)


def _materially_changed(before: Vacancy, after: Vacancy) -> bool:
    return _material(before) != _material(after)


def _material(vacancy: Vacancy) -> tuple[object, ...]:
    """Sections, target groups, what it cannot take, age, gender rule, price, dates, days: no label, text or count is among them."""
    return (
        vacancy.sections,
        vacancy.target_groups,
        frozenset((exclusion.code, exclusion.strength) for exclusion in vacancy.cannot_take),
        vacancy.age_from,
        vacancy.age_to,
        vacancy.gender_rule,
        frozenset(tuple(value for name, value in line if name != "label_da") for line in vacancy.price_lines),
        vacancy.available_from,
        vacancy.available_until,
        frozenset((day.weekday, day.half) for day in vacancy.day_capacity if day.places_free is None or day.places_free > 0),
    )
