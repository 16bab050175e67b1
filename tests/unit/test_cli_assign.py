"""`ledigplads assign` without a stack: what it refuses, and what it says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from deploy.cli import assign, assignment_text, main
from deploy.cli.exits import USAGE
from deploy.cli.log_state import LogState
from shared.contracts import reference
from shared.contracts.need import Deadline, RuledOut
from tests.support.matching import GROUPS, TODAY, full_policy, need, vacancy

if TYPE_CHECKING:
    from deploy.cli.assignment import Proposal
    from shared.contracts.need import NeedProfile
    from shared.contracts.vacancy import Vacancy

AARHUS = reference.municipalities()["0751"]


def proposal(needs: list[NeedProfile], vacancies: list[Vacancy], section: str | None = None, day: date = TODAY) -> Proposal:
    state = LogState(
        {one.need_id: one for one in needs}, {one.vacancy_id: one for one in vacancies}, full_policy(), TODAY, unreadable=0
    )
    return assign._propose(state, AARHUS, section, day)


def waiting(days: int, **changes: Any) -> dict[str, Any]:
    return {"waiting_since": TODAY - timedelta(days=days)} | changes


def not_at(*vacancy_ids: str) -> dict[str, Any]:
    return {"ruled_out": tuple(RuledOut(vacancy_id=one, reason="declined_by_citizen") for one in vacancy_ids)}


HOUSE = vacancy("house", offer_name="Huset")
FLAT = vacancy("flat", offer_name="Lejligheden", location={"easting_m": 595_000, "northing_m": 6_223_000})
NEEDS = [
    need("need-third", **waiting(5)),
    need("need-second", **waiting(200), **not_at("flat"), case="case-1"),
    need("need-first", urgency="acute", case="case-1", deadline=Deadline(date=TODAY + timedelta(days=9), source="frist")),
    need("need-nowhere", primary_target_group=GROUPS[1]),
]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Aahus"], "Aarhus (0751)"),
        (["9999"], "its name or its four digits"),
        (["Aarhus", "--section", "107"], "SEL-107"),
        (["Aarhus", "--at", "tomorrow"], "2026-11-25T08:00+01:00"),
    ],
)
def test_what_it_does_not_know_is_refused_with_what_is_nearest(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["assign", *words]) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize("given", ["0751", "751", "aarhus", "Aarhus Kommune"])
def test_a_kommune_goes_by_its_name_or_its_digits(given: str) -> None:
    assert assign._municipality(given) == AARHUS


def test_a_moment_is_its_day_in_denmark() -> None:
    assert assign._day("2026-11-25") == date(2026, 11, 25)
    assert assign._day("2026-11-25T23:30:00Z") == date(2026, 11, 26)


def test_the_document_says_who_ends_where_and_what_each_choice_costs() -> None:
    told = orjson.loads(orjson.dumps(proposal(NEEDS, [HOUSE, FLAT]).as_json()))
    assert "ingen afgørelse" in told["notice_da"]
    assert "nothing is acted upon" in told["notice_en"]
    assert (told["municipality"], told["day"], told["policy"]) == ("0751", TODAY.isoformat(), full_policy().hash())
    first, second, third, nowhere = told["needs"]
    assert [one["need_id"] for one in told["needs"]] == ["need-first", "need-second", "need-third", "need-nowhere"]
    # 50 for acute; the deadline is in 9 of 90 days: 20 * 81 // 90 = 18.
    assert first["priority"] == {
        "points": 68,
        "parts": {"urgency": 50, "waiting": 0, "deadline": 18},
        "waiting_days": None,
        "days_left": 9,
    }
    # 20 km away the way costs points of the travel part; by turns the first has the house and the second nothing.
    assert first["by_turns"] == first["best"] | {"lost": 0}
    assert first["recommended"]["vacancy_id"] == "flat"
    assert first["recommended"]["lost"] == first["best"]["points"] - first["recommended"]["points"] > 0
    assert (second["recommended"]["vacancy_id"], second["by_turns"]["vacancy_id"]) == ("house", None)
    assert (third["nothing_because"], third["outcompeted_by"]) == (
        "outcompeted",
        [{"need_id": "need-first", "vacancy_id": "flat"}, {"need_id": "need-second", "vacancy_id": "house"}],
    )
    assert (nowhere["best"], nowhere["nothing_because"]) == (None, "no_place_fits")
    assert told["total"]["recommended"]["placed"] == told["total"]["by_turns"]["placed"] == 2
    house = next(place for place in told["places"] if place["vacancy_id"] == "house")
    assert (house["offer_name"], house["counted_as"], house["candidates"], house["scarce"]) == ("Huset", 1, 3, True)
    assert {loss["need_id"] for loss in house["recommended"]["wanted_by"]} == {"need-first", "need-third"}


def test_the_text_says_first_and_in_danish_that_a_person_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assignment_text.show(proposal(NEEDS, [HOUSE, FLAT]))
    out = capsys.readouterr().out
    assert out.startswith("Et forslag, ingen afgørelse: et menneske beslutter")
    for said in (
        "Aarhus (0751)",
        "4 behov; 2 pladser passer til nogen, 2 er knappe.",
        "Anbefalet: 2 får en plads",
        "Huset",
        "De pladser, der passer, har de foran i køen: 1 (P1), 2 (P2).",
        "Ingen plads opfylder reglerne og har mindst 30 point.",
        "1, 2 er én borgers",
        "50 + ? + 18",
    ):
        assert said in out, out
    assert "frist" not in out.replace("haster + ventet + frist", "")


def test_a_section_keeps_to_places_under_it() -> None:
    other = vacancy("other", sections=("SEL-107",))
    assert [place.vacancy_id for place in proposal(NEEDS, [HOUSE, other], "SEL-104").costs.places] == ["house"]


def test_on_a_later_day_who_waits_has_moved_up() -> None:
    needs = [need("need-new", urgency="soon"), need("need-old", waiting_since=TODAY)]
    later = TODAY + timedelta(days=365)
    orders = [[one.need_id for one in proposal(needs, [], day=day).costs.needs] for day in (TODAY, later)]
    assert orders == [["need-new", "need-old"], ["need-old", "need-new"]]


def test_a_kommune_without_needs_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assignment_text.show(proposal([], [HOUSE]))
    assert "0 behov; 0 pladser passer til nogen" in capsys.readouterr().out
