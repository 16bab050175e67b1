"""Rows that name their vacancy or need by intake's own id, as those of a fetched sheet do.

What its sender calls it is looked up, so that a sheet with ids and one without are the same sheet when they are compared. A row whose
reference is another than the thing has was most likely copied to make a new one: it is refused, and writes over nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from services.intake.domain.authority import may_see_needs_of, may_speak_for, sender_of
from services.intake.domain.commands import Named
from services.intake.domain.outcomes import Rejected
from shared.contracts.receipt import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.domain.authority import Caller
    from services.intake.sheets.columns import Sheet
    from services.intake.sheets.rows import ReadRow
    from services.intake.sheets.store import SheetStore, StoredName
    from shared.database import Connection

BY_ID: Final = ""
"""The scope of an identity that is an id of intake's."""


async def resolved(
    sheets: SheetStore, connection: Connection, sheet: Sheet, rows: Sequence[ReadRow], caller: Caller
) -> list[ReadRow]:
    """Give each row that names something by id the identity that it has in every sheet."""
    ids = [row.named for row in rows if row.named is not None]
    names = await sheets.names(connection, sheet.kind, ids) if ids else {}
    return [row if row.named is None else _resolved(row, row.named, names.get(row.named), sheet, caller) for row in rows]


def named(caller: Caller, sheet: Sheet, scope: str, reference: str) -> Named:
    """Name what a row of an earlier sheet was about."""
    if scope == BY_ID:
        return Named(reference)
    return Named(name=(sender_of(caller, scope) if sheet.kind == "vacancies" else scope, reference))


def _resolved(row: ReadRow, entity_id: str, name: StoredName | None, sheet: Sheet, caller: Caller) -> ReadRow:
    if name is None or not _may_be_told(name, sheet, caller):
        return replace(row, identity=(BY_ID, entity_id))  # deciding refuses it
    is_callers = name.sender is None or name.sender == sender_of(caller, name.scope)
    identity = (name.scope, name.reference) if is_callers and name.reference is not None else (BY_ID, entity_id)
    if row.reference is None or row.reference == name.reference:
        return replace(row, identity=identity)
    wrong = Reason(field=sheet.identity, code="reference_fixed", text_da=_DIFFERS_DA, text_en=_DIFFERS_EN)
    already = row.command.reasons if isinstance(row.command, Rejected) else ()
    return replace(row, identity=identity, command=Rejected((*already, wrong)))


_DIFFERS_DA: Final = (
    "er en anden end den, id'et hører til; tøm id'et for at oprette noget nyt, eller skriv referencen, som den var"
)
_DIFFERS_EN: Final = "is another than that of the id; empty the id to make something new, or write the reference as it was"


def _may_be_told(name: StoredName, sheet: Sheet, caller: Caller) -> bool:
    return may_see_needs_of(caller, name.scope) if sheet.kind == "needs" else not may_speak_for(caller, name.scope, None)
