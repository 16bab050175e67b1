"""A sheet that is being read: its rows in order, a batch at a time, with a running hash of all that was taken."""

from __future__ import annotations

import hashlib
from itertools import chain, islice
from typing import TYPE_CHECKING

from services.intake.sheets.files import BrokenFileError, Row, rows_of
from services.intake.sheets.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.files import Format
    from services.intake.sheets.layout import Layout


class Source:
    """The rows of a file. All of it works in a thread: reading waits for the disk, and a batch is some milliseconds of work."""

    def __init__(self, path: Path, form: Format, sheet: Sheet) -> None:
        """Open the file and understand its headings.

        Raises:
            BrokenFileError: it cannot be read at all, or has no headings.
        """
        self._rows: Iterator[Row] = rows_of(path, form)
        self._hash = hashlib.sha256()
        self.layout: Layout | None = None
        self.broken: BrokenFileError | None = None
        self.done = 0
        """Rows that were taken, headings not counted."""
        if form == "jsonl":
            return
        headings = next(self._rows, None)
        if headings is None:
            raise BrokenFileError(
                "Arket er tomt; den første række skal have overskrifter.", "The sheet is empty; the first row has headings."
            )
        self._note(headings)
        self.layout = lay_out(sheet, headings.cells)

    @property
    def digest(self) -> bytes:
        """Hash everything that was taken."""
        return self._hash.digest()

    def skip(self, count: int) -> bool:
        """Pass over rows that are done; says whether there were so many."""
        before = self.done
        while self.done - before < count and self.take(min(count - (self.done - before), 1000)):
            pass
        return self.done - before == count

    def take(self, at_most: int) -> list[Row]:
        """Give the next rows; none at the end, or where the file cannot be read on (`broken`)."""
        rows: list[Row] = []
        try:
            for row in islice(self._rows, at_most):
                self._note(row)
                rows.append(row)
        except BrokenFileError as error:
            self.broken = error
            self._rows = chain()
        self.done += len(rows)
        return rows

    def is_at_end(self) -> bool:
        """Say whether no row is left, and the file ends as a whole one does."""
        return not self.take(1) and self.broken is None

    def _note(self, row: Row) -> None:
        self._hash.update(row.content)
        self._hash.update(b"\x1e")
