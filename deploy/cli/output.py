"""Data on stdout, a line of JSON each or a table; talk on stderr."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table


def line(document: Any) -> None:  # noqa: ANN401 - whatever orjson can write
    """Write one line of JSON, and let it be read at once."""
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()


def document(content: Any) -> None:  # noqa: ANN401 - whatever orjson can write
    """Write one JSON document that a person can read too."""
    sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def text(content: str) -> None:
    """Write one line for a person."""
    sys.stdout.write(content + "\n")
    sys.stdout.flush()


def say(content: str) -> None:
    """Tell the one who typed something that is not the data."""
    sys.stderr.write(content + "\n")
    sys.stderr.flush()


def table(*columns: str, title: str | None = None) -> Table:
    """Begin a table; a column whose name begins with > stands to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left")
    return made


def show(made: Table) -> None:
    """Write a table to stdout; into a file or a pipe without colour and as wide as it needs."""
    console = Console(highlight=False)
    Console(highlight=False, width=None if console.is_terminal else 200).print(made)
