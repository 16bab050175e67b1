"""Pairs of rows, looked at column by column; of a single vacancy its values are taken once, not once for each pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from services.matching.domain.terms import UNKNOWN_CODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.matching.domain.need_columns import NeedColumns
    from services.matching.domain.tables import Array
    from services.matching.domain.vacancy_columns import VacancyColumns

BIT = {code: np.int32(1 << position) for position, code in enumerate(UNKNOWN_CODES)}


@dataclass(slots=True)
class Pairs:
    """Pairs that may still be eligible, and what is unknown of them so far; `extra_m` is what water adds, from zone to zone."""

    needs: NeedColumns
    vacancies: VacancyColumns
    need_rows: Array
    vacancy_rows: Array
    only_vacancy: int | None
    unknown: Array
    extra_m: Array
    _worked_out: dict[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.need_rows)

    def n(self, column: str) -> Array:
        """Give a column of the needs, pair by pair."""
        values: Array = getattr(self.needs, column)[self.need_rows]
        return values

    def v(self, column: str) -> Any:  # noqa: ANN401 - a number of NumPy's, or an array of them
        """Give a column of the vacancies, pair by pair, or the one value that all pairs have."""
        values = getattr(self.vacancies, column)
        return values[self.vacancy_rows] if self.only_vacancy is None else values[self.only_vacancy]

    def note(self, code: str, where: Any) -> None:  # noqa: ANN401 - as `v`
        """Mark a rule or a part as unknown."""
        if isinstance(where, np.ndarray):
            np.bitwise_or(self.unknown, BIT[code], out=self.unknown, where=where)
        elif where:
            self.unknown |= BIT[code]

    def once(self, name: str, work_out: Callable[[], Array]) -> Array:
        """Give what several rules or parts need, worked out by the first of them."""
        found = self._worked_out.get(name)
        if found is None:
            found = self._worked_out[name] = work_out()
        return found

    @property
    def common_sections(self) -> Array:
        return self.once("common_sections", lambda: np.asarray(self.n("sections") & self.v("sections")))

    def keep(self, chosen: Array) -> None:
        """Go on with some of the pairs."""
        rows = np.flatnonzero(chosen)
        if len(rows) < len(chosen):
            self.need_rows, self.vacancy_rows = self.need_rows[rows], self.vacancy_rows[rows]
            self.unknown = self.unknown[rows]
            self._worked_out = {name: values[rows] for name, values in self._worked_out.items()}
