"""A row of a sheet as a command, by the same reading as every other way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from services.intake.domain.authority import sender_of
from services.intake.domain.commands import Command, PostNeed, PostVacancy, PutOffer, ReplaceNeed, ReplaceVacancy
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
        reference: as it stands in the row, where it could be read.
        named: the id that intake gave to what it is about, where the row has it.
    """

    row: Row
    command: Command | Rejected
    identity: tuple[str, str] | None
    reference: str | None = None
    named: str | None = None


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
        unreadable: list[Reason] = []
        written = None
        if self._layout is None:
            document = _object(row.line or b"")
        else:
            document, unreadable, written = self._layout.read(row.cells)
        is_named = self._sheet.own_id is not None and self._sheet.own_id in document
        named = document.pop(str(self._sheet.own_id)) if is_named else None
        body = row.line if row.line is not None and not is_named else orjson.dumps(document)
        wrong = [] if named is None else _id_reasons(named, self._sheet.own_id)
        command = self._command(document, body, written, _Ids(new_id, None if wrong else named))
        if unreadable or wrong:
            command = Rejected(_joined([*unreadable, *wrong], command.reasons if isinstance(command, Rejected) else ()))
        identity = _identity(self._sheet, document, is_read=not isinstance(command, Rejected))
        return ReadRow(row, command, identity, identity[1] if identity else None, None if wrong else named)

    def _command(self, document: dict[str, Any], body: bytes, written: str | None, ids: _Ids) -> Command | Rejected:
        match self._sheet.kind:
            case "vacancies":
                return self._vacancy(read_draft(VacancyDraft, body, written=written), ids)
            case "needs":
                keeps = self._keeps if self._keeps is not None else STAYING - document.keys()
                return _need(read_draft(NeedDraft, body, written=written), keeps, ids)
            case "offers":
                return _offer(document, body)

    def _vacancy(self, draft: VacancyDraft | Rejected, ids: _Ids) -> Command | Rejected:
        if isinstance(draft, Rejected):
            return draft
        if ids.named is not None:
            return ReplaceVacancy(ids.named, draft, "sheet")
        if draft.reference is None:
            return rejected("no_reference", "reference")
        return PostVacancy(draft, sender_of(self._caller, draft.offer_id), ids.new_id, "sheet")


class _Ids(NamedTuple):
    """The id for what did not exist before, and the one that the row names."""

    new_id: str
    named: str | None


def _need(draft: NeedDraft | Rejected, keeps: frozenset[str], ids: _Ids) -> Command | Rejected:
    if isinstance(draft, Rejected):
        return draft
    if ids.named is not None:
        return ReplaceNeed(ids.named, draft, keeps)
    return rejected("no_reference", "source_reference") if draft.source_reference is None else PostNeed(draft, ids.new_id, keeps)


def _offer(document: dict[str, Any], body: bytes) -> Command | Rejected:
    """The id of an offer is no field of its draft, but in the address of it over HTTP; in a sheet it is a column."""
    offer_id = document.get("offer_id")
    without = {name: value for name, value in document.items() if name != "offer_id"}
    draft = read_draft(OfferDraft, body if offer_id is None else orjson.dumps(without))
    wrong = list(draft.reasons) if isinstance(draft, Rejected) else []
    wrong += [reason("no_reference", "offer_id")] if offer_id is None else _id_reasons(offer_id, "offer_id")
    return Rejected(tuple(wrong)) if isinstance(draft, Rejected) or wrong else PutOffer(str(offer_id), draft)


def _id_reasons(value: object, field: str | None) -> list[Reason]:
    """Refuse what is no id, or looks like a person's number."""
    if not _is_entity_id(value):
        return [Reason(field=field, code="string_pattern_mismatch", text_da=_ID_DA, text_en=_ID_EN)]
    return [reason("cpr_number", field)] if holds_cpr_number(str(value)) else []


_ID_DA: Final = "har en forkert form; 3 til 64 bogstaver, tal, punktum, understregning og bindestreg"
_ID_EN: Final = "has the wrong form; 3 to 64 letters, digits, dots, underscores and hyphens"


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
    if reference is None:
        return None
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
