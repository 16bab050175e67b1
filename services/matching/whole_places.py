"""Open vacancies whole, beside the columns: a few of them are told in words, and words want what no column holds."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from shared.contracts.vacancy import Vacancy

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAST: Final = 1


class WholePlaces:
    """By id, as compressed JSON: some 700 bytes each, where the model would take several thousand."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def change(self, changes: Mapping[str, Vacancy | None]) -> None:
        """Take in the present state of vacancies, None for one that is not open."""
        for vacancy_id, vacancy in changes.items():
            if vacancy is None:
                self._packed.pop(vacancy_id, None)
            else:
                # Its own prose explains nothing and is the larger part.
                body = vacancy.model_dump_json(exclude_defaults=True, exclude={"text_da"})
                self._packed[vacancy_id] = zlib.compress(body.encode(), _FAST)

    def __getitem__(self, vacancy_id: str) -> Vacancy:
        return Vacancy.model_validate_json(zlib.decompress(self._packed[vacancy_id]))
