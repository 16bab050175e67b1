"""`ledigplads partner`: who may submit over Kafka, and for which offers."""

import orjson
from cyclopts import App

from deploy.cli import output
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import RefusedError
from shared.contracts.submission import SubmissionKind

partner = App(
    name="partner",
    help="Partnere: hvem må indsende over Kafka, og for hvilke tilbud. Partners: who may submit over Kafka, and for which offers.",
)
_NOT_FOUND = 404


@partner.command
async def add(
    name: str,
    *,
    offer: list[str] | None = None,
    kind: list[SubmissionKind] | None = None,
    municipality: list[str] | None = None,
) -> int:
    """Make a partner's topics, and declare what is its own. The same name again replaces what was declared.

    The partner is heard within 10 seconds: it writes to submissions-NAME and reads receipts-NAME.

        ledigplads partner add havblik --offer havblik-1 --offer havblik-2 --kind vacancy
        ledigplads partner add aarhus-sag --kind need --municipality 0751

    Parameters
    ----------
    name
        Letters, digits and hyphens.
    offer
        Id of an offer that is the partner's own; give it once for each.
    kind
        What it may send: offer, vacancy or need; give it once for each. Without it: vacancy.
    municipality
        Four digits of a municipality for whose needs it may act; give it once for each. Without it: for none.
    """
    declared = {"partner": name, "offers": offer or [], "kinds": kind or ["vacancy"], "municipalities": municipality or []}
    async with intake_of(find_stack()) as intake:
        output.line(await intake.call("POST", "/operator/partners", orjson.dumps(declared)))
    return OK


@partner.command
async def remove(name: str) -> int:
    """Delete a partner's topics with all that is in them. What it published stays.

    Parameters
    ----------
    name
        As it was added.
    """
    async with intake_of(find_stack()) as intake:
        try:
            await intake.call("DELETE", f"/operator/partners/{name}")
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            output.say(f"There is no partner {name}.")
            return REFUSED
    output.say(f"{name} is no partner any more.")
    return OK


@partner.command(name="list")
async def list_() -> int:
    """Show the partners, a line of JSON each: partner, offers, kinds, municipalities."""
    async with intake_of(find_stack()) as intake:
        for one in (await intake.call("GET", "/operator/partners"))["partners"]:
            output.line(one)
    return OK
