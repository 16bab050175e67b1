"""`ledigplads contracts`: the documents of the contracts, made anew or checked."""

from __future__ import annotations

from pathlib import Path

from deploy.cli import output
from deploy.cli.exits import OK, REFUSED, UsageError

_MOST_NAMED = 12


def contracts(*, check: bool = False, accept_breaking: bool = False, folder: Path | None = None) -> int:
    """Lav docs/contracts af koden. Make docs/contracts from the code, and stop where a change would break somebody.

    What is committed there is what others rely on. A breaking change is told with the names of those it breaks, and nothing is written.

    Parameters
    ----------
    check
        Write nothing; end with 1 when anything is broken or not up to date.
    accept_breaking
        Write although somebody is broken: for a contract that nobody outside has yet.
    folder
        Another folder than docs/contracts.
    """
    from deploy.contracts.generating import Contracts, MissingExampleError  # noqa: PLC0415 - brings all of intake's HTTP along

    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / "pyproject.toml").is_file():
        raise UsageError("The contracts are made in a checkout of the project: this program is installed without one.")
    try:
        found = Contracts(checkout, folder)
    except MissingExampleError as error:
        raise UsageError(str(error)) from error
    breaks = found.breaks()
    for broken in breaks:
        output.say(f"BREAKING {broken}")
    for addition in found.additions():
        output.say(f"compatible: {addition}")
    if breaks and not accept_breaking:
        output.say(
            "Nothing was written. docs/contracts/README.md says what may change; what must change otherwise is a new event."
        )
        return REFUSED
    if check:
        return _checked(found.stale())
    for name in found.write():
        output.line({"written": name})
    return OK


def _checked(stale: list[str]) -> int:
    if not stale:
        output.say("docs/contracts says what the code says.")
        return OK
    named = ", ".join(stale[:_MOST_NAMED]) + (", …" if len(stale) > _MOST_NAMED else "")
    output.say(f"docs/contracts is not up to date ({named}): run `make contracts` and commit what it writes.")
    return REFUSED
