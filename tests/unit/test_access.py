"""deploy/access.yaml says of every topic who writes and who reads it, as deploy/topics.yaml does, and of nothing else."""

from pathlib import Path

import pytest

from deploy.principals.bindings import Binding, Declaration
from deploy.principals.declared import SERVICES, load_access, wrong_in
from shared.messaging.topics import TopicNames, Topics, load_topics

TOPICS_FILE = Path(__file__).parents[2] / "deploy" / "topics.yaml"


@pytest.fixture
def topics() -> Topics:
    return load_topics(TOPICS_FILE)


@pytest.fixture
def declared(topics: Topics) -> Declaration:
    return Declaration(load_access(), topics, TopicNames("p-"))


def test_the_rights_and_the_topics_agree(topics: Topics) -> None:
    assert wrong_in(load_access(), topics) == []


@pytest.mark.parametrize(
    ("principal", "change", "complaint"),
    [
        ("matching", {"writes": ("access-events",)}, "matches is written by ['matching'] in topics.yaml, and may be by []"),
        ("matching", {"reads": ("nowhere",)}, "matching has rights on nowhere, which is no topic of topics.yaml"),
        ("matching", {"groups": ("notifications",)}, "matching and notifications both have the group notifications"),
        ("notifications", {"groups": ()}, "vacancies is read by the group notifications, and no principal may do both"),
        ("intake", {"watches": ("nobody",)}, "intake watches nobody, which is nobody's group"),
    ],
)
def test_a_disagreement_is_named(topics: Topics, principal: str, change: dict[str, tuple[str, ...]], complaint: str) -> None:
    access = load_access()
    changed = access.principals | {principal: access.principals[principal].model_copy(update=change)}
    assert complaint in wrong_in(access.model_copy(update={"principals": changed}), topics)


def test_a_partner_that_may_read_what_is_not_for_partners_is_named(topics: Topics) -> None:
    access = load_access()
    greedy = access.partner.model_copy(update={"reads": (*access.partner.reads, "need-profiles")})
    assert wrong_in(access.model_copy(update={"partner": greedy}), topics) == [
        "need-profiles is not for partners to read in topics.yaml, and not so in access.yaml"
    ]


def test_a_partner_has_its_own_three_topics_the_public_ones_and_groups_that_nobody_else_can_have(declared: Declaration) -> None:
    assert declared.partner_user("skov") == "p-partner-skov"
    assert declared.partner_bindings("skov") == {
        Binding("topic", "p-submissions-skov", "literal", "write"),
        Binding("topic", "p-receipts-skov", "literal", "read"),
        Binding("topic", "p-deliveries-skov", "literal", "read"),
        Binding("topic", "p-offers", "literal", "read"),
        Binding("topic", "p-vacancies", "literal", "read"),
        Binding("topic", "p-market-signals", "literal", "read"),
        Binding("group", "p-partner-skov", "literal", "read"),
        Binding("group", "p-partner-skov.", "prefixed", "read"),
    }


def test_a_service_reaches_every_partners_topic_by_how_its_name_begins(declared: Declaration) -> None:
    bindings = declared.bindings()["p-intake"]
    assert Binding("topic", "p-submissions-", "prefixed", "read") in bindings
    assert Binding("topic", "p-submissions-", "prefixed", "write") not in bindings
    assert Binding("topic", "p-submissions-", "prefixed", "create") in bindings


def test_a_service_writes_the_dead_letters_of_its_own_readings_only(declared: Declaration) -> None:
    def dead_letters(service: str) -> set[str]:
        return {one.name for one in declared.bindings()[f"p-{service}"] if one.name.endswith("-dlq") and one.operation == "write"}

    assert dead_letters("intake") == {"p-submissions-intake-dlq", "p-access-events-intake-dlq"}
    assert {name.split("-")[-2] for name in dead_letters("matching")} == {"matching"}


def test_an_operator_reads_no_body_of_anybody(declared: Declaration) -> None:
    readable = {one.name for one in declared.bindings()["p-operator"] if one.operation == "read"}
    assert readable
    assert all(name.endswith("-dlq") for name in readable)
    assert not [one for one in declared.bindings()["p-operator"] if one.operation in {"write", "create", "delete"}]


def test_every_service_has_a_principal_of_its_own() -> None:
    assert set(SERVICES) < set(load_access().principals)
    assert load_access().superuser not in load_access().principals
