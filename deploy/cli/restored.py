"""`ledigplads restored`: go on with a database of intake's that comes from a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import httpx2
import orjson
from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.calling import client
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import AwayError, raise_for

if TYPE_CHECKING:
    from deploy.simulate.ways_in import Answer

_PATH: Final = "/operator/restored"
_PATIENCE_SECONDS: Final = 3600
"""A million records are read twice."""
_NOTHING_TO_DO: Final = (
    "Intet er ændret, og der er intet at gendanne: intake kører, og dens database ved alt, hvad loggen ved. / "
    "Nothing was changed, and there is nothing to restore: intake runs, and its database knows all that the log holds."
)


async def restored(
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    backup_wins: Annotated[bool, Parameter(negative="")] = False,
    without_partners: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Sæt intake i gang på en gendannet database. Let intake go on with a database that comes from a backup.

    Intake finds out by itself that the log knows more than its database, and then does nothing until this command. What was accepted
    after the backup is taken back from the log; what the log cannot tell is named in the report, one JSON document. Stop every other
    intake first. See docs/guides/restore.md.

    Parameters
    ----------
    dry_run
        Only say what would be found; nothing is changed. Ends with 0 if the restore could be carried out now, with 1 if not, and says why.
    backup_wins
        Take nothing back but erasures: everything is published as it is in the backup, and what the backup does not know is erased.
    without_partners
        Go on although there are topics of partners that the backup does not know; what they have sent is passed over.
    """
    url = find_stack().url("intake")
    if dry_run:
        found = await _call("GET", url)
        output.document(found)
        sentence, code = verdict(found, backup_wins=backup_wins, without_partners=without_partners)
        output.say(sentence)
        return code
    output.document(await _call("POST", url, {"backup_wins": backup_wins, "without_partners": without_partners}))
    return OK


def verdict(found: Answer, *, backup_wins: bool, without_partners: bool) -> tuple[str, int]:
    """Say what the same command without the dry run would do now, and with which exit code this one ends."""
    if found["held"] is None:
        return _NOTHING_TO_DO, REFUSED
    unknown = ", ".join(found["unknown_partners"])
    if unknown and not without_partners:
        return _unknown_partners(unknown), REFUSED
    later, new, erased = (sum(found[name].values()) for name in ("later", "new", "erased"))
    return (_the_backup_counts if backup_wins else _the_log_counts)(later, new, erased), OK


def _unknown_partners(named: str) -> str:
    return (
        f"Intet er ændret. `ledigplads restored` ville blive afvist: backuppen kender ikke partnerne {named}; opret dem igen med "
        "`ledigplads partner add`, eller gå videre med --without-partners. / Nothing was changed. `ledigplads restored` would be "
        f"refused: the backup does not know the partners {named}; declare them again, or go on with --without-partners."
    )


def _the_backup_counts(later: int, new: int, erased: int) -> str:
    return (
        f"Intet er ændret. `ledigplads restored --backup-wins` ville lade {later - erased} ældre gælde, slette {new} nye på loggen og "
        f"tage {erased} sletninger tilbage. / Nothing was changed. `ledigplads restored --backup-wins` would let {later - erased} older "
        f"ones count, bury {new} new ones and take back {erased} erasures."
    )


def _the_log_counts(later: int, new: int, erased: int) -> str:
    return (
        f"Intet er ændret. `ledigplads restored` ville tage {later} senere (heraf {erased} slettede) og {new} nye tilbage fra loggen. "
        f"/ Nothing was changed. `ledigplads restored` would take {later} later ones ({erased} of them erased) and {new} new ones back "
        "from the log."
    )


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
