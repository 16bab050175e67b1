"""How a need and a vacancy lie in a table: the engine's own columns, small ones packed, so that one index can hold them all.

PostgreSQL takes 32 columns into an index and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from services.matching.domain.codebooks import WORD
from services.matching.domain.prices import PRICE_UNIT
from tests.benchmarks.scoring.dialects import signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.vacancy_columns import VacancyColumns
    from tests.benchmarks.scoring.dialects import Dialect, Wide

Fields = dict[str, "Array"]
"""Columns by name; a mask of two words has two columns in one array."""

_ONE_WORD: Final = 2**32 - 1
_ZONE_BITS: Final = 7
POINTS: Final = 3
"""Of reference, that a need can have."""


@dataclass(frozen=True)
class Layout:
    """The fields of one side: plain columns and their types, masks of two words, and small numbers with their bits."""

    plain: Mapping[str, str]
    wide: tuple[str, ...]
    traits: Mapping[str, int]
    zones: tuple[str, ...]

    @property
    def packed(self) -> Mapping[str, Mapping[str, int]]:
        """Give the columns that hold several small numbers, each with its bits, the first lowest."""
        return {"traits": self.traits, "zones": dict.fromkeys(self.zones, _ZONE_BITS)}


def packed(fields: Fields, bits_of_names: Mapping[str, int]) -> Array:
    """Give small numbers of each row in one.

    Raises:
        ValueError: a number does not fit its bits.
    """
    together, shift = np.zeros(len(next(iter(fields.values()))), dtype=np.int32), 0
    for name, bits in bits_of_names.items():
        values = fields[name].astype(np.int32)
        if ((values < 0) | (values >> bits != 0)).any():
            raise ValueError(f"{name} does not fit {bits} bits")
        together |= values << shift
        shift += bits
    return together


NEEDS: Final = Layout(
    plain={
        "sections": "i8", "sections_perhaps_for_age": "i8", "target_groups": "i8", "primary_group": "i8", "services": "i8", "wishes": "i8",
        "languages": "i8", "access": "i8", "equipment": "i8", "limit_m2": "i8", "ceiling": "i8",
        "levels_spoken": "i4", "easting_0": "i4", "easting_1": "i4", "easting_2": "i4", "northing_0": "i4", "northing_1": "i4",
        "northing_2": "i4", "start_from": "i4", "start_wanted": "i4",
        "youngest": "i2", "oldest": "i2", "half_days_named": "i2", "payer": "i2",
    },
    wide=("levels", "payers"),
    traits={
        "gender": 2, "pension": 2, "company": 3, "half_days_needed": 4, "rules_out": 1, "located": 1, "services_wanted": 6, "wishes_wanted": 6,
    },
    zones=("zone_0", "zone_1", "zone_2"),
)  # fmt: skip

VACANCIES: Final = Layout(
    plain={
        "sections": "i8", "target_groups": "i8", "never_takes": "i8", "services": "i8", "wishes": "i8", "languages": "i8", "access_no": "i8",
        "equipment": "i8", "price_lowest": "i8", "opening": "i8",
        "levels_spoken": "i4", "places_free": "i4", "available_from": "i4", "available_until": "i4", "easting": "i4", "northing": "i4",
        "age_from": "i2", "age_to": "i2", "half_days_perhaps": "i2", "open_on": "i2",
    },
    wide=("levels", "levels_stated", "reserve"),
    traits={
        "gender_rule": 2, "half_days_stated": 1, "hours_stated": 1, "reserved": 1, "for_residents": 1, "registered": 2, "approved": 2,
        "company_no": 3, "located": 1, "price_varies": 1,
    },
    zones=("zone",),
)  # fmt: skip


def need_fields(needs: NeedColumns, rows: Array) -> Fields:
    """Take the fields of needs out of the columns; only of those whose codes all have bits of their own."""
    fields = {name: getattr(needs, name)[rows] for name in (*NEEDS.plain, *NEEDS.traits) if hasattr(needs, name)}
    fields["primary_group"] = _bit(needs.primary[rows])
    limit_m = needs.limit_m[rows].astype(np.int64)
    fields["limit_m2"] = np.where(limit_m < 0, -1, limit_m * limit_m)
    fields["ceiling"] = needs.ceiling_dkk[rows].astype(np.int64) * PRICE_UNIT
    for point in range(POINTS):
        fields[f"easting_{point}"], fields[f"northing_{point}"] = needs.easting_m[rows, point], needs.northing_m[rows, point]
        fields[f"zone_{point}"] = needs.zone[rows, point]
    fields["levels_spoken"] = needs.levels_stated[rows]
    fields["levels"] = np.stack((needs.levels_low[rows], needs.levels_high[rows]), axis=1)
    payers = needs.payers[rows]
    words = [np.where(payers // WORD == word, _bit(payers % WORD), 0).astype(np.uint64) for word in range(2)]
    fields["payers"] = np.stack([np.bitwise_or.reduce(word, axis=1) for word in words], axis=1)
    return fields


def _bit(numbers: Array) -> Array:
    return np.uint64(1) << numbers.astype(np.uint64)


def vacancy_fields(vacancies: VacancyColumns, rows: Array) -> Fields:
    """Take the fields of vacancies out of the columns; a price that need not be the lowest is below every ceiling."""
    fields = {name: getattr(vacancies, name)[rows] for name in (*VACANCIES.plain, *VACANCIES.traits) if hasattr(vacancies, name)}
    fields["easting"], fields["northing"], fields["zone"] = (
        column[rows] for column in (vacancies.easting_m, vacancies.northing_m, vacancies.zone)
    )
    fields["levels_spoken"] = vacancies.levels_stated[rows] & np.uint64(_ONE_WORD)
    fields["levels"] = np.stack((vacancies.levels_low[rows], vacancies.levels_high[rows]), axis=1)
    fields["levels_stated"] = np.stack((vacancies.levels_stated[rows],) * 2, axis=1)
    fields["reserve"] = vacancies.reserve[rows]
    fields["price_lowest"] = np.where(vacancies.price_open_below[rows], -1, vacancies.price_lowest[rows])
    return fields


class Side(Protocol):
    """The fields of a need or of a vacancy in SQL."""

    def known(self, name: str) -> int | None:
        """Give the value of a field that is a constant of the statement."""

    def __getitem__(self, name: str) -> str:
        """Give the SQL of a field."""

    def wide(self, name: str) -> Wide:
        """Give the SQL of a mask of two words."""


class Column:
    """A side that is a table: its fields are columns of the row at hand."""

    def __init__(self, layout: Layout, dialect: Dialect) -> None:
        self._layout = layout
        self._dialect = dialect

    def known(self, name: str) -> int | None:
        del name
        return None

    def __getitem__(self, name: str) -> str:
        if name in self._layout.plain:
            return name
        for column, numbers in self._layout.packed.items():
            shift = 0
            for number, bits in numbers.items():
                if number == name:
                    return f"(({column} >> {shift}) & {2**bits - 1})"
                shift += bits
        raise KeyError(name)

    def wide(self, name: str) -> Wide:
        return self._dialect.wide_columns(name)


class Constant:
    """A side that is one row, given by value."""

    def __init__(self, fields: Fields, dialect: Dialect) -> None:
        self._values = {name: _exact(values[0]) for name, values in fields.items() if values.ndim == 1}
        self._wide = {name: (int(values[0, 0]), int(values[0, 1])) for name, values in fields.items() if values.ndim > 1}
        self._dialect = dialect

    def known(self, name: str) -> int | None:
        return self._values[name]

    def __getitem__(self, name: str) -> str:
        return f"({self._values[name]})::bigint"

    def wide(self, name: str) -> Wide:
        return self._dialect.wide(*self._wide[name])


def _exact(value: np.generic) -> int:
    return signed(int(value)) if value.dtype == np.uint64 else int(value)


def bits_of(mask: int) -> list[int]:
    """Give the places of the bits that are set."""
    return [place for place in range(64) if mask >> place & 1]
