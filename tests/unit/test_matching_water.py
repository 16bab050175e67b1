"""The way over water: which zone a point lies in, what is added, and that a mistake in the table is told."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.geography import to_cell, to_metres
from services.matching.domain.explaining import explain
from services.matching.domain.facts import shortest_way
from services.matching.domain.reference import assess
from services.matching.domain.terms import Terms
from services.matching.domain.water import Waters, waters_of
from services.matching.state import MatchingState
from shared.contracts.common import Point
from shared.contracts.drafts import GeoPoint
from shared.contracts.need import ReferencePoint
from shared.contracts.water import Water
from tests.support.matching import TODAY, Chance, first_policy, full_policy, need, vacancy

POLICY = full_policy()
TERMS = Terms(POLICY, TODAY)
WATERS = TERMS.waters

# Towns by latitude and longitude, and the zone that their people would say they live in. Both sides of each water.
TOWNS = [
    ("Kalundborg", 55.681, 11.089, "sjaelland_nordvest"),
    ("Aarhus", 56.157, 10.211, "oestjylland"),
    ("Tranebjerg", 55.834, 10.594, "samsoe"),
    ("Svendborg", 55.060, 10.607, "fyn"),
    ("Troense", 55.038, 10.648, "fyn"),
    ("Rudkøbing", 54.936, 10.710, "langeland"),
    ("Lohals", 55.133, 10.907, "langeland"),
    ("Nykøbing F", 54.769, 11.874, "lolland_falster"),
    ("Nakskov", 54.830, 11.137, "lolland_falster"),
    ("Vordingborg", 55.008, 11.910, "sjaelland_oest"),
    ("Rønne", 55.101, 14.706, "bornholm"),
    ("Svaneke", 55.135, 15.142, "bornholm"),
    ("Christiansø", 55.321, 15.187, "christiansoe"),
    ("Frederikshavn", 57.441, 10.537, "nordjylland"),
    ("Vesterø", 57.297, 10.925, "laesoe"),
    ("Helsingør", 56.036, 12.613, "sjaelland_nord"),
    ("Middelfart", 55.506, 9.735, "fyn"),
    ("Strib", 55.541, 9.769, "fyn"),
    ("Fredericia", 55.566, 9.753, "sydjylland"),
    ("Kolding", 55.491, 9.472, "sydjylland"),
    ("Assens", 55.270, 9.899, "fyn"),
    ("Haderslev", 55.254, 9.490, "soenderjylland"),
    ("Sønderborg", 54.909, 9.792, "soenderjylland"),
    ("Marstal", 54.856, 10.516, "aeroe"),
    ("Nyborg", 55.312, 10.790, "fyn"),
    ("Korsør", 55.330, 11.140, "sjaelland_sydvest"),
    ("Ebeltoft", 56.195, 10.682, "oestjylland"),
    ("Odder", 55.973, 10.153, "oestjylland"),
    ("Grenaa", 56.416, 10.878, "oestjylland"),
    ("Havnebyen, Odden", 55.971, 11.370, "sjaelland_nordvest"),
    ("Nykøbing Sj.", 55.925, 11.672, "sjaelland_nordvest"),
    ("Hundested", 55.963, 11.857, "sjaelland_nord"),
    ("Hov", 55.911, 10.255, "oestjylland"),
    ("Horsens", 55.861, 9.850, "sydjylland"),
    ("Bogense", 55.567, 10.088, "fyn"),
    ("Kerteminde", 55.450, 10.657, "fyn"),
    ("Nordby, Fanø", 55.446, 8.404, "fanoe"),
    ("Esbjerg", 55.467, 8.452, "sydjylland"),
    ("Anholt", 56.709, 11.560, "anholt"),
    ("Faaborg", 55.095, 10.242, "fyn"),
    ("Gråsten", 54.921, 9.595, "soenderjylland"),
    ("Aalborg", 57.048, 9.919, "nordjylland"),
    ("Skagen", 57.721, 10.584, "nordjylland"),
    ("København", 55.676, 12.568, "sjaelland_oest"),
    ("Dragør", 55.593, 12.671, "sjaelland_oest"),
    ("Stege", 54.985, 12.285, "sjaelland_oest"),
]
ON_A_CELL_THAT_STRADDLES_WATER = {"Strib", "Nordby, Fanø"}


def point(latitude: float, longitude: float) -> Point:
    return to_metres(GeoPoint(latitude=latitude, longitude=longitude))


def zone_of(where: Point) -> str:
    assert POLICY.water is not None
    return POLICY.water.zones[WATERS.zone_at(where.easting_m, where.northing_m)].code


AARHUS, KALUNDBORG, RANDERS = point(56.157, 10.211), point(55.681, 11.089), point(56.461, 10.036)


def lives_at(where: Point) -> ReferencePoint:
    return to_cell(ReferencePoint(easting_m=where.easting_m, northing_m=where.northing_m))


@pytest.mark.parametrize(("name", "latitude", "longitude", "expected"), TOWNS)
def test_a_town_lies_on_its_own_shore(name: str, latitude: float, longitude: float, expected: str) -> None:
    where = point(latitude, longitude)
    assert zone_of(where) == expected
    if name not in ON_A_CELL_THAT_STRADDLES_WATER:
        assert zone_of(lives_at(where)) == expected, "the centre of its 5 km cell too"


def test_every_place_that_tells_a_shore_lies_in_its_zone_and_no_two_are_one() -> None:
    assert POLICY.water is not None
    places = [(place.easting_m, place.northing_m, zone.code) for zone in POLICY.water.zones for place in zone.points]
    assert len({place[:2] for place in places}) == len(places)
    for east, north, code in places:
        assert zone_of(Point(easting_m=east, northing_m=north)) == code


def test_aarhus_to_kalundborg_is_not_near() -> None:
    from_aarhus: dict[str, Any] = {"points_of_reference": (lives_at(AARHUS),), "max_distance_km": 100}
    place = vacancy(location=KALUNDBORG)
    found = assess(need(**from_aarhus), place, TERMS)
    assert list(found.failed) == ["distance"]
    assert found.parts["travel"].points == 0
    told = explain(need(**from_aarhus), place, TERMS)["failed"][0]
    assert told["text_da"].startswith("ca. 1")
    assert "heraf 70,0 km omvej om vand (skøn; færge Aarhus-Sjællands Odde eller Storebæltsbroen)" in told["text_da"]
    assert "of which 70.0 km for the way round the water (an estimate; ferry" in told["text_en"]
    straight = assess(need(**from_aarhus), place, Terms(first_policy(), TODAY))
    assert straight.eligible, "a policy that says nothing of water counts straight lines"


def test_the_limit_that_is_proposed_lets_the_place_across_the_water_in() -> None:
    short = need(points_of_reference=(lives_at(AARHUS),), max_distance_km=100)
    change = explain(short, vacancy(location=KALUNDBORG), TERMS)["failed"][0]["change"]
    enough = int(change["text_da"].removeprefix("Sæt afstandsgrænsen op til ").removesuffix(" km"))
    assert assess(short.model_copy(update={"max_distance_km": enough}), vacancy(location=KALUNDBORG), TERMS).eligible
    assert not assess(short.model_copy(update={"max_distance_km": enough - 1}), vacancy(location=KALUNDBORG), TERMS).eligible


def test_the_point_counts_from_which_the_way_is_shortest_though_another_is_nearer_as_the_crow_flies() -> None:
    # Roskilde is 72 km from Kalundborg and on the same side of the water; Aarhus is no nearer by any road.
    roskilde = lives_at(point(55.642, 12.081))
    both = need(points_of_reference=(lives_at(AARHUS), roskilde), max_distance_km=80)
    alone = need(points_of_reference=(roskilde,), max_distance_km=80)
    place = vacancy(location=KALUNDBORG)
    assert assess(both, place, TERMS).parts["travel"] == assess(alone, place, TERMS).parts["travel"]
    assert assess(both, place, TERMS).eligible


def test_on_one_shore_nothing_is_added_and_a_straight_line_is_called_one() -> None:
    told = assess(need(points_of_reference=(lives_at(AARHUS),), max_distance_km=40), vacancy(location=RANDERS), TERMS)
    assert told.eligible
    assert told.parts["travel"].words.da.endswith("km i luftlinje.")


def test_what_is_added_is_the_same_both_ways_and_nothing_inside_a_zone() -> None:
    assert (WATERS.extra_m == WATERS.extra_m.T).all()
    assert not WATERS.extra_m.diagonal().any()
    assert WATERS.extra_m.dtype == np.int32


COORDINATES = st.tuples(st.integers(0, 1_500_000), st.integers(5_800_000, 6_600_000))


@given(st.lists(COORDINATES, min_size=1, max_size=20))
def test_many_points_have_the_zones_that_each_has_by_itself(points: list[tuple[int, int]]) -> None:
    east, north = np.array(points, dtype=np.int64).T
    assert WATERS.zones_at(east, north).tolist() == [WATERS.zone_at(*one) for one in points]


def test_without_a_table_the_whole_country_is_one_zone() -> None:
    assert (Waters(None).zone_at(575_000, 6_223_000), Waters(None).extra_m.tolist()) == (0, [[0]])
    assert waters_of(None) is waters_of(None)


def test_water_changes_the_name_of_a_policy_and_its_absence_does_not() -> None:
    assert full_policy(water=None).hash() != POLICY.hash()
    assert first_policy(water=None).hash() == first_policy().hash()
    assert POLICY.water is not None
    cheaper = POLICY.water.model_dump()
    cheaper["crossings"][0]["extra_m"] += 1
    assert full_policy(water=cheaper).hash() != POLICY.hash()


def zone(code: str, landmass: str) -> dict[str, Any]:
    place = {"name": code, "easting_m": 500_000, "northing_m": 6_200_000}
    return {"code": code, "landmass": landmass, "label_da": code, "label_en": code, "points": [place]}


def crossing(here: str, *there: str) -> dict[str, Any]:
    return {"from_zones": [here], "to_zones": there, "extra_m": 1, "text_da": "bro", "text_en": "bridge", "source": "assumption"}


@pytest.mark.parametrize(
    ("zones", "crossings", "message"),
    [
        ([zone("a", "a"), zone("a", "b")], [crossing("a")], "stands twice"),
        ([zone("a", "a"), zone("b", "b")], [crossing("a", "c")], "not there: c"),
        ([zone("a", "a"), zone("b", "b"), zone("c", "c")], [crossing("a", "b")], "No crossing is told between c - a, c - b"),
    ],
)
def test_a_table_with_a_hole_is_refused(zones: list[dict[str, Any]], crossings: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Water.model_validate({"zones": zones, "crossings": crossings})


def test_the_first_crossing_that_names_both_counts_and_a_landmass_needs_none() -> None:
    first, rest = crossing("a", "b") | {"extra_m": 5}, crossing("a") | {"extra_m": 9}
    water = Water.model_validate({"zones": [zone("a", "x"), zone("b", "y"), zone("c", "y")], "crossings": [first, rest]})
    assert Waters(water).extra_m.tolist() == [[0, 5, 9], [5, 0, 0], [9, 0, 0]]


def test_random_pairs_lie_on_both_shores_so_that_the_laws_of_the_columns_are_tried_on_water() -> None:
    chance = Chance(1)
    needs = [chance.need(f"need-{n}") for n in range(60)]
    places = [chance.vacancy(f"vacancy-{n}") for n in range(60)]
    ways = [way for one in needs for place in places if (way := shortest_way(one, place, TERMS))]
    across = sum(way.crossing is not None for way in ways)
    assert len(ways) // 5 < across < len(ways) * 4 // 5
    assert len({way.extra_m for way in ways}) > 10


def test_a_policy_with_water_after_one_without_counts_every_way_anew() -> None:
    chance = Chance(2)
    needs = [chance.need(f"need-{n:02}") for n in range(40)]
    places = {f"vacancy-{n:03}": chance.vacancy(f"vacancy-{n:03}") for n in range(150)}
    without = Terms(full_policy(water=None, threshold=0, version="2026-11-25.0"), TODAY)
    state = MatchingState(without)
    state.put_needs(needs, live=True)
    state.change_vacancies(places)
    told: dict[str, list[list[tuple[int, str]]]] = {}
    for terms in (without, Terms(full_policy(threshold=0), TODAY)):
        if terms is not without:
            state.make_live(state.change_terms(terms))
        for one in needs:
            found = [(assess(one, place, terms), vacancy_id) for vacancy_id, place in places.items()]
            ranked = sorted((-answer.score, vacancy_id) for answer, vacancy_id in found if answer.eligible)
            listed = [(-place.score, place.vacancy_id) for place in state.places(one.need_id)]
            assert listed == ranked[: terms.policy.best_k]
            told.setdefault(one.need_id, []).append(listed)
    assert sum(before != after for before, after in told.values()) > 5
