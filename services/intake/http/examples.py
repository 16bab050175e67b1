"""Examples that work as they stand, for the OpenAPI document; a test sends each of them."""

from __future__ import annotations

from typing import Any, Final

OFFER: Final[dict[str, Any]] = {
    "name": "Skovly",
    "municipality": "0751",
    "kinds": ["SEL-103"],
    "sections": ["SEL-103"],
    "point": {"latitude": 56.15, "longitude": 10.2},
    "address": "Skovvej 1, 8000 Aarhus C",
    "contact": {"phone": "86 12 34 56", "email": "skovly@example.dk"},
}
VACANCY: Final[dict[str, Any]] = {
    "offer_id": "skovly",
    "reference": "vaerksted-1",
    "title_da": "To pladser i værkstedet",
    "sections": ["SEL-103"],
    "places_free": 2,
    "places_total": 20,
    "work_tasks": ["packing", "assembly"],
}
PATCH: Final[dict[str, Any]] = {"places_free": 1, "places_held": 1}
CLEARING: Final[dict[str, Any]] = {"text_da": None}
NEED: Final[dict[str, Any]] = {
    "source_reference": "sag-42",
    "handlekommune": "0751",
    "caseworker": "sb-1207",
    "sections": [{"section": "SEL-103", "basis": "decided"}],
    "primary_target_group": "122f3f8e-84a0-476f-b9c5-0e40b1dcf113",
    "birth_year": 1990,
    "points_of_reference": [{"easting_m": 574549, "northing_m": 6223423}],
    "max_distance_km": 25,
}
SMALLEST_NEED: Final[dict[str, Any]] = {
    "handlekommune": "0751",
    "sections": [{"section": "SEL-107"}],
    "primary_target_group": "122f3f8e-84a0-476f-b9c5-0e40b1dcf113",
    "birth_year": 1990,
}
RULED_OUT: Final[dict[str, Any]] = {"vacancy_id": "some-vacancy", "reason": "declined_by_citizen", "until": "2027-06-30"}
CITIZEN: Final[dict[str, Any]] = {
    "cpr": "010190-9999",
    "name": "Opdigtet Borger",
    "address": "Eksempelvej 1, 8000 Aarhus C",
    "note": "Ringes helst op om formiddagen.",
}
