"""`ledigplads restored`: go on with a database of intake's that comes from a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx2
import orjson

from deploy.cli import output
from deploy.cli.calling import client
from deploy.cli.exits import OK
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import AwayError, raise_for

if TYPE_CHECKING:
    from deploy.simulate.ways_in import Answer

_PATH: Final = "/operator/restored"
_PATIENCE_SECONDS: Final = 3600
"""A million records are read twice."""


async def restored(*, dry_run: bool = False, backup_wins: bool = False, without_partners: bool = False) -> int:
    """Sæt intake i gang på en gendannet database. Let intake go on with a database that comes from a backup.

    Intake finds out by itself that the log knows more than its database, and then does nothing until this command. What was accepted
    after the backup is taken back from the log; what the log cannot tell is named in the report, one JSON document. Stop every other
    intake first. See docs/guides/restore.md.

    Parameters
    ----------
    dry_run
        Only say what would be found; nothing is changed.
    backup_wins
        Take nothing back but erasures: everything is published as it is in the backup, and what the backup does not know is erased.
    without_partners
        Go on although there are topics of partners that the backup does not know; what they have sent is passed over.
    """
    url = find_stack().url("intake")
    if dry_run:
        output.document(await _call("GET", url))
        return OK
    output.document(await _call("POST", url, {"backup_wins": backup_wins, "without_partners": without_partners}))
    return OK


async def _call(method: str, url: str, body: dict[str, bool] | None = None) -> Answer:
    async with client() as made:
        try:
            answer = await made.request(
                method,
                url + _PATH,
                content=None if body is None else orjson.dumps(body),
                headers={"Content-Type": "application/json"},
                timeout=_PATIENCE_SECONDS,
            )
        except httpx2.HTTPError as error:
            raise AwayError(f"{url} did not answer ({type(error).__name__})") from error
    raise_for(answer)
    told: Answer = answer.json()
    return told
