"""A million needs, drawn straight into the engine's columns: through the contract's models they would take minutes.

Shaped as the field is: a few sections have most needs, cities most people, most of the 31 levels are assessed, most limits are short.
The same seed draws the same needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from services.matching.domain.codebooks import WORD
from services.matching.domain.half_days import ALL_HALF_DAYS
from services.matching.domain.prices import Payer
from shared.contracts import reference
from shared.contracts.need import RuledOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.matching.domain.codebooks import Codebooks
    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.terms import Terms

SECTIONS: Final = (
    (20, ("SEL-104",)), (18, ("SEL-108",)), (14, ("SEL-107",)), (8, ("SEL-103",)), (8, ("SEL-85",)), (7, ("SEL-110",)),
    (6, ("SEL-107", "SEL-108")), (5, ("SEL-101",)), (4, ("SEL-103", "SEL-104")), (3, ("SEL-108a",)), (2, ("ABL-105",)),
    (2, ("ABL-105", "SEL-108")), (2, ("BL-43",)), (1, ("SEL-103-2",)),
)  # fmt: skip
DAY_SECTIONS: Final = frozenset(("SEL-103", "SEL-103-2", "SEL-104"))
_CITIES: Final = {"0101": 12.0, "0751": 7.0, "0461": 4.0, "0851": 4.0, "0561": 2.5, "0621": 2.0, "0630": 2.0, "0730": 2.0}
_LIMITS_KM: Final = (10, 15, 20, 25, 30, 40, 50, 75, 100)
_CELL_M: Final = 5_000
"""A citizen's point is the centre of a cell."""
_WORKDAY_HALVES: Final = 10
_MOST_HALF_DAYS: Final = 10
_NOBODY: Final = -1


def zipf(count: int) -> Array:
    """Give weights of which the first few have most, adding up to one."""
    weights: Array = 1.0 / (np.arange(count) + 2.0)
    weights /= weights.sum()
    return weights


def municipality_weights() -> tuple[list[str], Array]:
    codes = sorted(code for code, one in reference.municipalities().items() if one.is_municipality)
    weights = np.array([_CITIES.get(code, 1.0) for code in codes])
    return codes, weights / weights.sum()


@dataclass
class _Draw:
    """One million of everything."""

    random: np.random.Generator
    size: int

    def happens(self, probability: float) -> Array:
        return self.random.random(self.size) < probability

    def one_of(self, values: Sequence[int] | Array, weights: Array | None = None) -> Array:
        drawn: Array = np.asarray(values)[self.random.choice(len(values), self.size, p=weights)]
        return drawn

    def some_of(self, bits: Array, most: int, probability: float, weights: Array | None = None) -> Array:
        """Give masks of up to `most` bits, each drawn with a probability."""
        mask = np.zeros(self.size, dtype=np.uint64)
        for _ in range(most):
            drawn = self.one_of(bits, weights)
            mask |= np.where(self.happens(probability), drawn, np.uint64(0))
        return mask


def draw_needs(needs: NeedColumns, books: Codebooks, terms: Terms, *, size: int, vacancy_ids: Sequence[str], seed: int) -> None:
    """Fill `size` rows of empty columns (or as many as the smallest table has), in the order of the ids, all live under the terms."""
    size = max(size, len(needs.live))
    needs._grow(size)
    for number in range(size):
        needs.slots.take(f"need-{number:07}")
    draw = _Draw(np.random.default_rng(seed), size)
    is_day = _sections_and_groups(needs, books, draw)
    _person(needs, books, draw)
    level = _levels(needs, draw)
    _wishes(needs, books, draw)
    _days(needs, terms, draw, is_day, level)
    _where(needs, books, draw)
    _what_comes_along(needs, books, draw)
    _rule_out(needs, draw, vacancy_ids)
    needs.change_terms(terms)
    needs.live[:size] = True


def _bits(masks: Sequence[int]) -> Array:
    return np.array(masks, dtype=np.uint64)


def _sections_and_groups(needs: NeedColumns, books: Codebooks, draw: _Draw) -> Array:
    weights = np.array([weight for weight, _ in SECTIONS], dtype=np.float64)
    which = draw.one_of(range(len(SECTIONS)), weights / weights.sum())
    needs.sections[:] = _bits([books.sections.mask(codes) for _, codes in SECTIONS])[which]
    codes = sorted(reference.target_groups())
    bits = _bits([books.target_groups.mask((code,)) for code in codes])
    numbers = np.array([books.target_groups.bit(code) for code in codes])
    primary = draw.one_of(range(len(codes)), zipf(len(codes)))
    needs.primary[:] = numbers[primary]
    needs.target_groups[:] = bits[primary] | draw.some_of(bits, 2, 0.12, zipf(len(codes)))
    return np.array([DAY_SECTIONS.issuperset(sections) for _, sections in SECTIONS])[which]


def _person(needs: NeedColumns, books: Codebooks, draw: _Draw) -> None:
    needs.birth_year[:] = np.clip(draw.random.normal(1984, 17, draw.size), 1935, 2012)
    needs.gender[:] = draw.one_of((0, 1, 2), np.array((0.05, 0.46, 0.49)))
    danish, english, arabic = (books.languages.mask((code,)) for code in ("da", "en", "ar"))
    spoken = _bits([0, danish, danish | english, english, arabic])
    needs.languages[:] = draw.one_of(spoken, np.array((0.65, 0.2, 0.08, 0.04, 0.03)))


def _levels(needs: NeedColumns, draw: _Draw) -> Array:
    """Assess most of the 31 subthemes, as thermometers; give each need's highest level, -1 where none is assessed."""
    severity, highest = draw.random.normal(1.8, 0.7, draw.size), np.full(draw.size, _NOBODY)
    low, high, stated = (np.zeros(draw.size, dtype=np.uint64) for _ in range(3))
    for theme in range(len(reference.themes())):
        level = np.clip(np.rint(severity + draw.random.normal(0, 0.9, draw.size)), 0, 4).astype(np.int64)
        assessed = draw.happens(0.85)
        level = np.where(assessed, level, _NOBODY)
        highest = np.maximum(highest, level)
        for word, (lower, upper) in ((low, (1, 2)), (high, (3, 4))):
            reached = (level >= lower).astype(np.uint64) << np.uint64(theme)
            reached |= (level >= upper).astype(np.uint64) << np.uint64(theme + WORD // 2)
            np.bitwise_or(word, reached, out=word)
        stated |= assessed.astype(np.uint64) << np.uint64(theme)
    needs.levels_low[:], needs.levels_high[:], needs.levels_stated[:] = low, high, stated
    return highest


def _wishes(needs: NeedColumns, books: Codebooks, draw: _Draw) -> None:
    services = sorted(reference.services())
    needs.services[:] = draw.some_of(_bits([books.services.mask((code,)) for code in services]), 4, 0.6, zipf(len(services)))
    needs.services_wanted[:] = np.bitwise_count(needs.services)
    activities = [books.wish_mask((code,), ()) for code in sorted(reference.words("activities"))]
    tasks = [books.wish_mask((), (code,)) for code in sorted(reference.words("work-tasks"))]
    needs.wishes[:] = draw.some_of(_bits([*activities, *tasks]), 3, 0.35)
    needs.wishes_wanted[:] = np.bitwise_count(needs.wishes)


def _days(needs: NeedColumns, terms: Terms, draw: _Draw, is_day: Array, level: Array) -> None:
    today = terms.today.toordinal()
    start_from = np.where(draw.happens(0.4), today + draw.random.integers(-60, 120, draw.size), 0)
    start_by = np.where(draw.happens(0.3), np.maximum(start_from, today) + draw.random.integers(0, 90, draw.size), 0)
    needs.start_from[:], needs.start_wanted[:] = start_from, np.where(start_by > 0, start_by, start_from)
    halves = np.array([1 << half for half in range(_WORKDAY_HALVES)])
    drawn = draw.some_of(halves.astype(np.uint64), 6, 0.8).astype(np.int64)
    named = np.where(is_day & draw.happens(0.3), drawn, 0)
    a_week = np.where(is_day & draw.happens(0.6), draw.random.integers(1, _MOST_HALF_DAYS + 1, draw.size), 0)
    asked = np.where(a_week > 0, a_week, (named > 0).astype(np.int64))
    needs.half_days_named[:] = named
    needs.half_days_needed[:] = np.minimum(asked, np.bitwise_count(np.where(named > 0, named, ALL_HALF_DAYS)))
    numbers = np.array([[Payer(one, days).number for days in (None, *range(1, 15))] for one in (None, *range(5))])
    needs.payer[:] = numbers[level + 1, a_week]
    ceiling = draw.random.integers(30, 130, draw.size) * 1_000
    needs.ceiling_dkk[:] = np.where(draw.happens(0.35), ceiling, -1)


def _where(needs: NeedColumns, books: Codebooks, draw: _Draw) -> None:
    codes, weights = municipality_weights()
    home = draw.one_of(range(len(codes)), weights)
    seats = [reference.municipalities()[code] for code in codes]
    easting, northing = np.array([one.easting_m for one in seats]), np.array([one.northing_m for one in seats])
    of = np.repeat(home[:, None], 3, axis=1)
    of[:, 2] = np.where(draw.happens(0.08), draw.one_of(range(len(codes)), weights), home)  # a relative far away
    for axis, seat in ((needs.easting_m, easting), (needs.northing_m, northing)):
        spread = draw.random.normal(0, 6_000, (draw.size, 3)).astype(np.int64)
        axis[:] = (seat[of] + spread) // _CELL_M * _CELL_M + _CELL_M // 2
    second, third = draw.happens(0.25), draw.happens(0.3)
    for axis in (needs.easting_m, needs.northing_m):
        axis[:, 1] = np.where(second, axis[:, 1], axis[:, 0])
        axis[:, 2] = np.where(second & third, axis[:, 2], axis[:, 1])
    needs.located[:] = draw.happens(0.97)
    needs.easting_m[~needs.located], needs.northing_m[~needs.located] = 0, 0
    limit = draw.one_of(_LIMITS_KM).astype(np.int64) * 1_000
    needs.limit_m[:] = np.where(draw.happens(0.7), limit, -1)
    bits = np.array([books.municipalities.bit(code) for code in codes])
    payer = np.where(draw.happens(0.05), draw.one_of(range(len(codes)), weights), home)
    needs.payers[:, 0], needs.payers[:, 1] = bits[home], bits[payer]


def _what_comes_along(needs: NeedColumns, books: Codebooks, draw: _Draw) -> None:
    access = [books.accessibility.mask((code,)) for code in sorted(reference.words("accessibility"))]
    needs.access[:] = draw.some_of(_bits(access), 2, 0.07)
    equipment = [books.equipment.mask((code,)) for code in sorted(reference.words("equipment"))]
    needs.equipment[:] = draw.some_of(_bits(equipment), 1, 0.04)
    partner, children, pets = (draw.happens(probability) for probability in (0.03, 0.04, 0.06))
    needs.company[:] = partner | children * 2 | pets * 4


def _rule_out(needs: NeedColumns, draw: _Draw, vacancy_ids: Sequence[str]) -> None:
    for row in np.flatnonzero(draw.happens(0.01)).tolist():
        drawn = draw.random.choice(len(vacancy_ids), 2)
        needs.rule_out(row, tuple(RuledOut(vacancy_id=vacancy_ids[number], reason="declined_by_citizen") for number in drawn))
