"""`ledigplads search`: offers and open vacancies by words, as anybody can search them, with the points of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from cyclopts import Parameter

from deploy.cli import output
from deploy.cli.calling import client
from deploy.cli.exits import OK, REFUSED
from deploy.cli.stack_state import find_stack
from deploy.simulate.ways_in import Service

if TYPE_CHECKING:
    from collections.abc import Mapping


async def search(
    *words: str,
    option: Annotated[list[str] | None, Parameter(alias="-o", negative="")] = None,
    limit: int = 20,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Søg tilbud og ledige pladser. Search offers and vacancies by Danish words: `ledigplads search værested i Odense`.

    Ends with 0 when something was found, with 1 when nothing was.

    Parameters
    ----------
    words
        Words, as in the search field: mistakes, compounds, sections, kommuner and ages are understood.
    option
        name=value, a parameter of GET /search; give it once for each: -o section=SEL-107 -o with_vacancy=true.
    limit
        How many to show, 100 at most.
    json
        The answer of GET /search as it is.
    """
    chosen = [(name, value) for name, _, value in (one.partition("=") for one in option or ())]
    address = urlencode([("q", " ".join(words)), ("limit", str(limit)), *chosen])
    async with client() as http:
        answer = await Service(http, find_stack().url("intake")).call("GET", f"/search?{address}")
    if json:
        output.document(answer)
    else:
        _show(answer)
    return OK if answer["total"] else REFUSED


def _show(answer: Mapping[str, Any]) -> None:
    for note in answer["interpreted"]:
        output.text(f"{note['words']}: {note['text']}" if note["words"] else note["text"])
    if not answer["hits"]:
        output.text("Intet fundet. / Nothing found.")
        return
    table = output.table(">Point", "Tilbud / Offer", "Sted / Place", "Ledigt / Free", "Paragraf, type / Section, kind", "Id")
    for hit in answer["hits"]:
        place = hit["kommune"]["label"] if hit["kommune"] else hit["landsdel"] or ""
        if hit["distance_m"] is not None:
            place += f", {hit['distance_m'] / 1000:.0f} km"
        labels = dict.fromkeys(code["label"] for code in (*hit["sections"], *hit["kinds"]))
        name = f"{hit['name']}: {hit['title']}" if hit["title"] else hit["name"]
        table.add_row(
            str(hit["points"]), name, place, hit["availability"]["text"], ", ".join(labels), hit["vacancy_id"] or hit["offer_id"]
        )
    output.show(table)
    output.text(f"{len(answer['hits'])} af {answer['total']} / {len(answer['hits'])} of {answer['total']}")
