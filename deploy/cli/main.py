"""`ledigplads`: every command, and how each ends."""

from __future__ import annotations

import logging
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from aiokafka.errors import KafkaError
from cyclopts import App, CycloptsError

from deploy.cli import groups, output
from deploy.cli.calling import sentences
from deploy.cli.exits import AWAY, INTERRUPTED, OK, REFUSED, USAGE, CommandError
from deploy.simulate.ways_in import AwayError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = """\
Ledigplads: sociale tilbud melder ledige pladser, og sagsbehandleren hører om dem, der passer.

Social offers announce free places, and the caseworker hears of those that fit. Begin with `ledigplads up`.

Data goes to stdout and talk to stderr. Exit codes: 0 done, 1 the system said no, 2 the command cannot be understood, 3 nothing answers
or not in time.
"""


def _app() -> App:
    app = App(
        name="ledigplads", help=_HELP, version=lambda: version("ledigplads"), help_format="markdown", group_commands=groups.OTHER
    )
    for group, commands in _COMMANDS.items():
        for command in commands:
            app.command(f"deploy.cli.{command}", group=group)
    return app


_COMMANDS = {
    groups.RUN: (
        "running:up",
        "running:down",
        "status:status",
        "running:clean",
        "login:login",
        "login:logout",
        "login:whoami",
    ),
    groups.PLACES: (
        "post:post",
        "need:need",
        "importing:import_",
        "importing:template",
        "alerts:alerts",
        "alerts:mail",
        "explain:explain",
        "assign:assign",
        "searching:search",
    ),
    groups.OPERATE: (
        "partner:partner",
        "principals:principals",
        "dlq:dlq",
        "republish:republish",
        "restored:restored",
        "keys:keys",
        "access:access",
        "citizen:citizen",
        "erase:erase",
        "erase:erasures",
        "policy:policy",
        "contracts:contracts",
    ),
    groups.MEASURE: ("simulating:simulate", "bench:bench"),
}
"""Loaded when they are called: `ledigplads alerts` need not know how Kafka is started."""


def run(arguments: Sequence[str]) -> int:
    """Do one command; whatever goes wrong is one sentence on stderr and an exit code."""
    try:
        result = _app()(list(arguments), exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our data has had enough, as `head` has: nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (CommandError, RefusedError, AwayError, KafkaError) as error:
        for sentence in _sentences(error):
            output.say(sentence)
        return error.code if isinstance(error, CommandError) else REFUSED if isinstance(error, RefusedError) else AWAY
    return result if isinstance(result, int) else OK


def _sentences(error: Exception) -> list[str]:
    if isinstance(error, CommandError):
        return [str(error)]
    if isinstance(error, RefusedError):
        return sentences(error)
    if isinstance(error, AwayError):
        return [f"{error}: `ledigplads status` says what is up."]
    return [f"Kafka does not answer as it should ({type(error).__name__}): `ledigplads status` says what is up."]


def _log_to_stderr() -> None:
    """What libraries have to say is talk too, and only said when it matters."""
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    """Be the program."""
    _log_to_stderr()
    sys.exit(run(sys.argv[1:]))
