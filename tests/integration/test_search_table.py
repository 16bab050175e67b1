"""The table of searches: what somebody types, and which offers it has to find (tests/search/soegninger.yaml)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from deploy.simulate import labels
from deploy.simulate.written import written_offers
from services.intake.domain.commands import PostVacancy, PutOffer
from tests.support.databases import cloned
from tests.support.search import SearchWorld, names, search_world

_FOLDER = Path(__file__).parents[1] / "search"


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    search: str
    fra: str
    first: str | None = None
    finder: tuple[str, ...] = ()
    ikke: tuple[str, ...] = ()
    siger: str | None = None
    filtre: tuple[tuple[str, Any], ...] = ()


def _rows() -> list[Row]:
    entries = yaml.safe_load((_FOLDER / "soegninger.yaml").read_text(encoding="utf-8"))
    return [
        Row(
            search=entry.pop("søg"),
            fra=entry.pop("fra"),
            first=entry.pop("først", None),
            finder=tuple(entry.pop("finder", ())),
            ikke=tuple(entry.pop("ikke", ())),
            siger=entry.pop("siger", None),
            filtre=tuple(entry.pop("filtre", {}).items()),
            **entry,
        )
        for entry in entries
    ]


async def _announce(world: SearchWorld) -> None:
    day = datetime.now(UTC).date()
    for offer in written_offers(day):
        await world.change(
            PutOffer(offer.offer_id, offer.draft),
            *(PostVacancy(draft, f"http:{offer.offer_id}", world.intake.new_id(), "http") for draft in offer.vacancies),
        )
    for entry in yaml.safe_load((_FOLDER / "tilbud.yaml").read_text(encoding="utf-8")):
        await world.offer(
            entry["id"],
            name=entry["navn"],
            kinds=entry["typer"],
            sections=entry.get("paragraffer", ()),
            municipality=entry["kommune"],
            address_protected=entry.get("beskyttet", False),
            text_da=entry["tekst"],
            contact={"phone": "+45 00 00 00 00"},
        )
        free = entry.get("ledigt") or ({"title_da": "Plads"} if "lukket" in entry else None)
        if free is None:
            continue
        groups = [labels.target_group(label) for label in free.pop("target_groups", ())]
        vacancy_id = await world.vacancy(entry["id"], **{"places_free": None, "target_groups": groups} | free)
        if "lukket" in entry:
            await world.close(vacancy_id, entry["lukket"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres: Any, intake_template: str) -> AsyncIterator[SearchWorld]:
    async with cloned(postgres.dsn, intake_template) as dsn, search_world(dsn) as made:
        await _announce(made)
        await made.catch_up()
        yield made


def test_the_table_is_long_enough_and_names_only_offers_that_there_are() -> None:
    rows = _rows()
    ours = {entry["id"] for entry in yaml.safe_load((_FOLDER / "tilbud.yaml").read_text(encoding="utf-8"))}
    known = ours | {offer.offer_id for offer in written_offers(datetime.now(UTC).date())}
    named = {name for row in rows for name in (*row.finder, *row.ikke, *filter(None, [row.first]))}
    assert len(rows) >= 40
    assert named <= known


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.search or "(uden ord)")
async def test_a_search_finds_what_it_should(world: SearchWorld, row: Row) -> None:
    page = await world.search(row.search, **dict(row.filtre), limit=100)
    found = names(page["hits"])
    assert page["total"] == len(page["hits"])
    if row.first is not None:
        assert found[:1] == [row.first], found[:8]
    assert set(row.finder) <= set(found), found
    assert not set(row.ikke) & set(found), found
    if row.siger is not None:
        assert any(row.siger in note["text"] for note in page["interpreted"]), page["interpreted"]
