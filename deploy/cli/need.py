"""`ledigplads need`: register needs over intake's HTTP."""

from __future__ import annotations

import orjson

from deploy.cli import output
from deploy.cli.calling import CASEWORKER, intake_of, sentences
from deploy.cli.entries import read_entries
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import RefusedError


async def need(file: str) -> int:
    """Registrér behov. Register what citizens need, over intake's HTTP, as a caseworker's system does.

    What intake answers is a line of JSON for each: need_id, version, status, outcome. What it refuses is told on stderr with every
    reason, and the command ends with 1. Try it with the sample:

        ledigplads need docs/examples/nyt-behov.yaml

    A need states at least handlekommune, one section, birth_year and primary_target_group (an FFB code). The same source_reference
    again is a change of the same need.

    Parameters
    ----------
    file
        JSON, JSON lines or YAML with one need or many; - is stdin.
    """
    needs = read_entries(file)
    code = OK
    async with intake_of(find_stack(), CASEWORKER) as intake:
        for number, draft in enumerate(needs, start=1):
            try:
                output.line(await intake.call("POST", "/needs", orjson.dumps(draft)))
            except RefusedError as error:
                code = REFUSED
                for sentence in [f"Afvist / refused: need {number}", *sentences(error)]:
                    output.say(sentence)
    return code
