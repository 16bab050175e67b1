"""The declared users and ACLs in the words of those who run a cluster: Strimzi's resources, or Kafka's own command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deploy.principals.bindings import Binding


def strimzi(wanted: Mapping[str, frozenset[Binding]], *, cluster: str) -> str:
    """Render a KafkaUser for each user, whose password Strimzi makes and keeps as a secret of the same name.

    Args:
        wanted: what each user may do.
        cluster: name of the Kafka resource.
    """
    return "---\n".join(
        yaml.safe_dump(_kafka_user(user, bindings, cluster), sort_keys=False) for user, bindings in wanted.items()
    )


def commands(wanted: Mapping[str, frozenset[Binding]]) -> str:
    """Render calls of kafka-acls, one for each user and resource; users and passwords are made by kafka-configs."""
    lines = ["# kafka-acls of Kafka 3.9 or newer; $BOOTSTRAP and $ADMIN (a properties file) are yours"]
    for user, bindings in wanted.items():
        for (resource, name, pattern), operations in _by_resource(bindings):
            words = ["--allow-principal", f"User:{user}", f"--{resource}", name, "--resource-pattern-type", pattern]
            words += [word for operation in operations for word in ("--operation", operation.capitalize())]
            lines.append(f'kafka-acls --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" --add {shlex.join(words)}')
    return "\n".join(lines) + "\n"


def _kafka_user(user: str, bindings: frozenset[Binding], cluster: str) -> dict[str, Any]:
    acls = [
        {
            "resource": {"type": resource, "name": name, "patternType": "prefix" if pattern == "prefixed" else pattern},
            "operations": [operation.capitalize() for operation in operations],
        }
        for (resource, name, pattern), operations in _by_resource(bindings)
    ]
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": user, "labels": {"strimzi.io/cluster": cluster}},
        "spec": {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}},
    }


def _by_resource(bindings: Iterable[Binding]) -> list[tuple[tuple[str, str, str], list[str]]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(bindings):
        found.setdefault((one.resource, one.name, one.pattern), []).append(one.operation)
    return sorted(found.items())
