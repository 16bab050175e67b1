"""Forgetting what nobody needs of sheets any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.database import load_queries

if TYPE_CHECKING:
    from datetime import datetime

    from shared.database import Connection


class OldSheets:
    """Trials, and uploads that were given up or have been followed by another: all but the last whole sheet of each name."""

    def __init__(self) -> None:
        self._queries = load_queries(Path(__file__).with_name("sheets.sql"))

    async def forget(self, connection: Connection, *, before: datetime) -> None:
        """Forget those that began before a moment, with their rows; their ids are new again."""
        await self._queries.forget_old_uploads(connection, before=before)
