"""A row of a sheet as a command, by the same reading as every other way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from services.intake.domain.authority import sender_of
from services.intake.domain.commands import Command, PostNeed, PostVacancy, PutOffer
from services.intake.domain.cpr import holds_cpr_number
from services.intake.domain.outcomes import Rejected, reason, rejected
from services.intake.reading import read_draft
from services.intake.sheets.columns import NEEDS
from shared.contracts.common import EntityId
from shared.contracts.drafts import NeedDraft, OfferDraft, VacancyDraft
from shared.contracts.receipt import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.domain.authority import Caller
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.files import Row
    from services.intake.sheets.layout import Layout

STAYING: Final = frozenset(column.top for column in NEEDS.columns if column.stays)
"""Fields of a need that are in no sheet that goes out: a sheet without them says nothing of them, and they stay as they were."""

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

    def __init__(self, sheet: Sheet, layout: Layout | None, caller: Caller) -> None:
        """Take what all rows have in common.

        Args:
            sheet: which kind.
            layout: the columns of a table; none for JSON lines.
            caller: who sends it.
        """
        self._sheet = sheet
        self._layout = layout
        self._caller = caller
        self._keeps = None if layout is None else STAYING - {placed.first for placed in layout.placed}

    def read(self, row: Row, new_id: str) -> ReadRow:
        """Read a row into a command; the id is for what did not exist before."""
        if self._layout is None:
            line = row.line or b""
            document = _object(line)
            command = self._command(document, line, None, new_id)
        else:
            document, unreadable, written = self._layout.read(row.cells)
            command = self._command(document, orjson.dumps(document), written, new_id)
            if unreadable:
                command = Rejected(_joined(unreadable, command.reasons if isinstance(command, Rejected) else ()))
        return ReadRow(row, command, _identity(self._sheet, document, is_read=not isinstance(command, Rejected)))

    def _command(self, document: dict[str, Any], body: bytes, written: str | None, new_id: str) -> Command | Rejected:
        match self._sheet.kind:
            case "vacancies":
                draft = read_draft(VacancyDraft, body, written=written)
                if isinstance(draft, Rejected):
                    return draft
                if draft.reference is None:
                    return rejected("no_reference", "reference")
                return PostVacancy(draft, sender_of(self._caller, draft.offer_id), new_id, "sheet")
            case "needs":
                need = read_draft(NeedDraft, body, written=written)
                if isinstance(need, Rejected):
                    return need
                keeps = self._keeps if self._keeps is not None else STAYING - document.keys()
                return (
                    PostNeed(need, new_id, keeps)
                    if need.source_reference is not None
                    else rejected("no_reference", "source_reference")
                )
            case "offers":
                return _offer(document, body)


def _offer(document: dict[str, Any], body: bytes) -> Command | Rejected:
    """The id of an offer is no field of its draft, but in the address of it over HTTP; in a sheet it is a column."""
    offer_id = document.get("offer_id")
    without = {name: value for name, value in document.items() if name != "offer_id"}
    draft = read_draft(OfferDraft, body if offer_id is None else orjson.dumps(without))
    wrong = list(draft.reasons) if isinstance(draft, Rejected) else []
    if offer_id is None:
        wrong.append(reason("no_reference", "offer_id"))
    elif not _is_entity_id(offer_id):
        wrong.append(_WRONG_ID)
    elif holds_cpr_number(offer_id):
        wrong.append(reason("cpr_number", "offer_id"))
    return Rejected(tuple(wrong)) if isinstance(draft, Rejected) or wrong else PutOffer(str(offer_id), draft)


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


def _joined(unreadable: Sequence[Reason], reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Leave out what the contract misses only because the cell could not be read."""
    cells = {wrong.field for wrong in unreadable}
    return (*unreadable, *(one for one in reasons if not (one.code == "missing" and one.field in cells)))


def _identity(sheet: Sheet, document: dict[str, Any], *, is_read: bool) -> tuple[str, str] | None:
    reference = document.get(sheet.identity)
    scoped_by = _SCOPE[sheet.kind]
    scope = "" if scoped_by is None else document.get(scoped_by)
    if not is_read and not (_is_entity_id(reference) and (scope == "" or _is_entity_id(scope))):
        return None
    if any(isinstance(name, str) and holds_cpr_number(name) for name in (scope, reference)):
        return None  # the row is refused for it, and what is remembered and told must not hold it
    return str(scope), str(reference)


def _is_entity_id(value: object) -> bool:
    try:
        _ENTITY_ID.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
