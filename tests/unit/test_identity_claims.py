"""What a provider says of somebody, and what we make of it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity.claims import ClaimRules, Rule, load_claim_rules
from shared.identity.person import Role
from shared.settings import ServiceSettings

OURS = load_claim_rules(ServiceSettings.model_fields["identity_claims"].default)


def test_our_own_words_are_understood_without_configuration() -> None:
    person = OURS.person(
        {
            "sub": "a-1",
            "roles": ["caseworker", "team-lead"],
            "municipality": "0751",
            "team": "Voksen 1",
            "offers": ["havblik-1"],
            "cvr": 12345678,
            "p_number": ["1234567890"],
            "partner": "havblik",
            "locale": "en-GB",
            "name": "Anne  Prøve",
        }
    )
    assert person.roles == {Role.CASEWORKER, Role.TEAM_LEAD}
    assert (person.municipality, person.team, person.partner, person.language) == ("0751", "Voksen 1", "havblik", "en")
    assert (person.offers, person.cvr, person.p_numbers) == tuple(map(frozenset, (["havblik-1"], ["12345678"], ["1234567890"])))
    assert "Anne" not in repr(person)
    assert OURS.name_of({"name": "Anne  Prøve"}) == "Anne Prøve"


def test_another_providers_words_are_understood_by_configuration() -> None:
    rules = ClaimRules(
        roles=Rule(claim=("realm_access", "roles"), values={"Sagsbehandler": "caseworker"}),
        municipality=Rule(claim="https://stat.example/orgcvr", values={"55133018": "0751"}),
    )
    person = rules.person(
        {"sub": "b", "realm_access": {"roles": ["Sagsbehandler", "operator"]}, "https://stat.example/orgcvr": "55133018"}
    )
    assert person.roles == {Role.CASEWORKER}, "a word of ours that is not in the table is no word of the provider's"
    assert person.municipality == "0751"
    assert person.offers == frozenset()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"roles": "admin"},
        {"roles": {"caseworker": True}},
        {"roles": ["caseworkers", "Caseworker", "caseworker ", None, 3]},
        {"roles": True},
    ],
)
def test_what_is_no_role_gives_none(said: dict[str, Any]) -> None:
    assert OURS.person({"sub": "c", **said}).roles == frozenset()


@pytest.mark.parametrize("said", ["751", "07510", "٠٧٥١", "0751 ", ["0751", "0101"], {"code": "0751"}, True])
def test_a_municipality_that_is_not_one_is_none(said: object) -> None:
    assert OURS.person({"sub": "d", "roles": ["caseworker"], "municipality": said}).municipality is None


def test_a_name_is_only_for_the_page() -> None:
    assert OURS.name_of({}) == ""
    assert OURS.name_of({"name": ["x" * 500]}) == "x" * 120
    assert ClaimRules(roles=Rule(claim="roles")).name_of({"name": "Anne"}) == ""
