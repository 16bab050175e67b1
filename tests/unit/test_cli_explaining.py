"""What `ledigplads explain` writes for a person: sentences in both languages, never a data structure of the program's."""

import pytest

from deploy.cli import near_misses
from deploy.cli.explain import show
from services.matching.domain.explaining import explain
from services.matching.domain.terms import Terms
from tests.support.market_of_places import MarketOfPlaces
from tests.support.matching import TODAY, full_policy, need, vacancy


def test_what_is_unknown_is_told_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    answer = explain(need(), vacancy(places_free=None), Terms(full_policy(), TODAY))
    assert "capacity" in answer["unknown"]

    show(answer)

    told = capsys.readouterr().out
    assert "  Antallet af ledige pladser er ikke oplyst: spørg stedet. [capacity]\n" in told
    assert "  The number of free places is not stated: ask the place.\n" in told
    assert "{" not in told
    assert "text_da" not in told


def test_near_misses_are_a_table_danish_first_with_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    far = {"easting_m": 575_000, "northing_m": 6_196_000}  # 27 km
    market = MarketOfPlaces(
        [
            vacancy("vacancy-1", registered=True, location=far),
            vacancy("vacancy-2", registered=True, location=far),
            vacancy("vacancy-3", registered=None, places_free=0),
            vacancy("vacancy-4", registered=None),
            vacancy("vacancy-5", sections=("SEL-107",)),
            vacancy("vacancy-6", open_door=True),
        ],
        Terms(full_policy(), TODAY),
    )

    near_misses.show(market.near_misses(need(max_distance_km=20)))

    told = capsys.readouterr().out
    lines = [line.rstrip() for line in told.splitlines()]
    assert lines[:2] == [
        "1 foreslås; 2 falder kun på afstand, 1 på ledige pladser; 1 passer, så vidt det vides: spørg dem om det ukendte.",
        "1 is proposed; 2 fail only on distance, 1 on free places; 1 fits as far as is known: ask them about what is unknown.",
    ]
    [distance] = [line for line in lines if line.split()[:2] == ["2", "afstand"]]
    assert "27,0 km i luftlinje; grænsen er 20 km. → Sæt afstandsgrænsen op til 27 km" in distance
    assert "Værkstedet, " in distance
    assert any("Raise the distance limit to 27 km" in line and "vacancy-1" in line for line in lines)
    assert "     1  Det er ikke oplyst, om tilbuddet er registreret i Tilbudsportalen. [registered]" in lines
    assert "Af 6 åbne pladser: 1 efter andre paragraffer, 1 foreslås aldrig, 0 falder på flere regler." in lines
    assert "{" not in told
    assert "text_da" not in told
