"""The tables of docs/guides/roles.md, made of the one table of permissions: `python -m deploy.contracts.roles` writes them anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.identity import Role
from shared.identity.guarding import ROLE_NAMES
from shared.identity.permissions import TABLE, Kind, Service, Whose
from shared.web import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.identity.permissions import Permission

PAGE: Final = Path(__file__).parents[2] / "docs" / "guides" / "roles.md"
_BEGIN: Final = "<!-- permissions: begin, made by python -m deploy.contracts.roles -->"
_END: Final = "<!-- permissions: end -->"

_WHOSE: Final = {
    Whose.ALL: Text("alle", "all"),
    Whose.OWN_OFFERS: Text("egne tilbud", "own offers"),
    Whose.OWN_MUNICIPALITY: Text("egen kommune", "own municipality"),
    Whose.OWN_TEAM: Text("eget team", "own team"),
    Whose.OWN_PERSON: Text("egen indbakke", "own inbox"),
    Whose.DECLARED: Text("det erklærede", "what is declared"),
}
_KINDS: Final = {
    Kind.API: "API",
    Kind.PAGE: "side · page",
    Kind.STREAM: "strøm · stream",
    Kind.EXPORT: "ark, eksport · sheet, export",
    Kind.ASSET: "fil · file",
    Kind.PROBE: "drift, kun indefra · probe, inside only",
}


def tables() -> str:
    """Write a table per service: a row per route, a column per role."""
    return "\n".join(line for service in Service for line in _table(service))


def page_with_tables(page: str) -> str:
    """Put the tables where the page has them.

    Raises:
        ValueError: the page has no place for them.
    """
    before, _, rest = page.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE.name} lacks the lines {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{tables()}\n{_END}{after}"


def _table(service: Service) -> Iterator[str]:
    yield f"### {service}"
    yield ""
    yield "| | | alle · everyone | " + " | ".join(f"{ROLE_NAMES[role].da} · {ROLE_NAMES[role].en}" for role in Role) + " |"
    yield "|---|---|---|" + "---|" * len(Role)
    for row in sorted((row for row in TABLE if row.service is service), key=_by_path):
        yield f"| `{row.method} {row.path}` | {_KINDS[row.kind]} | {'ja · yes' if row.is_public else ''} | {_cells(row)} |"
    yield ""


def _cells(row: Permission) -> str:
    return " | ".join(
        f"{_WHOSE[row.roles[role]].da} · {_WHOSE[row.roles[role]].en}" if role in row.roles else "" for role in Role
    )


def _by_path(row: Permission) -> tuple[bool, bool, str, str]:
    return row.kind is Kind.PROBE, "/operator/" in row.path, row.path, row.method


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
