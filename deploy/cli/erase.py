"""`ledigplads erase`: forget a citizen, or one need, and prove it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import orjson
from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import RefusedError

if TYPE_CHECKING:
    from deploy.simulate.ways_in import Answer, Intake

_PATH: Final = "/operator/erasures"
_NOT_FOUND: Final = 404
_LOOK_AGAIN_SECONDS: Final = 0.5
_WAITS_FROM: Final = ("rewritten", "done", "ended")
"""From these steps on nothing happens but that time passes."""
_SAID: Final = {
    "begun": "begyndt: borgerens oplysninger kan ikke længere ændres / begun: the record is closed to changes",
    "key_destroyed": "nøglen er destrueret: ingen kan læse de krypterede felter / the key is destroyed: nobody can read the sealed fields",
    "deleted": "rækkerne er slettet / the rows are deleted",
    "published": "gravstenene står på loggen / the tombstones are on the log",
    "rewritten": "tabellerne er skrevet om; nu venter loggen på komprimering / the tables are written anew; now the log has to compact",
    "done": "en fuld læsning finder intet indhold / a full read finds nothing that says anything",
    "purged": "heller ikke gravstenene findes mere / the tombstones are gone too",
    "ended": "intet er tilbage / nothing is left",
}


async def erase(
    which: str,
    *,
    wait: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Slet en borger eller et behov, og vis beviset. Erase a citizen with all needs, or one need, and show the proof.

    The key is destroyed and the rows are deleted within seconds; what stands on the log is compacted a day later, and the tombstones are
    gone a week after that. The job goes on by itself. The proof, one JSON document, says how far it is, what still ages out, and when.

    Parameters
    ----------
    which
        Pseudonym of the citizen or of the need; given again, it shows how far that erasure is.
    wait
        Until nothing is left at all, instead of until there is nothing to do but wait.
    """
    async with intake_of(find_stack()) as intake:
        erasure_id = await _begin(intake, which)
        said: set[str] = set()
        while True:
            proof = await intake.call("GET", f"{_PATH}/{erasure_id}")
            step = str(proof["step"])
            if step not in said:
                said.add(step)
                output.say(_SAID[step])
            if step == "ended" or (not wait and step in _WAITS_FROM):
                output.document(proof)
                return OK
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def erasures(erasure_id: str | None = None) -> int:
    """Vis sletninger, eller beviset for én. List erasures, the newest first, a line of JSON each; or the proof of one.

    Parameters
    ----------
    erasure_id
        As the proof has it.
    """
    async with intake_of(find_stack()) as intake:
        if erasure_id is not None:
            output.document(await intake.call("GET", f"{_PATH}/{erasure_id}"))
            return OK
        for one in (await intake.call("GET", _PATH))["erasures"]:
            output.line(
                {name: one[name] for name in ("erasure_id", "municipality", "why", "step", "asked_at", "done_at", "ended_at")}
            )
    return OK


async def _begin(intake: Intake, which: str) -> str:
    try:
        begun: Answer = await intake.call("POST", _PATH, orjson.dumps({"citizen_id": which}))
    except RefusedError as error:
        if error.status != _NOT_FOUND:
            raise
        begun = await intake.call("POST", _PATH, orjson.dumps({"need_id": which}))
    return str(begun["erasure_id"])
