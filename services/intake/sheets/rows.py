"""A row of a sheet as a command, by the same reading as every other way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from services.intake.domain.authority import sender_of
from services.intake.domain.commands import Command, PostNeed, PostVacancy, PutOffer
from services.intake.domain.outcomes import Rejected, reason
from services.intake.reading import read_draft
from services.intake.sheets.columns import NEEDS, OFFERS, VACANCIES
from shared.contracts.common import EntityId
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.receipt import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.domain.authority import Caller
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.files import Row
    from services.intake.sheets.layout import Layout

_ENTITY_ID: Final = TypeAdapter(EntityId)
_SCOPE: Final = {"offers": None, "vacancies": "offer_id", "needs": "handlekommune"}
"""Within what the reference of a kind is unique."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What a row asks for, or why it cannot be.

    Attributes:
        row: as it came.
        command: what it asks for.
        identity: (scope, reference), where both could be read: a refused row is not gone.
    """

    row: Row
    command: Command | Rejected
    identity: tuple[str, str] | None


class RowReader:
    """Reads the rows of one sheet."""

    def __init__(self, sheet: Sheet, layout: Layout | None, caller: Caller, new_id: Callable[[], str]) -> None:
        """Take what all rows have in common.

        Args:
            sheet: which kind.
            layout: the columns of a table; none for JSON lines.
            caller: who sends it.
            new_id: makes ids of vacancies and needs.
        """
        self._sheet = sheet
        self._layout = layout
        self._caller = caller
        self._new_id = new_id

    def read(self, row: Row) -> ReadRow:
        """Read a row into a command."""
        if self._layout is not None:
            document, unreadable = self._layout.read(row.cells)
            return self._command(row, document, orjson.dumps(document), unreadable)
        line = row.line or b""
        return self._command(row, _object(line), line, [])

    def _command(self, row: Row, document: dict[str, Any], body: bytes, unreadable: list[Reason]) -> ReadRow:
        command, reasons = self._read(document, body)
        if reasons or unreadable:
            command = Rejected(tuple(_joined(unreadable, reasons)))
        return ReadRow(row, command, _identity(self._sheet, document))

    def _read(self, document: dict[str, Any], body: bytes) -> tuple[Command | Rejected, list[Reason]]:
        match self._sheet:
            case s if s is VACANCIES:
                return self._vacancy(body)
            case s if s is NEEDS:
                return self._need(body)
            case s if s is OFFERS:
                return self._offer(document, body)
        raise LookupError(self._sheet.kind)

    def _vacancy(self, body: bytes) -> tuple[Command | Rejected, list[Reason]]:
        draft = read_draft(VacancyDraft, body)
        if isinstance(draft, Rejected):
            return draft, list(draft.reasons)
        if draft.reference is None:
            return _NO_REFERENCE, [reason("no_reference", "reference")]
        return PostVacancy(draft, sender_of(self._caller, draft.offer_id), self._new_id(), "sheet"), []

    def _need(self, body: bytes) -> tuple[Command | Rejected, list[Reason]]:
        draft = read_draft(NeedDraft, body)
        if isinstance(draft, Rejected):
            return draft, list(draft.reasons)
        if draft.source_reference is None:
            return _NO_REFERENCE, [reason("no_reference", "source_reference")]
        return PostNeed(draft, self._new_id()), []

    def _offer(self, document: dict[str, Any], body: bytes) -> tuple[Command | Rejected, list[Reason]]:
        offer_id = document.pop("offer_id", None)
        draft = read_draft(OfferDraft, body if offer_id is None else orjson.dumps(document))
        document["offer_id"] = offer_id
        reasons = list(draft.reasons) if isinstance(draft, Rejected) else []
        if not _is_entity_id(offer_id):
            reasons.append(reason("no_reference", "offer_id") if offer_id is None else _WRONG_ID)
        if isinstance(draft, Rejected) or reasons:
            return Rejected(tuple(reasons)), reasons
        return PutOffer(str(offer_id), draft), []


_NO_REFERENCE: Final = Rejected(())
_WRONG_ID: Final = Reason(
    field="offer_id",
    code="string_pattern_mismatch",
    text_da="har en forkert form; 3 til 64 bogstaver, tal, punktum, understregning og bindestreg",
    text_en="has the wrong form; 3 to 64 letters, digits, dots, underscores and hyphens",
)


def _object(line: bytes) -> dict[str, Any]:
    """Look into a line of JSON; what is none the reading of the draft refuses."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _joined(unreadable: list[Reason], reasons: list[Reason]) -> list[Reason]:
    """Leave out what the contract misses only because the cell could not be read."""
    cells = {wrong.field for wrong in unreadable}
    return [*unreadable, *(one for one in reasons if not (one.code == "missing" and one.field in cells))]


def _identity(sheet: Sheet, document: dict[str, Any]) -> tuple[str, str] | None:
    reference = document.get(sheet.identity)
    scoped_by = _SCOPE[sheet.kind]
    scope = "" if scoped_by is None else document.get(scoped_by)
    if not _is_entity_id(reference) or not (scope == "" or _is_entity_id(scope)):
        return None
    return str(scope), str(reference)


def _is_entity_id(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        _ENTITY_ID.validate_python(value)
    except ValidationError:
        return False
    return True
