"""`ledigplads login` and `logout`: as whom the command line calls."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.exits import OK
from deploy.cli.signing_in import Logins, log_in


async def login(*, as_: Annotated[str | None, Parameter(name="--as")] = None, browser: bool = True) -> int:
    """Log ind, så kommandoerne kalder som dig. Log in, so that commands call as you.

    Opens the browser at the OpenID provider; the answer comes back to this machine, and the token is kept where only you can read
    it, until it expires. Without a login, commands call as a demo login in the embedded stack, and say so.

        ledigplads login
        ledigplads login --as sb-0751-1

    Parameters
    ----------
    as_
        In the embedded stack: a demo person by id, without a browser.
    browser
        Open the browser; with --no-browser the address is only shown.
    """
    logins = Logins()
    made = await log_in(logins, as_, browser=browser)
    logins.keep(made)
    output.say(f"Logget ind som · Logged in as {made.words}")
    return OK


async def logout() -> int:
    """Log ud: glem loginet på denne maskine. Log out: forget the login on this machine."""
    output.say("Logget ud. Logged out." if Logins().forget() else "Ingen var logget ind. Nobody was logged in.")
    return OK


async def whoami() -> int:
    """Vis, hvem kommandoerne kalder som. Show as whom commands call."""
    kept = Logins().kept()
    output.text("Ingen er logget ind · nobody is logged in" if kept is None else kept.words)
    return OK
