"""Places and offers in words: what is free and from when, prices, contacts that become links, and what was not stated."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from services.intake.pages.contacts import ways
from services.intake.pages.facts import facts, number, text
from services.intake.pages.places import place_page
from services.intake.pages.rendering import Pages
from services.intake.pages.wording import Said, free, price
from shared.contracts.vacancy import Contact, PriceLine, Vacancy

if TYPE_CHECKING:
    from collections.abc import Mapping

TODAY = date(2026, 11, 25)


def vacancy(**stated: Any) -> Vacancy:
    return Vacancy.model_validate(
        {
            "vacancy_id": "vac-1",
            "offer_id": "skovly",
            "offer_name": "Skovly",
            "title_da": "Plads",
            "version": 1,
            "status": "open",
            "opening": 1,
            "municipality": "0751",
            "landsdel": "Østjylland",
            "confirmed_at": "2026-11-24T08:12:00Z",
            "expires_at": "2026-12-24T08:12:00Z",
            "came_in_by": "http",
        }
        | stated
    )


def page(*others: Vacancy, more: bool = False, **stated: Any) -> str:
    return Pages().place(place_page(vacancy(**stated), others, TODAY, more=more))


@pytest.mark.parametrize(
    ("stated", "da", "en"),
    [
        ({"places_free": 1}, "1 ledig plads", "1 free place"),
        ({"places_free": 2, "available_from": "2026-11-25"}, "2 ledige pladser", "2 free places"),
        (
            {"places_free": 2, "available_from": "2026-12-01"},
            "2 ledige pladser fra 1. december 2026",
            "2 free places from 1 December 2026",
        ),
        (
            {"places_free": 0, "available_from": "2026-12-01"},
            "Ingen ledige nu, men fra 1. december 2026",
            "Nothing free now, but from 1 December 2026",
        ),
        ({"places_free": 0}, "Ingen ledige", "Nothing free"),
        ({"places_free": 2, "available_until": "2026-11-24"}, "Ingen ledige", "Nothing free"),
        ({"places_free": 2, "available_until": "2026-11-25"}, "2 ledige pladser", "2 free places"),
        ({"open_door": True}, "Åbent for alle", "Open to all"),
        ({}, "Ledige pladser", "Free places"),
    ],
)
def test_what_is_free_is_said_with_the_day_from_which_it_is(stated: Mapping[str, Any], da: str, en: str) -> None:
    assert free(vacancy(**stated), TODAY) == Said(da, en)


def test_a_price_says_per_what_and_what_it_depends_on() -> None:
    line = PriceLine(
        label_da="Fuld plads",
        level=2,
        days_a_week=1,
        amount_dkk=12_480,
        unit="month",
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
    )
    name, said = price(line)
    assert name == Said("Grundtakst: Fuld plads", "Base price")
    assert said == (
        Said("12.480 kr. pr. måned, ekskl. moms", "DKK 12,480 per month, excl. VAT"),
        Said("niveau 2", "level 2"),
        Said("1 dag om ugen", "1 day a week"),
        Said("fra 1. januar 2026", "from 1 January 2026"),
        Said("til 31. december 2026", "until 31 December 2026"),
    )
    assert price(PriceLine(kind="supplement", amount_dkk=80, unit="hour", vat_included=True)) == (
        Said("Tillæg", "Supplement"),
        (Said("80 kr. pr. time, inkl. moms", "DKK 80 per hour, incl. VAT"),),
    )


@pytest.mark.parametrize(
    ("stated", "href"),
    [
        ({"phone": "+45 86 12 34 56"}, "tel:+4586123456"),
        ({"phone": "spørg i receptionen"}, None),
        ({"email": "skovly@example.dk"}, "mailto:skovly@example.dk"),
        ({"email": "skovly@example.dk?bcc=all@example.dk"}, None),
        ({"web": "https://skovly.example.dk/plads"}, "https://skovly.example.dk/plads"),
        ({"web": "skovly.example.dk"}, None),
        ({"web": "javascript:alert(1)"}, None),
        ({"web": "http://[half"}, None),
    ],
)
def test_only_what_is_an_address_becomes_a_link(stated: dict[str, str], href: str | None) -> None:
    [way] = ways(Contact(**stated))
    assert way.href == href
    assert way.text == next(iter(stated.values()))


def test_what_was_not_stated_is_one_line_and_not_a_row_each() -> None:
    made = facts(
        "Tal", "Numbers", (number("Pladser", "Places", 0), number("Senge", "Beds", None), text("CVR-nummer", "Company", None))
    )
    assert [name.da for name, _ in made.rows] == ["Pladser"], "none is a number, too"
    assert made.unstated == Said("senge; CVR-nummer", "beds; company")


def test_a_page_says_how_to_get_in_and_for_whom_a_place_is_kept() -> None:
    shown = page(access=["visitation", "self_referral"], reserved_for_municipalities=["0751"], age_from=18)
    assert "Kommunen skal visitere" in shown
    assert "Henvend dig selv" in shown
    assert "borgere fra Aarhus" in shown
    assert "fra 18 år" in shown
    assert "Kom, som du er" in page(open_door=True)


def test_a_week_shows_only_the_columns_that_something_is_stated_in() -> None:
    hours = page(opening_hours=[{"weekday": 1, "opens": "08:30", "closes": "14:30"}])
    assert "08.30\u201314.30" in hours
    assert "formiddag" not in hours
    uncounted = {"weekday": 5, "half": "morning", "places_free": None}
    assert "formiddag" in page(day_capacity=[uncounted])
    assert "formiddag" not in page(day_capacity=[uncounted], opening_hours=[{"weekday": 5, "opens": "08:30", "closes": "14:30"}])
    halves = page(day_capacity=[uncounted, {"weekday": 5, "half": "afternoon", "places_free": 2}])
    assert "ikke talt op" in halves
    assert ">Åbent " not in halves


def test_a_page_runs_no_script_and_loads_nothing() -> None:
    shown = page(title_da="<script>alert(1)</script>", contact={"phone": "86 12 34 56"}) + Pages().missing(erased=False)
    assert "<script" not in shown
    assert "src=" not in shown
    assert "<link" not in shown.replace('<link rel="icon" href="data:,">', "")
    assert " on" not in [part[:3] for part in shown.split('"')], "no handler stands in an attribute"


def test_other_places_are_listed_with_what_is_free_there() -> None:
    other = vacancy(vacancy_id="vac-2", title_da="En anden", places_free=3, available_from="2026-12-01")
    shown = page(other, more=True)
    assert 'href="/pladser/vac-2"' in shown
    assert "3 ledige pladser fra 1. december 2026" in shown
    assert "Alle tilbuddets ledige pladser" in shown
    assert "Andre pladser" not in page()


def test_a_closed_place_says_why_and_names_no_free_places_of_its_own() -> None:
    other = vacancy(vacancy_id="vac-2", title_da="En anden", places_free=3)
    shown = page(other, status="closed", closed_reason="expired", places_free=2)
    assert "Lukket: opslaget er udløbet" in shown
    assert "2 ledige" not in shown
    assert "Pladserne" not in shown
    assert shown.index("En anden") < shown.index("Opslaget, som det lød")


def test_whom_a_place_cannot_take_is_not_called_unstated_once_it_says_of_whom_it_wants_to_be_asked() -> None:
    group = "122f3f8e-84a0-476f-b9c5-0e40b1dcf113"
    asked = page(cannot_take=[{"code": group, "strength": "ask_first"}])
    assert "Hvem stedet vil spørges om først" in asked
    assert "hvem stedet ikke kan tage imod" not in asked
    assert "hvem stedet ikke kan tage imod" in page()
