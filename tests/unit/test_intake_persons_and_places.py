"""Persons and places typed where they have no business are noticed; ordinary Danish is not taken for them."""

import random
import string
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulate.sample import Sample, make_sample
from services.intake.domain.addresses import HiddenPlace, hidden_place, holds_street_address
from services.intake.domain.person_names import holds_person_name
from shared.contracts import reference

ADDRESSES = [
    "Vestergade 12, 3. tv", "vestergade 12", "VESTERGADE NR. 12", "Vestergade12", "bor på Nørre Allé 7B", "H.C. Andersens Boulevard 5",
    "Gammel Kongevej 10, 1610 København V", "8000 Aarhus C", "DK-5000 Odense", "8000 aarhus", "Ved Åen 12, 3. tv", "Lærkehaven 9",
    "Enghave Plads 3, st. th", "Skolestræde 4 A", "vestergade-12", "Rådhuspladsen 1", "2000 Frederiksberg", "ved Søtorvet 5.", "6700 Esbjerg",
]  # fmt: skip
PERSONS = [
    "Mette Hansen", "mette.hansen", "METTE HANSEN", "jens-peter", "Bo Lund", "Per Møller", "bo_lund", "aftalt med Birthe", "hr. Sørensen",
    "Fatima Ali", "sag-nielsen", "Kaj Vestergård", "borger Anne-Marie", "Hans Holm", "O. Trøjborgsen Aksglædesen",
]  # fmt: skip
ORDINARY = [
    "kommunens frist efter retssikkerhedsloven § 3", "Ankestyrelsens principmeddelelse 45-20", "frist pr. 1. maj 2027, jf. § 101",
    "team-0751-1", "Voksenteam Nord", "sb-0751-1", "case-7f3a", "Retten i Randers, 3 uger", "Myndighed Voksen, distrikt 4", "skt-hans-team",
    "lov nr. 1058 om social service", "Region Midtjylland, psykiatriens udskrivning", "Beskæftigelse og handicap 2", "kl. 12.30 hver dag",
    "Handleplan 2026 Revideret", "14 dage efter § 101", "Hovedansvar: døgnteamet, 2 plan", "Hans egen frist", "frist i uge 14, torsdag",
    "Team Vesterbro", "Udredning og plan 3", "aftale 2027 Kvartal 1",
]  # fmt: skip
TEXTS_OF_OFFERS = [
    "To pladser på pakkeholdet", "Plads på krisecenter, op til 2 børn", "Krisecenter for kvinder med 12 pladser", "Ring hele døgnet på 70 10 20 30",
    "Vejen ud af vold begynder her", "Haven er åben fra kl. 9", "Et skridt på vejen, 3 måneder ad gangen", "Værelse med eget bad, 14 m2",
    "Plads fra 2027", "Takst 2310 kr. pr. døgn", "Plads til mor med 3 børn", "Skærmet plads, niveau 4", "Vi er 12 voksne og 9 børn",
    "I parken ved siden af kan børnene lege", "Arbejdspladsen 3 dage om ugen", "Børnehave 2 gange om ugen", "Vågen nattevagt, 24 timer",
]  # fmt: skip


@pytest.mark.parametrize("text", ADDRESSES)
def test_a_street_with_a_number_and_a_postcode_with_a_town_are_seen(text: str) -> None:
    assert holds_street_address(text)
    assert holds_street_address(f"Frist aftalt, {text}, i dag")


@pytest.mark.parametrize("text", PERSONS)
def test_a_person_is_seen_however_the_name_is_written(text: str) -> None:
    assert holds_person_name(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_sources_teams_and_ids_are_no_person_and_no_address(text: str) -> None:
    assert not holds_person_name(text)
    assert not holds_street_address(text)


@given(st.uuids())
def test_an_opaque_id_is_nobody_and_nowhere(identity: UUID) -> None:
    for written in (str(identity), identity.hex, f"case-{identity.hex[:6]}"):
        assert not holds_person_name(written)
        assert not holds_street_address(written)


def test_random_ids_of_letters_and_digits_are_nobody_and_nowhere() -> None:
    chance = random.Random(4)
    ids = ["".join(chance.choices(string.ascii_letters + string.digits, k=22)) for _ in range(20_000)]
    assert not any(holds_person_name(identity) or holds_street_address(identity) for identity in ids)


HIDDEN = hidden_place(["Vestergade 12, 8000 Aarhus C"], ["0751"])
BETRAYING = [
    "Vestergade 12", "VESTERGADE 12", "vestergade 12, 2. sal", "Vester Gade 12", "Vestergade nr. 12", "Vestergd. 12", "Vestergarde 12",
    "vestergade-12", "Vesterg. 12", "på Vestergade", "Vestergades krisecenter", "8000 Aarhus C", "8000 Århus", "DK-8000 aarhus",
    "Krisecenter i Aarhus", "krisecenter i århus", "hus nær AARHUS", "Nygade 4", "bag huset i Aarhus' midtby",
]  # fmt: skip


@pytest.mark.parametrize("text", BETRAYING)
def test_a_protected_address_is_seen_in_any_spelling(text: str) -> None:
    assert HIDDEN.is_betrayed_by(text)
    assert HIDDEN.is_betrayed_by(f"Plads, {text}, ring")


@pytest.mark.parametrize("text", TEXTS_OF_OFFERS)
@pytest.mark.parametrize("hidden", [HIDDEN, hidden_place(["Parken 3"], ["0575", "0779", "0253"]), hidden_place([], [])])
def test_what_offers_write_betrays_nothing(text: str, hidden: HiddenPlace) -> None:
    assert not hidden.is_betrayed_by(text)


@pytest.mark.parametrize(
    ("address", "text", "betrayed"),
    [
        ("Parken 3", "I Parken 3 ligger huset", True),
        ("Parken 3", "Der er en park, og parken er stor", False),
        ("Gl. Kongevej 10", "Gammel Kongevej 10", True),
        ("Sdr. Allé 7", "Sønder Alle 7", True),
        ("Østergade 5", "OESTERGADE 5", True),
        ("Østergade 5", "Vi har 5 pladser", False),
        ("Slottet", "Vi bor på slottet i skoven", True),
        ("Å 3", "Vi har 3 pladser ved en å", False),
    ],
)
def test_a_street_that_is_a_word_counts_with_its_number(address: str, text: str, betrayed: bool) -> None:
    assert hidden_place([address], []).is_betrayed_by(text) is betrayed


STREETS = st.sampled_from(
    ["Skovvej", "Vestergade", "Nørre Allé", "Åboulevarden", "H.C. Ørsteds Vej", "Møllestien", "Lærkevænget"]
)


@given(
    STREETS,
    st.integers(1, 399),
    st.sampled_from([str.upper, str.lower, str.title, str]),
    st.sampled_from([" ", "  ", " nr. ", ""]),
)
def test_every_street_and_number_is_seen_in_every_case(street: str, number: int, case: object, between: str) -> None:
    assert callable(case)
    written = f"Plads ved {case(street)}{between}{number}, ring"
    assert hidden_place([f"{street} {number}, 5000 Odense C"], ["0461"]).is_betrayed_by(written)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(date(2026, 11, 25))


def test_nothing_of_the_sample_is_taken_for_a_person_or_a_place(sample: Sample) -> None:
    for need in sample.needs:
        for text in (need.team, need.caseworker, need.case, need.deadline.source if need.deadline else None):
            assert text is None or not (holds_person_name(text) or holds_street_address(text))


def test_the_names_and_titles_of_the_sample_betray_no_place_but_their_own(sample: Sample) -> None:
    for vacancy in sample.vacancies:
        offer = sample.offers[vacancy.offer_id]
        hidden = hidden_place([offer.address], [offer.municipality])
        for text in (offer.name, vacancy.title_da, vacancy.offer_id, *(line.label_da or "" for line in vacancy.price_lines)):
            assert not hidden.is_betrayed_by(text), (text, hidden)


def test_no_kind_of_help_and_no_group_is_taken_for_a_place() -> None:
    hidden = hidden_place(["Vestergade 12, 8000 Aarhus C"], reference.municipalities())
    labels = {concept.label_da for concept in reference.concepts().values()} | {
        kind.label_da for kind in reference.offer_types().values()
    }
    assert [label for label in sorted(labels) if hidden.is_betrayed_by(label) or holds_person_name(label)] == []


@pytest.mark.parametrize("text", ["Seng i Ikast-Brande", "Seng i Ikast", "Seng ved Brande", "Seng i Ikast-Brandes nordlige del"])
def test_a_municipality_with_a_double_name_is_named_by_either_half(text: str) -> None:
    assert hidden_place([], ["0756"]).is_betrayed_by(text)


def test_half_of_a_double_name_that_is_a_word_names_nothing() -> None:
    assert not hidden_place([], ["0169"]).is_betrayed_by("Værelse i høje huse")
