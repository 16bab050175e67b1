"""`ledigplads partner`: who may submit over Kafka, and for which offers."""

from pathlib import Path

import orjson
from cyclopts import App

from deploy.cli import output, partner_client, partner_login
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import RefusedError
from shared.contracts.submission import SubmissionKind
from shared.messaging.security import security_of

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
    credentials: Path | None = None,
) -> int:
    """Make a partner's topics and its login, and declare what is its own. The same name again replaces what was declared.

    The partner is heard within 10 seconds: it writes to submissions-NAME and reads receipts-NAME, deliveries-NAME and the public
    topics, and nothing else. Its password is shown this once: nobody can read it again.

        ledigplads partner add havblik --offer havblik-1 --offer havblik-2 --kind vacancy
        ledigplads partner add aarhus-sag --kind need --municipality 0751 --credentials aarhus-sag.env

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
    credentials
        Write the login to this file, for nobody else to read, instead of showing it.
    """
    declared = {"partner": name, "offers": offer or [], "kinds": kind or ["vacancy"], "municipalities": municipality or []}
    stack = find_stack()
    async with intake_of(stack) as intake:
        made = await intake.call("POST", "/operator/partners", orjson.dumps(declared))
    login, client = await partner_login.admit(stack, name), partner_client.admit(name)
    output.line({**made, **_shown(login, credentials), **_client_shown(client, credentials)})
    return OK


@partner.command
async def login(name: str, *, credentials: Path | None = None) -> int:
    """Give a partner a new password; the one before opens nothing from then on. It is shown this once.

        ledigplads partner login havblik --credentials havblik.env

    Parameters
    ----------
    name
        As it was added.
    credentials
        Write the login to this file, for nobody else to read, instead of showing it.
    """
    stack = find_stack()
    async with intake_of(stack) as intake:
        known = [one["partner"] for one in (await intake.call("GET", "/operator/partners"))["partners"]]
    if name not in known:
        output.say(f"There is no partner {name}.")
        return REFUSED
    login, client = await partner_login.admit(stack, name, renew=True), partner_client.admit(name, renew=True)
    output.line({"partner": name, **_shown(login, credentials), **_client_shown(client, credentials)})
    return OK


def _shown(login: partner_login.Login | None, file: Path | None) -> dict[str, str]:
    """What the partner's system has to be told, unless it is in the file."""
    if login is None:
        return {}
    if login.brokers is None:
        output.say(
            f"{login.user} har allerede et kodeord; nyt: ledigplads partner login. It has a password already; a new one: ledigplads partner login."
        )
    elif file is not None:
        login.write(file)
        output.say(f"Login: {file}")
    else:
        output.say("Kodeordet vises kun nu. The password is shown only now.")
        return {"username": login.user, "password": security_of(login.brokers).password or ""}
    return {"username": login.user}


def _client_shown(client: partner_client.ClientLogin | None, file: Path | None) -> dict[str, str]:
    """The same for our HTTP APIs, where the stack's own provider gives the tokens."""
    if client is None:
        return {}
    if file is None:
        return client.shown()
    client.write(file)
    return {"client_id": client.client}


@partner.command
async def remove(name: str) -> int:
    """Delete a partner's login, and its topics with all that is in them. What it published stays.

    Parameters
    ----------
    name
        As it was added.
    """
    stack = find_stack()
    async with intake_of(stack) as intake:
        await partner_login.dismiss(stack, name)
        partner_client.dismiss(name)
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
