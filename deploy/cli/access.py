"""`ledigplads access`: the log of who looked at citizens' data."""

from __future__ import annotations

import sys

import httpx2
from cyclopts import App

from deploy.cli import output
from deploy.cli.calling import client, intake_of
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import AwayError, raise_for

access = App(
    name="access",
    help="Adgangsloggen: hvem så hvad, hvornår og hvorfor. The access log: who looked at what, when and why.",
)
_PATIENCE_SECONDS = 3600


@access.command
async def verify() -> int:
    """Work out every chain again and hold it against its anchors on the log. Ends with 1 and names the entries if one is not as it was."""
    async with intake_of(find_stack()) as intake:
        found = await intake.call("GET", "/operator/access/verify")
    output.document(found)
    for fault in found["faults"]:
        which = f"{fault['number']}" if fault["number"] == fault["last"] else f"{fault['number']}-{fault['last']}"
        output.say(f"kommune {fault['municipality']}: nr. {which} {_SAID[fault['kind']]}")
    return REFUSED if found["faults"] else OK


_SAID = {
    "changed": "er ændret / was changed",
    "missing": "mangler / is missing",
    "not_anchored": "er ikke den, der blev forankret / is not the one that was anchored",
}


@access.command
async def export(municipality: str) -> int:
    """Write a municipality's entries for supervision, a line of JSON each; the citizen stands in them by a keyed digest.

    Parameters
    ----------
    municipality
        Four digits.
    """
    url = f"{find_stack().url('intake')}/operator/access/export/{municipality}"
    async with client() as made:
        try:
            answer = await made.get(url, timeout=_PATIENCE_SECONDS)
        except httpx2.HTTPError as error:
            raise AwayError(f"{url} did not answer ({type(error).__name__})") from error
    raise_for(answer)
    sys.stdout.write(answer.text)
    return OK
