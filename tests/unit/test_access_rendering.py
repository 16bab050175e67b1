"""What is rendered for a cluster says the same as what is put into one."""

from pathlib import Path

import yaml

from deploy.principals import rendering
from deploy.principals.bindings import Binding, Declaration
from deploy.principals.declared import load_access
from shared.messaging.topics import TopicNames, load_topics

DECLARED = Declaration(load_access(), load_topics(Path(__file__).parents[2] / "deploy" / "topics.yaml"), TopicNames())
PATTERNS = {"prefix": "prefixed", "literal": "literal"}


def test_strimzis_users_have_exactly_the_declared_rights() -> None:
    wanted = DECLARED.bindings() | {DECLARED.partner_user("skov"): DECLARED.partner_bindings("skov")}
    users = list(yaml.safe_load_all(rendering.strimzi(wanted, cluster="ledigplads")))
    rendered = {
        user["metadata"]["name"]: {
            Binding(acl["resource"]["type"], acl["resource"]["name"], PATTERNS[acl["resource"]["patternType"]], operation.lower())  # type: ignore[arg-type] # as it is written
            for acl in user["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
        for user in users
    }
    assert rendered == wanted
    assert {user["spec"]["authentication"]["type"] for user in users} == {"scram-sha-512"}


def test_there_is_a_command_for_each_user_and_resource() -> None:
    wanted = {DECLARED.partner_user("skov"): DECLARED.partner_bindings("skov")}
    lines = rendering.commands(wanted).splitlines()[1:]
    assert len(lines) == len(wanted["partner-skov"])
    assert all("--allow-principal User:partner-skov " in line for line in lines)
    assert any("--group partner-skov. --resource-pattern-type prefixed --operation Read" in line for line in lines)
