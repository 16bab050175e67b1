"""How a command ends: the exit codes that a script can use, and the errors that carry them."""

from __future__ import annotations

OK = 0
"""It was done."""
REFUSED = 1
"""The system was asked and said no: a submission was rejected, a goal was not met, there is no such thing."""
USAGE = 2
"""The command cannot be understood: an option, a file that is not there or not of its form."""
AWAY = 3
"""Nothing answers, or not in time."""
INTERRUPTED = 130
"""Ctrl-C."""


class CommandError(Exception):
    """The command ends here; the message is one sentence for the one who typed it."""

    code = REFUSED


class UsageError(CommandError):
    """What was typed, or the file that it names, cannot be used."""

    code = USAGE


class NotReachableError(CommandError):
    """Nothing is up, or it does not answer, or not in time."""

    code = AWAY
