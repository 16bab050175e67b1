"""Where a place lies and what of it is told; what of an offer and a vacancy is published when the address is protected."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import offers, sites, vacancies
from services.intake.domain.adopting import adopt_vacancy
from services.intake.domain.freshness import Freshness, Moment, Validity
from services.intake.domain.geography import to_metres
from services.intake.domain.outcomes import Accepted, Outcome, Rejected
from services.intake.domain.states import OfferState, VacancyState
from services.intake.domain.vacancies import Sent
from services.intake.reading import merger
from shared.contracts.drafts import GeoPoint, OfferDraft, VacancyDraft
from shared.contracts.offer import Offer, OfferTerms
from shared.contracts.vacancy import Vacancy, VacancyTerms

_State = TypeVar("_State")

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MOMENT = Moment(NOW, Freshness(Validity(timedelta(days=30), timedelta(days=5)), timedelta(hours=24), timedelta(days=30)))
SENT = Sent("http:skovly", None, "http")
GROUP = "0d66b364-958e-48cf-a18b-744fab284194"
THEME = "01770afa-cd17-41fe-a966-b8895e4d55d8"
POINT = {"latitude": 56.15, "longitude": 10.2}
SECRET_STREET, SECRET_TOWN = "Vestergade", "Aarhus"

OFFER: dict[str, Any] = {
    "name": "Kvindehuset Birk",
    "cvr": "00000001",
    "p_number": "0000000002",
    "register_id": "T-1",
    "register_department_ids": ["T-1-1"],
    "registered": True,
    "ownership": "self_governing",
    "kinds": ["SEL-109"],
    "sections": ["SEL-109"],
    "municipality": "0751",
    "address": "Vestergade 12, 8000 Aarhus C",
    "point": POINT,
    "approved": True,
    "approval_authority": "midt",
    "approved_places": 12,
    "contact": {"phone": "86 12 34 56", "email": "post@vestergade12.example", "web": "https://vestergade12.example"},
    "text_da": "Vi bor på Vestergade 12 i Aarhus.",
}
VACANCY: dict[str, Any] = {
    "offer_id": "birk",
    "title_da": "Plads på krisecenter",
    "text_da": "Ring på hos Vestergade 12.",
    "sections": ["SEL-109"],
    "places_free": 1,
    "places_total": 9,
    "places_sheltered": 1,
    "reserved_for_municipalities": ["0751"],
    "target_groups": [GROUP],
    "age_from": 18,
    "gender_rule": "women",
    "staffed_levels": {THEME: 2},
    "cannot_take": [{"code": "1097d07f-1dba-4cc2-ae3a-399a501c2eb6", "strength": "ask_first"}],
    "night_staff": "awake",
    "room_for_children": True,
    "accessibility": {"step_free": True},
    "languages": ["da", "ar"],
    "opening_hours": [{"weekday": 1, "opens": "08:00", "closes": "16:00"}],
    "price_lines": [{"label_da": "Ophold i Vestergade", "amount_dkk": 1900, "unit": "calendar_day"}],
    "contact": {"phone": "86 12 34 56", "email": "post@vestergade12.example"},
}


def taken(outcome: Outcome, kind: type[_State]) -> _State:
    assert isinstance(outcome, Accepted), outcome
    assert isinstance(outcome.state, kind)
    return outcome.state


def offer(**changed: Any) -> OfferState:
    return taken(offers.register("birk", OfferDraft.model_validate(OFFER | changed), None), OfferState)


def announced(of: OfferState, **changed: Any) -> Outcome:
    return vacancies.announce("v-1", VacancyDraft.model_validate(VACANCY | changed), of, SENT, MOMENT)


def vacancy(of: OfferState, **changed: Any) -> VacancyState:
    return taken(announced(of, **changed), VacancyState)


def refused(outcome: Outcome) -> list[tuple[str | None, str]]:
    assert isinstance(outcome, Rejected)
    return [(reason.field, reason.code) for reason in outcome.reasons]


WORKSHOP: dict[str, Any] = {"name": "Værkstedet Birk", "kinds": ["SEL-103"], "sections": ["SEL-103"]}
DEPARTMENT: dict[str, Any] = {
    "municipality": "0657",
    "address": "Engvej 4, 7400 Herning",
    "point": {"latitude": 56.13, "longitude": 8.97},
}


def test_a_place_lies_where_its_offer_does_unless_it_says_itself() -> None:
    here = vacancy(offer(**WORKSHOP), sections=["SEL-103"]).vacancy
    assert (here.municipality, here.landsdel, here.address) == ("0751", "Østjylland", OFFER["address"])
    assert here.location == to_metres(GeoPoint(**POINT))

    there = vacancy(offer(**WORKSHOP), sections=["SEL-103"], **DEPARTMENT).vacancy
    assert (there.municipality, there.landsdel, there.address) == ("0657", "Vestjylland", DEPARTMENT["address"])
    assert there.location == to_metres(GeoPoint(**DEPARTMENT["point"]))


def test_nothing_of_the_offers_address_is_mixed_into_a_site_of_its_own() -> None:
    only_address = vacancy(offer(**WORKSHOP), sections=["SEL-103"], address="Engvej 4").vacancy
    assert (only_address.municipality, only_address.address, only_address.location) == ("0751", "Engvej 4", None)
    only_kommune = vacancy(offer(**WORKSHOP), sections=["SEL-103"], municipality="0740").vacancy
    assert (only_kommune.municipality, only_kommune.address, only_kommune.location) == ("0740", None, None)


def test_a_place_follows_its_offer_to_another_address_but_not_from_a_site_of_its_own() -> None:
    moved = offer(**WORKSHOP, address="Nygade 9", municipality="0461")
    follows = vacancies.follow_offer(vacancy(offer(**WORKSHOP), sections=["SEL-103"]), moved)
    assert taken(follows, VacancyState).vacancy.address == "Nygade 9"

    own = vacancies.follow_offer(vacancy(offer(**WORKSHOP), sections=["SEL-103"], **DEPARTMENT), moved)
    assert not isinstance(own, Accepted) or taken(own, VacancyState).vacancy.address == DEPARTMENT["address"]


def test_a_place_without_a_contact_is_rung_as_its_offer_is_and_follows_it() -> None:
    before = vacancy(offer(**WORKSHOP), sections=["SEL-103"], contact=None)
    assert before.vacancy.contact is not None
    assert before.vacancy.contact.model_dump() == OFFER["contact"]
    assert before.terms.contact is None

    after = vacancies.follow_offer(before, offer(**WORKSHOP, contact={"phone": "70 10 20 30"}))
    contact = taken(after, VacancyState).vacancy.contact
    assert contact is not None
    assert contact.model_dump(exclude_none=True) == {"phone": "70 10 20 30"}
    emptied = vacancy(offer(**WORKSHOP), sections=["SEL-103"], contact={}).vacancy.contact
    assert emptied is not None
    assert emptied.phone == OFFER["contact"]["phone"]


def test_of_the_offers_contact_a_protected_place_gives_the_phone_and_only_if_it_leads_nowhere() -> None:
    contact = vacancy(offer(), contact=None).vacancy.contact
    assert contact is not None
    assert contact.model_dump(exclude_none=True) == {"phone": "86 12 34 56"}
    leads = offer(**WORKSHOP, contact={"phone": "Engvej 4"})
    assert vacancy(leads, sections=["SEL-103"], contact=None, address_protected=True, **DEPARTMENT).vacancy.contact is None


def test_a_contact_taken_back_from_the_log_is_the_offers_where_it_says_as_the_offer() -> None:
    of = offer(**WORKSHOP)
    published = vacancy(of, sections=["SEL-103"], contact=None).vacancy
    assert adopt_vacancy(published, None, of, ("birk", None), None).terms.contact is None


def test_a_partial_change_keeps_the_site_and_another_point_replaces_it() -> None:
    before = vacancy(offer(**WORKSHOP), sections=["SEL-103"], **DEPARTMENT)
    kept = merger({"places_free": 0})("birk", before.terms)
    assert isinstance(kept, VacancyDraft)
    assert sites.stated(kept).location == before.terms.location
    moved = merger({"point": POINT})("birk", before.terms)
    assert isinstance(moved, VacancyDraft)
    assert sites.stated(moved).location == to_metres(GeoPoint(**POINT))


def test_protection_is_the_default_for_a_crisis_centre_and_a_place_may_only_add_to_it() -> None:
    assert vacancy(offer()).vacancy.address_protected
    assert vacancy(offer(), address_protected=False).vacancy.address_protected
    open_centre = offer(address_protected=False, name="Åbent hus", text_da=None)
    assert not vacancy(open_centre).vacancy.address_protected
    assert vacancy(open_centre, address_protected=True, text_da=None, **DEPARTMENT).vacancy.address_protected


def test_a_protected_place_does_not_lie_where_its_offer_publicly_does() -> None:
    workshop = offer(**WORKSHOP)
    assert refused(announced(workshop, sections=["SEL-103"], address_protected=True)) == [
        ("address_protected", "protected_without_site")
    ]
    assert refused(announced(workshop)) == [("sections", "protected_without_site")]  # § 109 is protected by default
    assert vacancy(workshop, **DEPARTMENT).vacancy.address_protected
    assert vacancy(offer(**WORKSHOP, address_protected=True)).vacancy.address_protected
    before = vacancy(workshop, sections=["SEL-103"])
    draft = VacancyDraft.model_validate(VACANCY)
    assert refused(vacancies.restate(before, draft, workshop, SENT, MOMENT)) == [("sections", "protected_without_site")]


def test_a_protected_place_stays_withheld_when_its_offer_becomes_public() -> None:
    before = vacancy(offer(**WORKSHOP, address_protected=True), sections=["SEL-103"], address_protected=True)
    after = vacancies.follow_offer(before, offer(**WORKSHOP))
    published = taken(after, VacancyState).vacancy if isinstance(after, Accepted) else before.vacancy
    assert published.address_protected
    assert (published.municipality, published.location, published.address) == ("", None, None)


ALL_WITHHELD_OF_A_VACANCY = {"text_da", "reserved_for_municipalities", "opening_hours", "price_lines", "contact"}
ALL_WITHHELD_OF_AN_OFFER = {
    "cvr", "p_number", "register_id", "register_department_ids", "municipality", "location", "address", "approval_authority",
    "approved_places", "contact", "text_da",
}  # fmt: skip


def test_every_field_of_the_contracts_was_decided_on() -> None:
    """A new field belongs into one of the lists: does it lead to the door?"""
    assert VacancyTerms.model_fields.keys() == sites.LEADS_NOWHERE | ALL_WITHHELD_OF_A_VACANCY
    assert OfferTerms.model_fields.keys() == offers.LEADS_NOWHERE | ALL_WITHHELD_OF_AN_OFFER


def test_of_a_protected_place_only_landsdel_and_phone_say_where_it_is() -> None:
    of = offer()
    published = vacancy(of, **DEPARTMENT).vacancy
    default = Vacancy.model_fields
    for name in ALL_WITHHELD_OF_A_VACANCY - {"contact", "price_lines"}:
        assert getattr(published, name) == default[name].default
    assert [line.label_da for line in published.price_lines] == [None]
    assert published.contact is not None
    assert published.contact.model_dump(exclude_none=True) == {"phone": "86 12 34 56"}
    assert (published.municipality, published.location, published.address, published.landsdel) == ("", None, None, "Vestjylland")
    assert published.room_for_children
    assert published.night_staff == "awake"

    told = of.offer
    for name in ALL_WITHHELD_OF_AN_OFFER - {"contact", "municipality"}:
        assert getattr(told, name) == Offer.model_fields[name].default
    assert told.contact is not None
    assert (told.municipality, told.contact.model_dump(exclude_none=True)) == ("", {"phone": "86 12 34 56"})


def test_no_word_of_a_protected_address_is_in_what_is_published() -> None:
    of = offer()
    for published in (of.offer, vacancy(of).vacancy, vacancy(of, address="Vestergade 14").vacancy):
        body = published.model_dump_json()
        assert SECRET_STREET.casefold() not in body.casefold()
        assert SECRET_TOWN.casefold() not in body.casefold()


@pytest.mark.parametrize(
    "title", ["Plads på Vestergade 12", "vestergade nr. 12", "Plads i Aarhus", "VESTERGD. 12", "8000 Aarhus"]
)
def test_a_title_that_betrays_a_protected_place_is_refused(title: str) -> None:
    assert refused(announced(offer(), title_da=title)) == [("title_da", "address_protected")]
    assert vacancy(offer(**WORKSHOP), title_da=title, sections=["SEL-103"]).vacancy.title_da == title


def test_an_offers_name_id_and_phone_hold_no_protected_address() -> None:
    draft = OfferDraft.model_validate(OFFER | {"name": "Huset i Vestergade 12", "contact": {"phone": "Vestergade 12"}})
    assert refused(offers.register("vestergade-12", draft, None)) == [
        ("name", "address_protected"),
        ("offer_id", "address_protected"),
        ("contact.phone", "address_protected"),
    ]
    assert offer(name="Aarhus Kvindehus").offer.name == "Aarhus Kvindehus"


def test_an_offers_id_is_no_cpr_number() -> None:
    assert refused(offers.register("010190-1234", OfferDraft.model_validate(OFFER), None)) == [("offer_id", "cpr_number")]


def test_a_title_that_was_in_order_is_neutral_once_the_address_is_protected() -> None:
    before = vacancy(offer(**WORKSHOP), sections=["SEL-103"], title_da="Plads på Vestergade 12")
    after = vacancies.follow_offer(before, offer(**WORKSHOP, address_protected=True))
    assert taken(after, VacancyState).vacancy.title_da == sites.NEUTRAL_TITLE


STREETS = st.sampled_from(["Skovvej", "Vestergade", "Nørre Allé", "Åboulevarden", "H.C. Ørsteds Vej", "Lærkevænget"])
CASES = st.sampled_from([str.upper, str.lower, str.title, str])


@given(STREETS, st.integers(1, 399), CASES, st.sampled_from(["title_da", "text_da", "label", "email", "web", "own"]))
def test_a_planted_address_is_refused_or_stays_in_intake_wherever_it_stands(
    street: str, number: int, case: Any, where: str
) -> None:
    planted = case(f"{street} {number}")
    changed: dict[str, Any] = {
        "title_da": {"title_da": f"Plads ved {planted}, ring"},
        "text_da": {"text_da": planted},
        "label": {"price_lines": [{"label_da": planted, "amount_dkk": 1, "unit": "month"}]},
        "email": {"contact": {"phone": "86 12 34 56", "email": f"post@{planted}"}},
        "web": {"contact": {"web": f"https://{planted}.example"}},
        "own": {"address": planted, "municipality": "0740"},
    }[where]
    of = offer(address=f"{street} {number}, 8000 Aarhus C", text_da=None)
    outcome = announced(of, **changed)
    if isinstance(outcome, Rejected):
        assert where == "title_da"
        return
    assert planted not in orjson.loads(taken(outcome, VacancyState).vacancy.model_dump_json()).values()
    assert planted not in taken(outcome, VacancyState).vacancy.model_dump_json()


@pytest.mark.parametrize(
    "changed",
    [
        {"cannot_take": [{"code": GROUP, "strength": "ask_first"}], "target_groups": []},
        {"cannot_take": [{"code": "1097d07f-1dba-4cc2-ae3a-399a501c2eb6", "strength": "absolute"}]},
        {"target_groups": []},
        {"price_lines": [{"kind": "supplement", "amount_dkk": 90, "unit": "opening_day"}]},
    ],
)
def test_what_a_place_cannot_take_and_what_it_costs_make_it_news(changed: dict[str, Any]) -> None:
    of = offer(**WORKSHOP)
    before = vacancy(of, sections=["SEL-103"])
    draft = VacancyDraft.model_validate(VACANCY | {"sections": ["SEL-103"]} | changed)
    assert taken(vacancies.restate(before, draft, of, SENT, MOMENT), VacancyState).vacancy.opening == 2


@pytest.mark.parametrize("changed", [{"staffed_levels": {}}, {"languages": []}, {"night_staff": None}, {"pets": True}])
def test_what_decides_for_nobody_does_not(changed: dict[str, Any]) -> None:
    of = offer(**WORKSHOP)
    before = vacancy(of, sections=["SEL-103"])
    draft = VacancyDraft.model_validate(VACANCY | {"sections": ["SEL-103"]} | changed)
    after = taken(vacancies.restate(before, draft, of, SENT, MOMENT), VacancyState).vacancy
    assert (after.version, after.opening) == (2, 1)
