"""An empty sheet to fill in: Danish headings with what belongs under them, drop-downs of codes, and a page of all codes."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from pydantic import BaseModel

from services.intake.sheets.cells import Several
from services.intake.sheets.layout import our_layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpyxl.worksheet.worksheet import Worksheet

    from services.intake.sheets.cells import Cell
    from services.intake.sheets.columns import Column, Sheet

_CODES: Final = "Koder"
_ROWS: Final = 2000
"""So many rows have drop-downs; further ones are read all the same."""
_WIDTH: Final = 22
_NAMED: Final = 3
"""So many columns are named above a list that several are filled from."""
_GROUPS: Final = {"price_lines": 2, "sections": 3, "points_of_reference": 2}
_BOLD: Final = Font(bold=True)
_REQUIRED: Final = PatternFill("solid", fgColor="DCE6F1")


@cache
def template(sheet: Sheet) -> bytes:
    """Make the empty sheet of a kind."""
    workbook = Workbook()
    page: Worksheet = workbook.worksheets[0]
    page.title = sheet.name_da
    codes: Worksheet = workbook.create_sheet(_CODES)
    lists = _Lists(codes)
    for placed in our_layout(sheet, _GROUPS, with_what_stays=True).placed:
        column = placed.column
        heading = page.cell(1, placed.at + 1, placed.heading)
        heading.font = _BOLD
        heading.alignment = Alignment(wrap_text=True, vertical="top")
        heading.comment = Comment(_help(sheet, column), "Ledigplads", height=160, width=320)
        if column.required:
            heading.fill = _REQUIRED
        letter = get_column_letter(placed.at + 1)
        page.column_dimensions[letter].width = _WIDTH
        if where := lists.place(column.cell, column.da.replace(" {n}", "")):
            page.add_data_validation(_drop_down(where, f"{letter}2:{letter}{_ROWS}", several=_is_several(column.cell)))
    page.freeze_panes = "A2"
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


class _Lists:
    """The page of codes: each list in two columns, what a cell may hold and the code behind it, under the columns that it is for."""

    def __init__(self, page: Worksheet) -> None:
        self._page = page
        self._placed: dict[tuple[str, ...], str] = {}
        self._for: dict[tuple[str, ...], list[str]] = {}

    def place(self, cell: Cell, heading: str) -> str | None:
        """Write the list that a column's cells are filled from, once, and say where it stands."""
        choices = cell.choices()
        if not choices:
            return None
        codes = tuple(choices)
        if codes not in self._placed:
            at = 2 * len(self._placed) + 1
            self._write(at, choices)
            letter = get_column_letter(at)
            self._placed[codes] = f"{_CODES}!${letter}$2:${letter}${len(choices) + 1}"
        columns = self._for.setdefault(codes, [])
        if heading not in columns:
            columns.append(heading)
            at = 2 * list(self._placed).index(codes) + 1
            self._page.cell(1, at).value = ", ".join(columns[:_NAMED]) + (" m.fl." if len(columns) > _NAMED else "")
        return self._placed[codes]

    def _write(self, at: int, choices: Mapping[str, str]) -> None:
        for offset, heading in enumerate(("", "Kode")):
            self._page.cell(1, at + offset, heading).font = _BOLD
            self._page.column_dimensions[get_column_letter(at + offset)].width = 2 * _WIDTH if offset == 0 else _WIDTH
        for row, (code, shown) in enumerate(choices.items(), start=2):
            self._page.cell(row, at, shown)
            self._page.cell(row, at + 1, code)


def _is_several(cell: Cell) -> bool:
    return isinstance(cell, Several)


def _drop_down(where: str, cells: str, *, several: bool) -> DataValidation:
    """Offer the list; where several belong in a cell, or a level behind them, what is typed beside it is taken too."""
    made = DataValidation(type="list", formula1=where, allow_blank=True, showErrorMessage=not several, errorStyle="warning")
    made.errorTitle, made.error = "Kendes ikke", "Vælg fra listen, eller se arket Koder."
    made.add(cells)
    return made


def _help(sheet: Sheet, column: Column) -> str:
    required = "Skal udfyldes.\n" if column.required else ""
    description = _description(sheet.draft, column.path.replace("[]", "").split("."))
    return f"{required}{column.cell.form}\n\n{column.path}\n{description}".strip()


def _description(model: type[BaseModel], path: list[str]) -> str:
    """What the contract says of a field."""
    field = model.model_fields.get(path[0])
    if field is None:
        return ""
    inner = next((one for one in _models(field.annotation)), None) if len(path) > 1 else None
    return _description(inner, path[1:]) if inner is not None else field.description or ""


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models(argument)]
