"""`ledigplads citizen`: what is held about one citizen, to be handed over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from deploy.cli import output
from deploy.cli.calling import intake_of
from deploy.cli.exits import OK
from deploy.cli.stack_state import find_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEMO_CASEWORKER = "sb-0751-1"
"""Operators see no citizen's data: somebody of the municipality has to ask."""

citizen = App(name="citizen", help="Borgere: indsigt i alt, hvad der findes om én. Citizens: everything that is held about one.")


@citizen.command
async def export(citizen_id: str, *, readable: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Write everything that is held about a citizen: for the citizen's right of access (GDPR article 15).

    It is one JSON document; the look is in the access log like any other.

    Parameters
    ----------
    citizen_id
        Pseudonym of the citizen, as intake gave it.
    readable
        As text for a person instead.
    """
    async with intake_of(find_stack(), demo=_DEMO_CASEWORKER) as intake:
        found = await intake.call("GET", f"/citizens/{citizen_id}/export")
    if readable:
        sys.stdout.writelines(f"{line}\n" for line in lines_of(found))
    else:
        output.document(found)
    return OK


def lines_of(export: dict[str, Any]) -> Iterator[str]:
    """Write an export as indented lines, each part under the words that say what it is."""
    said: dict[str, dict[str, str]] = export["says"]
    for part, words in said.items():
        yield f"== {words['da']}"
        yield f"   {words['en']}"
        yield from _lines(export.get(part), 1)
        yield ""


def _lines(value: object, depth: int, name: str = "") -> Iterator[str]:
    indent, label = "  " * depth, f"{name}: " if name else ""
    if isinstance(value, dict):
        if name:
            yield f"{indent}{name}:"
        for inner_name, inner in value.items():
            yield from _lines(inner, depth + bool(name), inner_name)
    elif isinstance(value, list):
        if name:
            yield f"{indent}{name}:"
        for number, inner in enumerate(value, start=1):
            yield from _lines(inner, depth + bool(name), f"{number}")
    elif value not in (None, ""):
        yield f"{indent}{label}{value}"
